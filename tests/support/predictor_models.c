/* Models with random weights, predictors of them, and samples.
 *
 * SPDX-License-Identifier: MIT */
#include "support/predictor_models.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "support/random_numbers.h"

const dlcore_engine_t predictor_engines[2] = {DLCORE_ENGINE_AUTO, DLCORE_ENGINE_BLAS};

float inputs[PREDICTOR_FLOATS];
uint8_t pixels[PREDICTOR_FLOATS];

static float uniform(void)
{
    return (float)random_below(1u << 20) / (float)(1u << 19) - 1.0f;
}

void draw_weights(dlcore_model_t *model)
{
    dlcore_weight_t weight;

    for (size_t i = 0; dlcore_model_weight(model, i, &weight); i++) {
        float *values = malloc(weight.size * sizeof *values);
        float gain = weight.rank == 2 ? sqrtf(3.0f / (float)weight.shape[0]) : 0.3f;
        assert_non_null(values);
        for (size_t k = 0; k < weight.size; k++)
            values[k] = gain * uniform();
        assert_int_equal(dlcore_model_set_weight(model, i, values, weight.size), DLCORE_OK);
        free(values);
    }
}

dlcore_model_t *empty_model(dlcore_engine_t engine, const dlcore_allocator_t *allocator)
{
    dlcore_model_options_t options = dlcore_model_options_default();
    dlcore_model_t *model = NULL;

    options.engine = engine;
    options.threads = 1;
    if (allocator != NULL)
        options.allocator = *allocator;
    assert_int_equal(dlcore_model_create(&options, &model), DLCORE_OK);
    return model;
}

dlcore_model_t *dense_model(dlcore_engine_t engine, size_t width, size_t hidden,
                            dlcore_activation_t middle, size_t units, dlcore_activation_t last)
{
    dlcore_model_t *model = empty_model(engine, NULL);

    if (hidden > 0) {
        dlcore_model_add(model, dlcore_layer_dense(hidden, DLCORE_ACTIVATION_RELU));
        dlcore_model_add(model, dlcore_layer_dense(hidden, middle));
    }
    dlcore_model_add(model, dlcore_layer_dense(units, last));
    assert_int_equal(dlcore_model_build(model, width), DLCORE_OK);
    draw_weights(model);
    return model;
}

const dlcore_predictor_precision_t *predictor_precision(size_t i)
{
    return i == 0 ? NULL : i == 1 ? dlcore_predictor_int8() : dlcore_predictor_bfloat16();
}

dlcore_predictor_t *predictor_of(const dlcore_model_t *model, size_t batch_size)
{
    return precise_predictor_of(model, batch_size, NULL);
}

dlcore_predictor_t *precise_predictor_of(const dlcore_model_t *model, size_t batch_size,
                                         const dlcore_predictor_precision_t *precision)
{
    dlcore_predictor_options_t options = dlcore_predictor_options_default();
    dlcore_error_record_t error = {0};
    dlcore_predictor_t *predictor = NULL;

    options.batch_size = batch_size;
    options.precision = precision;
    options.error = &error;
    if (dlcore_predictor_create(model, &options, &predictor) != DLCORE_OK)
        fail_msg("%s", error.message);
    return predictor;
}

void draw_inputs(size_t keep)
{
    for (size_t i = 0; i < PREDICTOR_FLOATS; i++) {
        bool zero = keep == 0 || random_below(keep) != 0;
        inputs[i] = zero ? 0.0f : uniform();
        pixels[i] = zero ? 0 : (uint8_t)random_below(256);
    }
}
