/* Making classifiers and their data.
 *
 * SPDX-License-Identifier: MIT */
#include "support/classifier.h"

#include <stdlib.h>
#include <string.h>

#include "support/tensors.h"

const dlcore_engine_t engines[ENGINES] = {DLCORE_ENGINE_BLAS, DLCORE_ENGINE_NATIVE};

static samples_t samples_of(dlcore_dtype_t dtype, size_t rows, size_t inputs)
{
    samples_t samples = {NULL, NULL};

    if (dlcore_tensor_create(NULL, dtype, SHAPE(rows, inputs), &samples.x, NULL) != DLCORE_OK ||
        dlcore_tensor_create(NULL, DLCORE_DTYPE_INT32, SHAPE(rows), &samples.y, NULL) !=
            DLCORE_OK) {
        samples_free(samples);
        return (samples_t){NULL, NULL};
    }
    return samples;
}

/* Row i is of class i % classes and brighter where its columns are of that class, too. Answers the
 * element's brightness, 0 .. 255. */
static unsigned brightness(uint32_t *noise, size_t row, size_t column, size_t classes)
{
    *noise = *noise * 1664525u + 1013904223u;
    return (*noise >> 25) + (column % classes == row % classes ? 128u : 0u);
}

static void label(samples_t samples, size_t rows, size_t classes)
{
    int32_t *y = dlcore_tensor_data(samples.y);

    for (size_t i = 0; i < rows; i++)
        y[i] = (int32_t)(i % classes);
}

samples_t samples_of_floats(size_t rows, size_t inputs, size_t classes)
{
    samples_t samples = samples_of(DLCORE_DTYPE_FLOAT32, rows, inputs);
    uint32_t noise = 1;
    float *x;

    if (samples.x == NULL)
        return samples;
    x = dlcore_tensor_data(samples.x);
    for (size_t i = 0; i < rows * inputs; i++)
        x[i] = (float)brightness(&noise, i / inputs, i % inputs, classes) / 128.0f - 0.5f;
    label(samples, rows, classes);
    return samples;
}

samples_t samples_of_pixels(size_t rows, size_t inputs, size_t classes)
{
    samples_t samples = samples_of(DLCORE_DTYPE_UINT8, rows, inputs);
    uint32_t noise = 1;
    uint8_t *x;

    if (samples.x == NULL)
        return samples;
    x = dlcore_tensor_data(samples.x);
    for (size_t i = 0; i < rows * inputs; i++)
        x[i] = (uint8_t)brightness(&noise, i / inputs, i % inputs, classes);
    label(samples, rows, classes);
    return samples;
}

void samples_blank_margins(samples_t samples, size_t columns)
{
    size_t rows = dlcore_tensor_length(samples.x, 0), inputs = dlcore_tensor_length(samples.x, 1);
    float *x = dlcore_tensor_data(samples.x);

    for (size_t i = 0; i < rows * inputs; i++)
        if (i % inputs < columns || i % inputs >= inputs - columns)
            x[i] = 0.0f;
}

void samples_free(samples_t samples)
{
    dlcore_tensor_free(samples.x);
    dlcore_tensor_free(samples.y);
}

dlcore_model_t *classifier(const dlcore_model_options_t *options, const size_t *widths,
                           dlcore_optimizer_t optimizer)
{
    dlcore_model_t *model = NULL;
    dlcore_status status = dlcore_model_create(options, &model);

    for (size_t i = 1; widths[i] != 0 && status == DLCORE_OK; i++)
        status = dlcore_model_add(
            model, dlcore_layer_dense(widths[i], widths[i + 1] != 0 ? DLCORE_ACTIVATION_RELU
                                                                    : DLCORE_ACTIVATION_SOFTMAX));
    if (status == DLCORE_OK)
        status = dlcore_model_build(model, widths[0]);
    if (status == DLCORE_OK)
        status = dlcore_model_compile(
            model, &optimizer, DLCORE_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY, DLCORE_METRIC_ACCURACY);
    if (status == DLCORE_OK)
        return model;
    dlcore_model_free(model);
    return NULL;
}

dlcore_model_options_t engine_options(dlcore_engine_t engine, size_t threads)
{
    dlcore_model_options_t options = dlcore_model_options_default();

    options.engine = engine;
    options.threads = threads;
    return options;
}

dlcore_fit_options_t batches_of(size_t batch_size)
{
    dlcore_fit_options_t options = dlcore_fit_options_default();

    options.batch_size = batch_size;
    return options;
}

dlcore_tensor_t *predictions(const dlcore_model_t *model, samples_t samples)
{
    size_t rows = dlcore_tensor_length(samples.x, 0);
    dlcore_tensor_t *y = NULL;

    if (dlcore_tensor_create(NULL, DLCORE_DTYPE_FLOAT32,
                             SHAPE(rows, dlcore_model_output_width(model)), &y,
                             NULL) == DLCORE_OK &&
        dlcore_model_predict(model, samples.x, y) == DLCORE_OK)
        return y;
    dlcore_tensor_free(y);
    return NULL;
}

bool predicts(const dlcore_model_t *model, samples_t samples, const dlcore_tensor_t *expected)
{
    dlcore_tensor_t *y = predictions(model, samples);
    bool good = y != NULL && dlcore_tensor_equal(y, expected, 0.0);

    dlcore_tensor_free(y);
    return good;
}

bool engine_is_here(dlcore_engine_t engine)
{
    dlcore_model_options_t options = engine_options(engine, 1);
    dlcore_model_t *model = NULL;
    bool here = dlcore_model_create(&options, &model) == DLCORE_OK;

    dlcore_model_free(model);
    return here;
}

const char *engine_name(dlcore_engine_t engine)
{
    return engine == DLCORE_ENGINE_BLAS ? "BLAS" : "native";
}

void with_every_engine(void (*check)(dlcore_engine_t engine))
{
    for (size_t i = 0; i < ENGINES; i++) {
        if (engine_is_here(engines[i]))
            check(engines[i]);
    }
}

float *weights_of(const dlcore_model_t *model)
{
    size_t count = dlcore_model_parameter_count(model);
    float *weights = malloc(count * sizeof *weights);

    if (weights != NULL && dlcore_model_get_weights(model, weights, count) == DLCORE_OK)
        return weights;
    free(weights);
    return NULL;
}

bool same_weights(const dlcore_model_t *a, const dlcore_model_t *b)
{
    size_t count = dlcore_model_parameter_count(a);
    float *of_a = weights_of(a), *of_b = weights_of(b);
    bool same = of_a != NULL && of_b != NULL && count == dlcore_model_parameter_count(b) &&
                memcmp(of_a, of_b, count * sizeof *of_a) == 0;

    free(of_a);
    free(of_b);
    return same;
}
