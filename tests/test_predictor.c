/* The predictor: agreement with predict, limits, staleness, and what a run must leave alone.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fenv.h>
#include <float.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/float_mode.h"
#include "dlcore/predictor.h"
#include "support/failing_allocator.h"
#include "support/random_network.h"
#include "support/tensors.h"

enum { ROWS_MAX = 40, WIDTH_MAX = 1200, THREADS = 200 };

static const dlcore_engine_t engines[] = {DLCORE_ENGINE_AUTO, DLCORE_ENGINE_BLAS};
static const dlcore_activation_t activations[] = {
    DLCORE_ACTIVATION_LINEAR, DLCORE_ACTIVATION_RELU, DLCORE_ACTIVATION_SOFTMAX,
    DLCORE_ACTIVATION_SIGMOID, DLCORE_ACTIVATION_TANH};

/* ---- models and samples ---- */

static float uniform(void)
{
    return (float)random_below(1u << 20) / (float)(1u << 19) - 1.0f;
}

/* Weights of about unit gain, and biases, too. */
static void draw_weights(dlcore_model_t *model)
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

static dlcore_model_t *empty_model(dlcore_engine_t engine, const dlcore_allocator_t *allocator)
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

/* inputs - hidden relu - hidden `middle` - units `last`; no hidden layer for a width of 0. */
static dlcore_model_t *dense_model(dlcore_engine_t engine, size_t inputs, size_t hidden,
                                   dlcore_activation_t middle, size_t units,
                                   dlcore_activation_t last)
{
    dlcore_model_t *model = empty_model(engine, NULL);

    if (hidden > 0) {
        dlcore_model_add(model, dlcore_layer_dense(hidden, DLCORE_ACTIVATION_RELU));
        dlcore_model_add(model, dlcore_layer_dense(hidden, middle));
    }
    dlcore_model_add(model, dlcore_layer_dense(units, last));
    assert_int_equal(dlcore_model_build(model, inputs), DLCORE_OK);
    draw_weights(model);
    return model;
}

static size_t random_width(size_t most)
{
    static const size_t notable[] = {1, 7, 8, 15, 16, 17, 31, 32, 33, 48, 63, 64, 65, 96, 130};
    size_t width = random_below(2) ? notable[random_below(sizeof notable / sizeof *notable)]
                                   : 1 + random_below(40);
    return width < most ? width : most;
}

/* Any layers that there are, at widths up to `most`; for bytes, they are rescaled first. */
static dlcore_model_t *random_model(dlcore_engine_t engine, size_t most, bool bytes)
{
    dlcore_model_t *model = empty_model(engine, NULL);
    size_t layers = 1 + random_below(5);

    if (random_below(3) == 0)
        dlcore_model_add(model, dlcore_layer_flatten());
    if (bytes)
        dlcore_model_add(model, dlcore_layer_rescaling(1 / 255.0, random_below(2) ? -0.5 : 0.0));
    for (size_t i = 0; i < layers; i++) {
        dlcore_activation_t activation = activations[random_below(5)];
        dlcore_layer_t dense = dlcore_layer_dense(random_width(most), activation);
        size_t kind = random_below(10);
        dense.use_bias = random_below(4) != 0;
        if (kind == 0)
            dlcore_model_add(model, dlcore_layer_rescaling(1.5, 0.25));
        else if (kind < 3)
            dlcore_model_add(model, dlcore_layer_activation(activation));
        else if (kind == 3)
            dlcore_model_add(model, dlcore_layer_flatten());
        else
            dlcore_model_add(model, dense);
    }
    assert_int_equal(dlcore_model_build(model, random_width(most)), DLCORE_OK);
    draw_weights(model);
    return model;
}

static dlcore_predictor_t *predictor_of(const dlcore_model_t *model, size_t batch_size)
{
    dlcore_predictor_options_t options = dlcore_predictor_options_default();
    dlcore_error_record_t error = {0};
    dlcore_predictor_t *predictor = NULL;

    options.batch_size = batch_size;
    options.error = &error;
    if (dlcore_predictor_create(model, &options, &predictor) != DLCORE_OK)
        fail_msg("%s", error.message);
    return predictor;
}

/* ---- agreement ---- */

/* NaN where NaN is, the same infinities, and else within rounding of the largest there is, or
 * of what cancelled to give it. */
