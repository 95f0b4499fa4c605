/* The predictor: limits, memory, staleness, threads, and what a run must leave alone.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fenv.h>
#include <pthread.h>
#include <string.h>

#include "base/float_mode.h"
#include "dlcore/predictor.h"
#include "support/denormals.h"
#include "support/failing_allocator.h"
#include "support/predictor_models.h"
#include "support/random_numbers.h"
#include "support/sanitizers.h"
#include "support/size_text.h"
#include "support/tensors.h"

enum { ROWS_MAX = 40, THREADS = 200 };

/* ---- memory ---- */

/* What to build: everything by the scenario's allocator. */
typedef struct scene {
    dlcore_engine_t engine;
    size_t width;
    const dlcore_predictor_precision_t *precision;
} scene_t;

static dlcore_status build_with(const dlcore_allocator_t *allocator, const scene_t *scene,
                                dlcore_model_t **model)
{
    dlcore_model_options_t options = dlcore_model_options_default();
    dlcore_status status;

    options.engine = scene->engine;
    options.allocator = *allocator;
    status = dlcore_model_create(&options, model);
    if (status == DLCORE_OK)
        status = dlcore_model_add(*model, dlcore_layer_dense(scene->width, DLCORE_ACTIVATION_RELU));
    if (status == DLCORE_OK)
        status = dlcore_model_add(*model, dlcore_layer_dense(40, DLCORE_ACTIVATION_LINEAR));
    if (status == DLCORE_OK)
        status = dlcore_model_build(*model, scene->width);
    return status;
}

static dlcore_status make_and_run(const dlcore_allocator_t *allocator, void *context)
{
    const failing_allocator_t *memory = allocator->user;
    const scene_t *scene = context;
    dlcore_model_t *model = NULL;
    dlcore_predictor_options_t options = dlcore_predictor_options_default();
    dlcore_error_record_t error = {0};
    dlcore_predictor_t *predictor = NULL;
    float y[4 * 40];
    dlcore_status status = build_with(allocator, context, &model);

    options.batch_size = 4;
    options.precision = scene->precision;
    options.error = &error;
    if (status == DLCORE_OK) {
        status = dlcore_predictor_create(model, &options, &predictor);
        assert_int_equal(error.status, status);
        if (status != DLCORE_OK)
            assert_non_null(strstr(error.message, "no memory for"));
    }
    if (status == DLCORE_OK) {
        size_t calls = memory->calls;
        for (size_t rows = 0; rows <= 4; rows++)
            assert_int_equal(dlcore_predictor_run(predictor, inputs, rows, y), DLCORE_OK);
        assert_int_equal(dlcore_predictor_run_uint8(predictor, pixels, 4, y), DLCORE_OK);
        assert_int_equal(dlcore_predictor_refresh(predictor), DLCORE_OK);
        assert_int_equal(memory->calls, calls); /* none in a run */
    } else {
        assert_null(predictor);
    }
    dlcore_predictor_free(predictor);
    dlcore_model_free(model);
    return status;
}

static void test_predictor_out_of_memory_fails_cleanly_and_runs_allocate_nothing(void **state)
{
    (void)state;
    draw_inputs(2);
    for (size_t i = 0; i < 4 * PREDICTOR_PRECISIONS; i++) {
        scene_t scene = {.engine = predictor_engines[i % 2],
                         .width = i / 2 % 2 == 0 ? 20 : 100,
                         .precision = predictor_precision(i / 4)};
        assert_true(failing_allocator_sweep(make_and_run, &scene) > 4);
    }
}

/* ---- limits ---- */

