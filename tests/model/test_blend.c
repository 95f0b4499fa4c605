/* Blending models of the same shape, and beginning anew.
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

#include "dlcore.h"
#include "support/classifier.h"
#include "support/failing_allocator.h"
#include "support/models.h"
#include "support/tensors.h"

enum { ROWS = 30, INPUTS = 5, UNITS = 3 };

static model_t *model_of(engine_t engine, uint64_t seed, size_t hidden)
{
    model_options_t options = engine_options(engine, 1);
    optimizer_t adam = optimizer_adam();
    model_t *model = NULL;

    options.seed = seed;
    assert_int_equal(model_create(&options, &model), DLCORE_OK);
    assert_accepted(model, model_add(model, layer_normalization()));
    assert_accepted(model, model_add(model, layer_dense(hidden, ACTIVATION_RELU)));
    assert_accepted(model, model_add(model, layer_batch_normalization()));
    assert_accepted(model, model_add(model, layer_dropout(0.3)));
    assert_accepted(model, model_add(model, layer_dense(UNITS, ACTIVATION_SOFTMAX)));
    assert_accepted(model,
                    model_compile(model, &adam, LOSS_SPARSE_CATEGORICAL_CROSSENTROPY, METRIC_NONE));
    assert_accepted(model, model_build(model, INPUTS));
    return model;
}

static void check_blend(engine_t engine)
{
    model_t *model = model_of(engine, 1, 40), *other = model_of(engine, 2, 40);
    samples_t samples = samples_of_floats(ROWS, INPUTS, UNITS);
    float *before, *theirs, *after;

    assert_accepted(other, model_fit(other, samples.x, samples.y, NULL, NULL));
    before = weights_of(model);
    theirs = weights_of(other);
    assert_true(model_same_shape(model, other, NULL));
    assert_accepted(model, model_blend(model, other, 0.25));
    after = weights_of(model);
    for (size_t i = 0; i < model_parameter_count(model); i++)
        assert_true(fabsf(after[i] - (0.75f * before[i] + 0.25f * theirs[i])) <= 1e-6f);
    assert_accepted(model, model_blend(model, other, 1.0));
    assert_true(same_weights(model, other));
    assert_accepted(model, model_blend(model, other, 0.0));
    assert_true(same_weights(model, other));
    free(before);
    free(theirs);
    free(after);
    model_free(model);
    model_free(other);
    samples_free(samples);
}

static void test_blend_mixes_all_weights(void **state)
{
    (void)state;
    with_every_engine(check_blend);
}

static void test_blend_of_other_shapes_is_refused(void **state)
{
    model_t *model = model_of(DLCORE_ENGINE_AUTO, 1, 40),
            *wide = model_of(DLCORE_ENGINE_AUTO, 1, 41);
    model_t *empty = NULL;
    error_record_t error;

    (void)state;
    assert_false(model_same_shape(model, wide, &error));
    assert_int_equal(error.status, DLCORE_ERROR_SHAPE);
    assert_string_equal(error.message,
                        "same_shape: weight 2 is dense/kernel (5, 40) and dense/kernel (5, 41)");
    assert_int_equal(model_blend(model, wide, 0.5), DLCORE_ERROR_SHAPE);
    assert_int_equal(model_blend(model, NULL, 0.5), DLCORE_ERROR_ARGUMENT);
    assert_int_equal(model_blend(model, model, 1.5), DLCORE_ERROR_ARGUMENT);
    assert_string_equal(model_error(model), "blend: share must lie in 0 .. 1, got 1.5");
    assert_int_equal(model_blend(model, model, NAN), DLCORE_ERROR_ARGUMENT);
    assert_int_equal(model_create(NULL, &empty), DLCORE_OK);
    assert_false(model_same_shape(model, empty, &error));
    assert_int_equal(error.status, DLCORE_ERROR_STATE);
    model_free(model);
    model_free(wide);
    model_free(empty);
}

static void check_reset(engine_t engine)
{
    samples_t samples = samples_of_floats(ROWS, INPUTS, UNITS);
    model_t *model = model_of(engine, 1, 20), *fresh = model_of(engine, 77, 20);
    fit_options_t how = batches_of(8);

    assert_accepted(model, model_adapt(model, 0, samples.x));
    assert_accepted(fresh, model_adapt(fresh, 0, samples.x));
    assert_accepted(model, model_fit(model, samples.x, samples.y, &how, NULL));
    assert_false(same_weights(model, fresh));
    assert_accepted(model, model_reset(model, 77));
    assert_true(same_weights(model, fresh));
    assert_accepted(model, model_fit(model, samples.x, samples.y, &how, NULL));
    assert_accepted(fresh, model_fit(fresh, samples.x, samples.y, &how, NULL));
    assert_true(same_weights(model, fresh)); /* shuffling, dropout and Adam, too */
    model_free(model);
    model_free(fresh);
    samples_free(samples);
}