static void assert_rows_close(const float *y, const float *expected, size_t rows, size_t width)
{
    float largest = 0.1f;

    for (size_t i = 0; i < rows * width; i++) {
        if (isfinite(expected[i]))
            largest = fmaxf(largest, fabsf(expected[i]));
    }
    for (size_t i = 0; i < rows * width; i++) {
        if ((isnan(y[i]) && isnan(expected[i])) || y[i] == expected[i])
            continue;
        if (!(fabsf(y[i] - expected[i]) <= 1e-6f * (largest + fabsf(expected[i]))))
            fail_msg("row %zu of %zu, column %zu of %zu: %.9g, predict says %.9g", i / width, rows,
                     i % width, width, (double)y[i], (double)expected[i]);
    }
}

/* All rows of x (float, or uint8 where `bytes`) in batches of 1 .. 17, and all at once. */
static void assert_agrees(const dlcore_model_t *model, const void *x, bool bytes, size_t rows)
{
    size_t n = dlcore_model_input_width(model), units = dlcore_model_output_width(model);
    dlcore_predictor_t *predictor = predictor_of(model, rows);
    float *y = malloc(rows * units * sizeof *y), *expected = malloc(rows * units * sizeof *y);
    dlcore_tensor_t *samples =
        bytes ? tensor_of_bytes(SHAPE(rows, n), x) : tensor_of_floats(SHAPE(rows, n), x);
    dlcore_tensor_t *outputs = strided_floats(rows, units, expected, units);

    assert_int_equal(dlcore_model_predict(model, samples, outputs), DLCORE_OK);
    for (size_t batch = 1; batch <= 18; batch++) {
        size_t step = batch < 18 && batch < rows ? batch : rows, count;
        for (size_t i = 0; i < rows * units; i++)
            y[i] = 1e30f;
        for (size_t row = 0; row < rows; row += count) {
            count = step < rows - row ? step : rows - row;
            if (bytes)
                assert_int_equal(dlcore_predictor_run_uint8(predictor, (const uint8_t *)x + row * n,
                                                            count, y + row * units),
                                 DLCORE_OK);
            else
                assert_int_equal(dlcore_predictor_run(predictor, (const float *)x + row * n, count,
                                                      y + row * units),
                                 DLCORE_OK);
        }
        assert_rows_close(y, expected, rows, units);
    }
    dlcore_tensor_free(samples);
    dlcore_tensor_free(outputs);
    dlcore_predictor_free(predictor);
    free(y);
    free(expected);
}

static float inputs[ROWS_MAX * WIDTH_MAX];
static uint8_t pixels[ROWS_MAX * WIDTH_MAX];

/* One input in `keep` is not zero; keep 0: none is. */
static void draw_inputs(size_t keep)
{
    for (size_t i = 0; i < ROWS_MAX * WIDTH_MAX; i++) {
        bool zero = keep == 0 || random_below(keep) != 0;
        inputs[i] = zero ? 0.0f : uniform();
        pixels[i] = zero ? 0 : (uint8_t)random_below(256);
    }
}

static void test_predictor_of_random_networks_agrees_with_predict(void **state)
{
    static const size_t keeps[] = {1, 5, 0};

    (void)state;
    random_seed(11);
    for (size_t i = 0; i < 120; i++) {
        bool bytes = i % 5 < 2;
        dlcore_model_t *model = random_model(engines[i % 2], i % 3 == 0 ? 130 : 64, bytes);
        draw_inputs(keeps[i % 3]);
        assert_agrees(model, inputs, false, ROWS_MAX);
        if (bytes)
            assert_agrees(model, pixels, true, ROWS_MAX);
        dlcore_model_free(model);
    }
}

static void test_predictor_of_wide_layers_agrees_with_predict(void **state)
{
    (void)state;
    random_seed(12);
    for (size_t i = 0; i < 4; i++) {
        dlcore_model_t *model =
            dense_model(engines[i % 2], i < 2 ? 784 : WIDTH_MAX, i < 2 ? 512 : 200,
                        DLCORE_ACTIVATION_SIGMOID, 37, DLCORE_ACTIVATION_SOFTMAX);
        for (size_t keep = 0; keep < 6; keep++) {
            draw_inputs(keep);
            assert_agrees(model, inputs, false, ROWS_MAX);
        }
        dlcore_model_free(model);
    }
}