static void test_predictor_of_bad_arguments_names_the_numbers(void **state)
{
    dlcore_model_t *model = empty_model(DLCORE_ENGINE_AUTO, NULL);
    dlcore_predictor_options_t options = dlcore_predictor_options_default();
    dlcore_error_record_t error = {0};
    dlcore_predictor_t *predictor = (dlcore_predictor_t *)&options;

    (void)state;
    options.error = &error;
    dlcore_model_add(model, dlcore_layer_dense(3, DLCORE_ACTIVATION_RELU));
    assert_failed(dlcore_predictor_create(model, &options, &predictor), DLCORE_ERROR_STATE, &error,
                  "the model with 1 layers has no weights yet");
    assert_null(predictor);
    assert_int_equal(dlcore_model_build(model, 5), DLCORE_OK);
    assert_failed(dlcore_predictor_create(NULL, &options, &predictor), DLCORE_ERROR_ARGUMENT,
                  &error, "model is NULL");
    assert_failed(dlcore_predictor_create(model, &options, NULL), DLCORE_ERROR_ARGUMENT, &error,
                  "NULL");
    options.batch_size = 0;
    assert_failed(dlcore_predictor_create(model, &options, &predictor), DLCORE_ERROR_ARGUMENT,
                  &error, "batch_size is 0");
    dlcore_model_free(model);
    model = dense_model(DLCORE_ENGINE_AUTO, 100, 0, DLCORE_ACTIVATION_LINEAR, 100,
                        DLCORE_ACTIVATION_RELU);
    options.batch_size = SIZE_MAX / 64;
    assert_failed(dlcore_predictor_create(model, &options, &predictor), DLCORE_ERROR_OVERFLOW,
                  &error, BY_SIZE("288230376151711743", "67108863") " rows");
    assert_null(predictor);
    for (size_t i = 1; i < PREDICTOR_PRECISIONS; i++) { /* their rows, then all beside them */
        options.precision = predictor_precision(i);
        options.batch_size = SIZE_MAX / 8;
        assert_failed(dlcore_predictor_create(model, &options, &predictor), DLCORE_ERROR_OVERFLOW,
                      &error, "is too large for the network");
        options.batch_size =
            SIZE_MAX / (i == 1 ? 4 * 32 : 4 * 64); /* words of rows, a multiple of 16 */
        assert_failed(dlcore_predictor_create(model, &options, &predictor), DLCORE_ERROR_OVERFLOW,
                      &error, "is too large for the network");
    }
    assert_null(predictor);
    dlcore_model_free(model);
    dlcore_predictor_free(NULL);
}

static void test_predictor_run_outside_its_limits_fails_and_writes_nothing(void **state)
{
    static const size_t widths[] = {20, 100};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        dlcore_model_t *model = dense_model(DLCORE_ENGINE_AUTO, widths[i], 0,
                                            DLCORE_ACTIVATION_LINEAR, 4, DLCORE_ACTIVATION_RELU);
        dlcore_predictor_t *predictor = NULL;
        float y[16] = {42.0f};

        assert_int_equal(dlcore_predictor_create(model, NULL, &predictor), DLCORE_OK);
        assert_int_equal(dlcore_predictor_input_width(predictor), widths[i]);
        assert_int_equal(dlcore_predictor_output_width(predictor), 4);
        assert_int_equal(dlcore_predictor_batch_size(predictor), 1);
        assert_int_equal(dlcore_predictor_run(NULL, inputs, 1, y), DLCORE_ERROR_ARGUMENT);
        assert_string_equal(dlcore_predictor_error(predictor), "");
        assert_int_equal(dlcore_predictor_run(predictor, NULL, 1, y), DLCORE_ERROR_ARGUMENT);
        assert_string_equal(dlcore_predictor_error(predictor), "predictor: x is NULL");
        assert_int_equal(dlcore_predictor_run(predictor, inputs, 1, NULL), DLCORE_ERROR_ARGUMENT);
        assert_int_equal(dlcore_predictor_run_uint8(predictor, NULL, 1, y), DLCORE_ERROR_ARGUMENT);
        assert_int_equal(dlcore_predictor_run(predictor, inputs, 2, y), DLCORE_ERROR_SHAPE);
        assert_string_equal(dlcore_predictor_error(predictor),
                            "predictor: 2 rows are more than its batch_size, 1");
        assert_int_equal(dlcore_predictor_run(predictor, inputs, 0, y), DLCORE_OK);
        assert_int_equal(dlcore_predictor_run_uint8(predictor, pixels, 0, y), DLCORE_OK);
        assert_true(y[0] == 42.0f);
        dlcore_predictor_free(predictor);
        dlcore_model_free(model);
    }
    assert_int_equal(dlcore_predictor_input_width(NULL), 0);
    assert_int_equal(dlcore_predictor_output_width(NULL), 0);
    assert_int_equal(dlcore_predictor_batch_size(NULL), 0);
}

/* ---- staleness ---- */

enum { SET_WEIGHT, SET_WEIGHTS, TRAIN, FIT, CHANGES, GRADIENTS = CHANGES, LOOK };

static dlcore_model_t *changed; /* trained, while the callback below runs */

static dlcore_callback_action_t make_one(void *user, const dlcore_training_event_t *event)
{
    if (event->batch == 0)
        *(dlcore_predictor_t **)user = predictor_of(changed, 1);
    return DLCORE_CALLBACK_CONTINUE;
}

