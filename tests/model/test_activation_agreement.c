/* Networks of every activation: the predictor against predict, the engines against each other, any
 * number of threads with the same bits, at the small widths that have paths of their own and at
 * larger ones.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dlcore/predictor.h"
#include "kernels/kernels.h"
#include "support/agreement.h"
#include "support/classifier.h"
#include "support/predictor_models.h"
#include "support/random_numbers.h"
#include "support/tensors.h"

enum { ROWS = 40, OUTPUTS = 3 };

static const size_t widths[] = {3, 12, 37, 64, 130};
#define WIDTHS (sizeof widths / sizeof *widths)

static dlcore_layer_t with_parameters(dlcore_layer_t layer, bool defaults)
{
    if (!defaults) {
        layer.negative_slope = 0.3;
        layer.alpha = 0.7;
    }
    return layer;
}

/* dense in one layer - dense in two - dense linear, of samples as wide. */
static dlcore_model_t *model_of(dlcore_engine_t engine, size_t threads,
                                dlcore_activation_t activation, size_t width)
{
    dlcore_model_options_t options = engine_options(engine, threads);
    dlcore_compile_options_t settings = dlcore_compile_options_default();
    dlcore_model_t *model = NULL;
    bool defaults = width % 2 == 0;

    settings.optimizer = dlcore_optimizer_sgd();
    if (activation == DLCORE_ACTIVATION_EXPONENTIAL || activation == DLCORE_ACTIVATION_LOG_SOFTMAX)
        settings.optimizer.learning_rate = 1e-5; /* large outputs, or slopes: steps would magnify
                                                    what is rounded */
    settings.loss = dlcore_loss_mean_squared_error();
    assert_int_equal(dlcore_model_create(&options, &model), DLCORE_OK);
    dlcore_model_add(model, with_parameters(dlcore_layer_dense(width, activation), defaults));
    dlcore_model_add(model, dlcore_layer_dense(width, DLCORE_ACTIVATION_LINEAR));
    dlcore_model_add(model, with_parameters(dlcore_layer_activation(activation), defaults));
    dlcore_model_add(model, dlcore_layer_dense(OUTPUTS, DLCORE_ACTIVATION_LINEAR));
    assert_int_equal(dlcore_model_build(model, width), DLCORE_OK);
    random_seed(5);
    draw_weights(model);
    assert_int_equal(dlcore_model_compile_with(model, &settings), DLCORE_OK);
    return model;
}

static void predict(const dlcore_model_t *model, size_t width, float *y)
{
    dlcore_tensor_t *x = tensor_of_floats(SHAPE(ROWS, width), inputs);
    dlcore_tensor_t *to = strided_floats(ROWS, OUTPUTS, y, OUTPUTS);

    assert_int_equal(dlcore_model_predict(model, x, to), DLCORE_OK);
    dlcore_tensor_free(x);
    dlcore_tensor_free(to);
}

static void assert_predictor_agrees(const dlcore_model_t *model, size_t width,
                                    const float *expected, const char *name)
{
    static const size_t batches[] = {1, 3, ROWS};
    dlcore_predictor_t *predictor = predictor_of(model, ROWS);

    for (size_t b = 0; b < 3; b++) {
        float y[ROWS * OUTPUTS];
        for (size_t row = 0; row < ROWS; row += batches[b]) {
            size_t rows = row + batches[b] <= ROWS ? batches[b] : ROWS - row;
            assert_int_equal(
                dlcore_predictor_run(predictor, inputs + row * width, rows, y + row * OUTPUTS),
                DLCORE_OK);
        }
        if (!(agreement_norm(y, expected, ROWS * OUTPUTS) < 1e-6))
            fail_msg("%s at width %zu, batch %zu: off by %g", name, width, batches[b],
                     agreement_norm(y, expected, ROWS * OUTPUTS));
    }
    dlcore_predictor_free(predictor);
}

static void test_activation_agreement_of_predictor_predict_and_engines(void **state)
{
    (void)state;
    random_seed(3);
    draw_inputs(1);
    for (int kind = 1; kind < DLCORE_ACTIVATION_COUNT; kind++) {
        const char *name = dlcore_activation_name((dlcore_activation_t)kind);

        for (size_t w = 0; w < WIDTHS; w++) {
            float y[2][ROWS * OUTPUTS];
            for (size_t e = 0; e < 2; e++) {
                dlcore_model_t *model =
                    model_of(predictor_engines[e], 1, (dlcore_activation_t)kind, widths[w]);
                predict(model, widths[w], y[e]);
                assert_predictor_agrees(model, widths[w], y[e], name);
                dlcore_model_free(model);
            }
            assert_true(agreement_norm(y[0], y[1], ROWS * OUTPUTS) < 1e-6);
        }
    }
}

/* Weights after two epochs of 3 steps, the last one of 8 rows. */
static float *weights_after_training(dlcore_engine_t engine, size_t threads,
                                     dlcore_activation_t activation, size_t width)
{
    dlcore_model_t *model = model_of(engine, threads, activation, width);
    dlcore_tensor_t *x = tensor_of_floats(SHAPE(ROWS, width), inputs);
    dlcore_tensor_t *y = tensor_of_floats(SHAPE(ROWS, OUTPUTS), inputs + 7);
    dlcore_fit_options_t options = batches_of(16);
    float *weights;

    options.epochs = 2;
    assert_int_equal(dlcore_model_fit(model, x, y, &options, NULL), DLCORE_OK);
    weights = weights_of(model);
    assert_non_null(weights);
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
    dlcore_model_free(model);
    return weights;
}

static void test_activation_agreement_of_training_between_engines_and_threads(void **state)
{
    (void)state;
    random_seed(3);
    draw_inputs(1);
    for (int kind = 1; kind < DLCORE_ACTIVATION_COUNT; kind++) {
        dlcore_activation_t activation = (dlcore_activation_t)kind;

        for (size_t w = 0; w < WIDTHS; w++) {
            size_t width = widths[w], count = 2 * width * (width + 1) + OUTPUTS * (width + 1);
            float *first = NULL;
            for (size_t e = 0; e < ENGINES; e++) {
                float *one, *three;
                if (!engine_is_here(engines[e]))
                    continue;
                one = weights_after_training(engines[e], 1, activation, width);
                three = weights_after_training(engines[e], 3, activation, width);
                assert_memory_equal(one, three, count * sizeof *one);
                free(three);
                if (first != NULL && !(agreement_norm(one, first, count) < 1e-5))
                    fail_msg("%s at width %zu: engines differ by %g",
                             dlcore_activation_name(activation), width,
                             agreement_norm(one, first, count));
                if (first == NULL)
                    first = one;
                else
                    free(one);
            }
            free(first);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_activation_agreement_of_predictor_predict_and_engines),
        cmocka_unit_test(test_activation_agreement_of_training_between_engines_and_threads),
    };
    return cmocka_run_group_tests_name("activation_agreement", tests, NULL, NULL);
}