static void test_predictor_of_weights_not_finite_gives_what_predict_gives(void **state)
{
    static const float odd[] = {NAN, INFINITY, -INFINITY};

    (void)state;
    random_seed(13);
    for (size_t i = 0; i < 24; i++) {
        dlcore_model_t *model = dense_model(engines[i % 2], i % 4 < 2 ? 40 : 100, 24,
                                            activations[i % 5], 9, activations[i / 5 % 5]);
        float kernel[24 * 24];
        draw_inputs(i % 3);
        assert_int_equal(dlcore_model_get_weight(model, 2, kernel, 24 * 24), DLCORE_OK);
        kernel[random_below(24 * 24)] = odd[i % 3];
        assert_int_equal(dlcore_model_set_weight(model, 2, kernel, 24 * 24), DLCORE_OK);
        assert_agrees(model, inputs, false, ROWS_MAX);
        dlcore_model_free(model);
    }
}

static void test_predictor_of_inputs_not_finite_gives_what_predict_gives(void **state)
{
    (void)state;
    random_seed(14);
    for (size_t i = 0; i < 24; i++) {
        dlcore_model_t *model = dense_model(engines[i % 2], i % 4 < 2 ? 20 : 100, 24,
                                            activations[i % 5], 9, activations[i / 5 % 5]);
        size_t n = dlcore_model_input_width(model);
        draw_inputs(1 + i % 3);
        for (size_t row = 0; row < ROWS_MAX; row += 3)
            inputs[row * n + row % n] = row % 2 ? NAN : row % 4 ? INFINITY : -INFINITY;
        inputs[n + 2] = FLT_MAX;
        assert_agrees(model, inputs, false, ROWS_MAX);
        dlcore_model_free(model);
    }
}

/* ---- memory ---- */

/* `bytes` bytes that end where the process may not read on; `wall` is the way back. */
static void *before_a_wall(size_t bytes, char **wall)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t size = (bytes + page - 1) / page * page;
    char *memory = aligned_alloc(page, size + page);

    assert_non_null(memory);
    memset(memory, 0, size);
    *wall = memory + size;
    assert_int_equal(mprotect(*wall, page, PROT_NONE), 0);
    return *wall - bytes;
}

static void free_before_wall(void *bytes, char *wall)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);

    assert_int_equal(mprotect(wall, page, PROT_READ | PROT_WRITE), 0);
    free((char *)bytes - (uintptr_t)bytes % page);
}

static void test_predictor_run_reads_and_writes_only_its_arrays(void **state)
{
    static const size_t widths[][3] = {{1, 8, 1},    {3, 5, 2},    {17, 33, 19},
                                       {63, 40, 49}, {70, 20, 18}, {101, 130, 67}};

    (void)state;
    random_seed(15);
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
        size_t n = widths[i][0], units = widths[i][2], rows = 3;
        dlcore_model_t *model = dense_model(engines[i % 2], n, widths[i][1], DLCORE_ACTIVATION_TANH,
                                            units, DLCORE_ACTIVATION_LINEAR);
        dlcore_predictor_t *predictor = predictor_of(model, rows);
        char *walls[3];
        float *x = before_a_wall(rows * n * sizeof *x, &walls[0]);
        float *y = before_a_wall(rows * units * sizeof *y, &walls[1]);
        uint8_t *u = before_a_wall(rows * n, &walls[2]);

        for (size_t count = 1; count <= rows; count++) {
            size_t first = rows - count;
            float *to = y + first * units;
            assert_int_equal(dlcore_predictor_run(predictor, x + first * n, count, to), DLCORE_OK);
            assert_int_equal(dlcore_predictor_run_uint8(predictor, u + first * n, count, to),
                             DLCORE_OK);
        }
        free_before_wall(x, walls[0]);
        free_before_wall(y, walls[1]);
        free_before_wall(u, walls[2]);
        dlcore_predictor_free(predictor);
        dlcore_model_free(model);
    }
}

static void test_predictor_of_unaligned_rows_gives_the_same_bits(void **state)
{
    static const size_t widths[] = {20, 100};
    static float x[8 * 100 + 20], y[8 * 30 + 20], expected[8 * 30];

    (void)state;
    random_seed(16);
    draw_inputs(2);
    for (size_t i = 0; i < 2; i++) {
        size_t n = widths[i];
        dlcore_model_t *model = dense_model(DLCORE_ENGINE_AUTO, n, 50, DLCORE_ACTIVATION_TANH, 30,
                                            DLCORE_ACTIVATION_SOFTMAX);
        dlcore_predictor_t *predictor = predictor_of(model, 8);
        assert_int_equal(dlcore_predictor_run(predictor, inputs, 8, expected), DLCORE_OK);
        for (size_t shift = 1; shift < 18; shift++) {
            memcpy(x + shift, inputs, 8 * n * sizeof *x);
            assert_int_equal(dlcore_predictor_run(predictor, x + shift, 8, y + 18 - shift),
                             DLCORE_OK);
            assert_memory_equal(y + 18 - shift, expected, sizeof expected);
        }
        dlcore_predictor_free(predictor);
        dlcore_model_free(model);
    }
}