static void change(dlcore_model_t *model, int how)
{
    static float values[100 * 4 + 4];
    dlcore_tensor_t *x = tensor_of_floats(SHAPE(8, 100), inputs);
    dlcore_tensor_t *y = tensor_of_floats(SHAPE(8, 4), inputs);
    dlcore_fit_options_t options = dlcore_fit_options_default();
    dlcore_status status = DLCORE_OK;

    if (how == SET_WEIGHT)
        status = dlcore_model_set_weight(model, 1, values, 4);
    else if (how == SET_WEIGHTS)
        status = dlcore_model_set_weights(model, values, 404);
    else if (how == TRAIN)
        status = dlcore_model_train_on_batch(model, x, y, NULL);
    else if (how == FIT)
        status = dlcore_model_fit(model, x, y, &options, NULL);
    else if (how == GRADIENTS)
        status = dlcore_model_gradients(model, x, y, values, 404, NULL);
    else
        status = dlcore_model_get_weights(model, values, 404);
    assert_int_equal(status, DLCORE_OK);
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
}

static dlcore_model_t *compiled_model(dlcore_engine_t engine)
{
    dlcore_optimizer_t sgd = dlcore_optimizer_sgd();
    dlcore_model_t *model =
        dense_model(engine, 100, 0, DLCORE_ACTIVATION_LINEAR, 4, DLCORE_ACTIVATION_LINEAR);
    assert_int_equal(
        dlcore_model_compile(model, &sgd, DLCORE_LOSS_MEAN_SQUARED_ERROR, DLCORE_METRIC_NONE),
        DLCORE_OK);
    return model;
}

static void test_predictor_after_weights_changed_is_an_error(void **state)
{
    (void)state;
    for (int how = SET_WEIGHT; how <= LOOK; how++) {
        dlcore_model_t *model = compiled_model(predictor_engines[how % 2]);
        dlcore_predictor_t *before = predictor_of(model, 1), *after;
        dlcore_status expected = how < CHANGES ? DLCORE_ERROR_STATE : DLCORE_OK;
        float y[4];

        change(model, how);
        after = predictor_of(model, 1);
        assert_int_equal(dlcore_predictor_run(before, inputs, 1, y), expected);
        assert_int_equal(dlcore_predictor_run_uint8(before, pixels, 1, y), expected);
        assert_int_equal(dlcore_predictor_run(after, inputs, 1, y), DLCORE_OK);
        dlcore_predictor_free(before);
        dlcore_predictor_free(after);
        dlcore_model_free(model);
    }
}

static void test_predictor_made_between_batches_is_stale_after_the_next(void **state)
{
    dlcore_model_t *model = compiled_model(DLCORE_ENGINE_BLAS);
    dlcore_predictor_t *predictor = NULL;
    dlcore_callback_t callback = {.user = &predictor};
    dlcore_fit_options_t options = dlcore_fit_options_default();
    dlcore_tensor_t *x = tensor_of_floats(SHAPE(8, 100), inputs);
    dlcore_tensor_t *y = tensor_of_floats(SHAPE(8, 4), inputs);
    float outputs[4];

    (void)state;
    changed = model;
    callback.on_batch_end = make_one;
    options.callbacks = &callback;
    options.callback_count = 1;
    options.batch_size = 4;
    assert_int_equal(dlcore_model_fit(model, x, y, &options, NULL), DLCORE_OK);
    assert_int_equal(dlcore_predictor_run(predictor, inputs, 1, outputs), DLCORE_ERROR_STATE);
    assert_string_equal(dlcore_predictor_error(predictor),
                        "predictor: the model's weights have changed since it was made; call "
                        "predictor_refresh");
    dlcore_predictor_free(predictor);
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
    dlcore_model_free(model);
}

/* ---- threads and the floating-point environment ---- */

typedef struct reader {
    const dlcore_model_t *model;
    float y[ROWS_MAX * 4];
    dlcore_status status;
} reader_t;

static void *read_model(void *argument)
{
    reader_t *reader = argument;
    dlcore_predictor_t *predictor = NULL;

    reader->status = dlcore_predictor_create(reader->model, NULL, &predictor);
    for (size_t row = 0; row < ROWS_MAX && reader->status == DLCORE_OK; row++)
        reader->status =
            dlcore_predictor_run(predictor, inputs + row * 100, 1, reader->y + row * 4);
    dlcore_predictor_free(predictor);
    return NULL;
}