static void test_reset_is_a_new_model_of_that_seed(void **state)
{
    model_t *empty = NULL;

    (void)state;
    with_every_engine(check_reset);
    assert_int_equal(model_create(NULL, &empty), DLCORE_OK);
    assert_int_equal(model_reset(empty, 1), DLCORE_ERROR_STATE);
    assert_string_equal(model_error(empty),
                        "reset: the model has no weights; call model_build first");
    model_free(empty);
}

/* Which predictors run as a chain where it is narrow. */
static model_t *dense_model(engine_t engine, size_t hidden)
{
    const size_t widths[] = {INPUTS, hidden, UNITS, 0};
    model_options_t options = engine_options(engine, 1);
    model_t *model = classifier(&options, widths, optimizer_adam());

    assert_non_null(model);
    return model;
}

/* After training, refresh makes a predictor the same as a new one. */
static void check_refresh(engine_t engine)
{
    static const size_t hidden[] = {8, 90, 8, 40, 90};
    samples_t samples = samples_of_floats(ROWS, INPUTS, UNITS);
    const float *x = tensor_data_const(samples.x);

    for (size_t i = 0; i < 5; i++) {
        for (size_t batch = 1; batch <= ROWS; batch += ROWS - 1) {
            model_t *model =
                i < 2 ? model_of(engine, 3, hidden[i]) : dense_model(engine, hidden[i]);
            predictor_options_t how = predictor_options_default();
            predictor_t *kept = NULL, *made = NULL;
            float y[ROWS * UNITS], expected[ROWS * UNITS];

            how.batch_size = batch;
            assert_int_equal(predictor_create(model, &how, &kept), DLCORE_OK);
            assert_accepted(model, model_fit(model, samples.x, samples.y, NULL, NULL));
            assert_int_equal(predictor_run(kept, x, batch, y), DLCORE_ERROR_STATE);
            assert_non_null(strstr(predictor_error(kept), "call predictor_refresh"));
            assert_int_equal(predictor_refresh(kept), DLCORE_OK);
            assert_int_equal(predictor_create(model, &how, &made), DLCORE_OK);
            assert_int_equal(predictor_run(kept, x, batch, y), DLCORE_OK);
            assert_int_equal(predictor_run(made, x, batch, expected), DLCORE_OK);
            assert_memory_equal(y, expected, batch * UNITS * sizeof *y);
            predictor_free(kept);
            predictor_free(made);
            model_free(model);
        }
    }
    assert_int_equal(predictor_refresh(NULL), DLCORE_ERROR_ARGUMENT);
    samples_free(samples);
}

/* So that the thread that predicts may refresh. */
static void test_predictor_refresh_allocates_nothing(void **state)
{
    const predictor_precision_t *const precisions[] = {NULL, predictor_bfloat16(),
                                                       predictor_int8()};
    samples_t samples = samples_of_floats(ROWS, INPUTS, UNITS);
    const size_t widths[] = {INPUTS, 40, UNITS, 0};

    (void)state;
    for (size_t i = 0; i < sizeof precisions / sizeof precisions[0]; i++) {
        model_options_t options = engine_options(ENGINE_AUTO, 1);
        predictor_options_t how = predictor_options_default();
        predictor_t *predictor = NULL;
        failing_allocator_t memory;
        float y[UNITS];
        model_t *model;
        size_t calls;

        failing_allocator_init(&memory);
        options.allocator = failing_allocator(&memory);
        how.precision = precisions[i];
        model = classifier(&options, widths, optimizer_adam());
        assert_non_null(model);
        assert_int_equal(predictor_create(model, &how, &predictor), DLCORE_OK);
        assert_accepted(model, model_fit(model, samples.x, samples.y, NULL, NULL));
        calls = memory.calls;
        assert_int_equal(predictor_refresh(predictor), DLCORE_OK);
        assert_int_equal(predictor_run(predictor, tensor_data_const(samples.x), 1, y), DLCORE_OK);
        assert_int_equal(memory.calls, calls);
        predictor_free(predictor);
        model_free(model);
        failing_allocator_assert_clean(&memory);
    }
    samples_free(samples);
}

static void test_predictor_refresh_follows_the_model(void **state)
{
    (void)state;
    with_every_engine(check_refresh);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blend_mixes_all_weights),
        cmocka_unit_test(test_blend_of_other_shapes_is_refused),
        cmocka_unit_test(test_reset_is_a_new_model_of_that_seed),
        cmocka_unit_test(test_predictor_refresh_follows_the_model),
        cmocka_unit_test(test_predictor_refresh_allocates_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