/* What to build: everything by the scenario's allocator. */
typedef struct scene {
    dlcore_engine_t engine;
    size_t width;
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
    dlcore_model_t *model = NULL;
    dlcore_predictor_options_t options = dlcore_predictor_options_default();
    dlcore_error_record_t error = {0};
    dlcore_predictor_t *predictor = NULL;
    float y[4 * 40];
    dlcore_status status = build_with(allocator, context, &model);

    options.batch_size = 4;
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
    for (size_t i = 0; i < 4; i++) {
        scene_t scene = {.engine = engines[i % 2], .width = i < 2 ? 20 : 100};
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
                  &error, "288230376151711743 rows");
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
        assert_int_equal(dlcore_predictor_run(predictor, NULL, 1, y), DLCORE_ERROR_ARGUMENT);
        assert_int_equal(dlcore_predictor_run(predictor, inputs, 1, NULL), DLCORE_ERROR_ARGUMENT);
        assert_int_equal(dlcore_predictor_run_uint8(predictor, NULL, 1, y), DLCORE_ERROR_ARGUMENT);
        assert_int_equal(dlcore_predictor_run(predictor, inputs, 2, y), DLCORE_ERROR_SHAPE);
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

static dlcore_model_t *changed; /* by the callback below, while it is trained */

static dlcore_callback_action_t make_one(void *user, const dlcore_training_event_t *event)
{
    (void)event;
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
        dlcore_model_t *model = compiled_model(engines[how % 2]);
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
    callback.on_epoch_end = make_one;
    options.callbacks = &callback;
    options.callback_count = 1;
    options.epochs = 1;
    assert_int_equal(dlcore_model_fit(model, x, y, &options, NULL), DLCORE_OK);
    assert_int_equal(dlcore_predictor_run(predictor, inputs, 1, outputs), DLCORE_OK);
    options.callbacks = NULL;
    options.callback_count = 0;
    assert_int_equal(dlcore_model_fit(model, x, y, &options, NULL), DLCORE_OK);
    assert_int_equal(dlcore_predictor_run(predictor, inputs, 1, outputs), DLCORE_ERROR_STATE);
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
    for (size_t i = 0; i < 4; i++) {
        dlcore_model_t *model = dense_model(engines[i % 2], widths[i / 2], 40,
                                            DLCORE_ACTIVATION_SIGMOID, 4, DLCORE_ACTIVATION_TANH);
        dlcore_predictor_t *predictor = predictor_of(model, 3);
        float y[12], usual[12];
        dlcore_float_mode_t before, after;

        assert_int_equal(dlcore_predictor_run(predictor, inputs, 3, usual), DLCORE_OK);
        feclearexcept(FE_ALL_EXCEPT);
        fesetround(FE_UPWARD);
        before = dlcore_float_mode_get();
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

static void test_predictor_flushes_denormals_as_the_model_does(void **state)
{
    static const size_t widths[] = {2, 200};

    (void)state;
#if defined(__SSE2__)
    for (size_t i = 0; i < 2; i++) {
        assert_true(tiny_product(true, widths[i], 1e-10f) == 0.0f);
        assert_true(tiny_product(false, widths[i], 1e-10f) > 0.0f);
        assert_true(tiny_product(true, widths[i], 1e-40f) == 0.0f);
        assert_true(tiny_product(true, widths[i], 1e-6f) == 1e-30f * 1e-6f);
    }
#else
    (void)widths;
    skip();
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_predictor_of_random_networks_agrees_with_predict),
        cmocka_unit_test(test_predictor_of_wide_layers_agrees_with_predict),
        cmocka_unit_test(test_predictor_of_weights_not_finite_gives_what_predict_gives),
        cmocka_unit_test(test_predictor_of_inputs_not_finite_gives_what_predict_gives),
        cmocka_unit_test(test_predictor_run_reads_and_writes_only_its_arrays),
        cmocka_unit_test(test_predictor_of_unaligned_rows_gives_the_same_bits),
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