static void test_predictor_in_many_threads_gives_equal_results(void **state)
{
    static reader_t readers[THREADS];
    pthread_t threads[THREADS];
    dlcore_model_t *model = dense_model(DLCORE_ENGINE_AUTO, 100, 60, DLCORE_ACTIVATION_TANH, 4,
                                        DLCORE_ACTIVATION_SOFTMAX);

    (void)state;
    draw_inputs(2);
    for (size_t i = 0; i < THREADS; i++) {
        readers[i].model = model;
        assert_int_equal(pthread_create(&threads[i], NULL, read_model, &readers[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(readers[i].status, DLCORE_OK);
        assert_memory_equal(readers[i].y, readers[0].y, sizeof readers[0].y);
    }
    dlcore_model_free(model);
}

static void test_predictor_run_leaves_the_float_environment_alone(void **state)
{
    static const size_t widths[] = {20, 100};

    (void)state;
    random_seed(17);
    draw_inputs(1);
    for (size_t i = 0; i < 4 * PREDICTOR_PRECISIONS; i++) {
        dlcore_model_t *model = dense_model(predictor_engines[i % 2], widths[i / 2 % 2], 40,
                                            DLCORE_ACTIVATION_SIGMOID, 4, DLCORE_ACTIVATION_TANH);
        dlcore_predictor_t *predictor = precise_predictor_of(model, 3, predictor_precision(i / 4));
        float y[12], usual[12];
        dlcore_float_mode_t before, after;

        assert_int_equal(dlcore_predictor_run(predictor, inputs, 3, usual), DLCORE_OK);
        feclearexcept(FE_ALL_EXCEPT);
        fesetround(FE_UPWARD);
        before = dlcore_float_mode_get();
        assert_int_equal(dlcore_predictor_refresh(predictor), DLCORE_OK);
        assert_int_equal(dlcore_predictor_run(predictor, inputs, 3, y), DLCORE_OK);
        after = dlcore_float_mode_get();
        fesetround(FE_TONEAREST);
        assert_true(after == before);
        assert_int_equal(fetestexcept(FE_ALL_EXCEPT), 0);
        assert_memory_equal(y, usual, sizeof y);
        dlcore_predictor_free(predictor);
        dlcore_model_free(model);
    }
}

/* One number through 1e-30 * x, with and without another layer's worth of width. */
static float tiny_product(bool flush, size_t width, float x)
{
    dlcore_model_options_t options = dlcore_model_options_default();
    dlcore_model_t *model = NULL;
    dlcore_predictor_t *predictor;
    static float kernel[200], samples[200];
    float y = 42.0f;

    options.flush_denormals = flush;
    assert_int_equal(dlcore_model_create(&options, &model), DLCORE_OK);
    dlcore_model_add(model, dlcore_layer_dense(1, DLCORE_ACTIVATION_LINEAR));
    assert_int_equal(dlcore_model_build(model, width), DLCORE_OK);
    kernel[0] = 1e-30f;
    samples[0] = x;
    assert_int_equal(dlcore_model_set_weight(model, 0, kernel, width), DLCORE_OK);
    predictor = predictor_of(model, 1);
    assert_int_equal(dlcore_predictor_run(predictor, samples, 1, &y), DLCORE_OK);
    dlcore_predictor_free(predictor);
    dlcore_model_free(model);
    return y;
}

/* Whether flush_denormals does something here. */
static bool can_flush(void)
{
#if defined(__SSE2__)
    return !process_flushes_denormals();
#else
    return false;
#endif
}

static void test_predictor_flushes_denormals_as_the_model_does(void **state)
{
    static const size_t widths[] = {2, 200};

    (void)state;
    if (!can_flush() || VALGRIND)
        skip();
    for (size_t i = 0; i < 2; i++) {
        assert_true(tiny_product(true, widths[i], 1e-10f) == 0.0f);
        assert_true(tiny_product(false, widths[i], 1e-10f) > 0.0f);
        assert_true(tiny_product(true, widths[i], 1e-40f) == 0.0f);
        assert_true(tiny_product(true, widths[i], 1e-6f) == 1e-30f * 1e-6f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_predictor_out_of_memory_fails_cleanly_and_runs_allocate_nothing),
        cmocka_unit_test(test_predictor_of_bad_arguments_names_the_numbers),
        cmocka_unit_test(test_predictor_run_outside_its_limits_fails_and_writes_nothing),
        cmocka_unit_test(test_predictor_after_weights_changed_is_an_error),
        cmocka_unit_test(test_predictor_made_between_batches_is_stale_after_the_next),
        cmocka_unit_test(test_predictor_in_many_threads_gives_equal_results),
        cmocka_unit_test(test_predictor_run_leaves_the_float_environment_alone),
        cmocka_unit_test(test_predictor_flushes_denormals_as_the_model_does),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
