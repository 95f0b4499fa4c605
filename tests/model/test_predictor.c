/* The predictor: agreement with predict, whatever the network, the batch and the place of arrays.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dlcore/predictor.h"
#include "support/aligned.h"
#include "support/posix.h"
#include "support/predictor_models.h"
#include "support/random_numbers.h"
#include "support/tensors.h"

enum { ROWS_MAX = 40, WIDTH_MAX = 1200 };

static const dlcore_activation_t activations[] = {
    DLCORE_ACTIVATION_LINEAR, DLCORE_ACTIVATION_RELU, DLCORE_ACTIVATION_SOFTMAX,
    DLCORE_ACTIVATION_SIGMOID, DLCORE_ACTIVATION_TANH};

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

static void test_predictor_of_random_networks_agrees_with_predict(void **state)
{
    static const size_t keeps[] = {1, 5, 0};

    (void)state;
    random_seed(11);
    for (size_t i = 0; i < 120; i++) {
        bool bytes = i % 5 < 2;
        dlcore_model_t *model =
            random_model(predictor_engines[i % 2], i % 3 == 0 ? 130 : 64, bytes);
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
            dense_model(predictor_engines[i % 2], i < 2 ? 784 : WIDTH_MAX, i < 2 ? 512 : 200,
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
        dlcore_model_t *model = dense_model(predictor_engines[i % 2], i % 4 < 2 ? 40 : 100, 24,
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
        dlcore_model_t *model = dense_model(predictor_engines[i % 2], i % 4 < 2 ? 20 : 100, 24,
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

/* ---- arrays ---- */

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
    for (size_t k = 0; k < PREDICTOR_PRECISIONS * sizeof widths / sizeof *widths; k++) {
        size_t i = k / PREDICTOR_PRECISIONS;
        size_t n = widths[i][0], units = widths[i][2], rows = 3;
        dlcore_model_t *model =
            dense_model(predictor_engines[i % 2], n, widths[i][1], DLCORE_ACTIVATION_TANH, units,
                        DLCORE_ACTIVATION_LINEAR);
        dlcore_predictor_t *predictor =
            precise_predictor_of(model, rows, predictor_precision(k % PREDICTOR_PRECISIONS));
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
    for (size_t i = 0; i < 2 * PREDICTOR_PRECISIONS; i++) {
        size_t n = widths[i % 2];
        dlcore_model_t *model = dense_model(DLCORE_ENGINE_AUTO, n, 50, DLCORE_ACTIVATION_TANH, 30,
                                            DLCORE_ACTIVATION_SOFTMAX);
        dlcore_predictor_t *predictor = precise_predictor_of(model, 8, predictor_precision(i / 2));
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_predictor_of_random_networks_agrees_with_predict),
        cmocka_unit_test(test_predictor_of_wide_layers_agrees_with_predict),
        cmocka_unit_test(test_predictor_of_weights_not_finite_gives_what_predict_gives),
        cmocka_unit_test(test_predictor_of_inputs_not_finite_gives_what_predict_gives),
        cmocka_unit_test(test_predictor_run_reads_and_writes_only_its_arrays),
        cmocka_unit_test(test_predictor_of_unaligned_rows_gives_the_same_bits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
