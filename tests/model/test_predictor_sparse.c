/* Predictors of sparse rows: agreement with the same numbers as floats, and rows that are refused.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dlcore/predictor.h"
#include "support/failing_allocator.h"
#include "support/predictor_models.h"
#include "support/random_numbers.h"
#include "support/sparse_data.h"

enum { ROWS = 20 };

/* Rows first .. first+count-1 of the sparse rows, from any place. */
static dlcore_sparse_t rows_of(const sparse_data_t *data, size_t first, size_t count)
{
    dlcore_sparse_t part = *dlcore_sparse_of(data->sparse);

    part.starts += first;
    part.rows = count;
    return part;
}

static void assert_agrees(const dlcore_model_t *model, size_t batch, double share)
{
    size_t inputs_of = dlcore_model_input_width(model), units = dlcore_model_output_width(model);
    sparse_data_t data = sparse_data(ROWS, inputs_of, share, true, 1);
    dlcore_predictor_t *predictor = predictor_of(model, batch);
    const float *x = dlcore_tensor_data_const(data.dense);
    float *y = malloc(ROWS * units * sizeof *y), *expected = malloc(ROWS * units * sizeof *y);

    assert_true(y != NULL && expected != NULL);
    for (size_t first = 0, count; first < ROWS; first += count) {
        dlcore_sparse_t part;

        count = ROWS - first < batch ? ROWS - first : batch;
        part = rows_of(&data, first, count);
        if (dlcore_predictor_run_sparse(predictor, &part, y + first * units) != DLCORE_OK)
            fail_msg("%s", dlcore_predictor_error(predictor));
        assert_int_equal(
            dlcore_predictor_run(predictor, x + first * inputs_of, count, expected + first * units),
            DLCORE_OK);
    }
    for (size_t i = 0; i < ROWS * units; i++) {
        if (!(fabsf(y[i] - expected[i]) <= 1e-5f * fmaxf(1.0f, fabsf(expected[i]))))
            fail_msg("%zu inputs, %zu units, batch %zu: output %zu is %.9g, not %.9g", inputs_of,
                     units, batch, i, (double)y[i], (double)expected[i]);
    }
    free(y);
    free(expected);
    dlcore_predictor_free(predictor);
    sparse_data_free(&data);
}

/* Chains, lists, the engine's products; layers before the dense one, which take dense rows. */
static void test_predictor_run_sparse_agrees_with_dense_rows(void **state)
{
    static const size_t widths[] = {1, 5, 16, 40, 64, 65, 200, 1000};
    static const size_t batches[] = {1, 3, 4, 20};
    static const dlcore_activation_t activations[] = {
        DLCORE_ACTIVATION_RELU, DLCORE_ACTIVATION_SOFTMAX, DLCORE_ACTIVATION_TANH};

    (void)state;
    for (size_t i = 0; i < 96; i++) {
        dlcore_model_t *model = empty_model(predictor_engines[i % 2], NULL);

        if (i % 3 == 1)
            dlcore_model_add(model, dlcore_layer_rescaling(0.5, i % 2 == 0 ? 0.0 : 0.25));
        if (i % 7 == 3)
            dlcore_model_add(model, dlcore_layer_layer_normalization());
        if (i % 5 == 4)
            dlcore_model_add(model, dlcore_layer_dropout(0.5));
        dlcore_model_add(model,
                         dlcore_layer_dense(1 + random_below(80), activations[random_below(3)]));
        dlcore_model_add(model, dlcore_layer_dense(1 + random_below(20), activations[i % 3]));
        assert_int_equal(dlcore_model_build(model, widths[i % 8]), DLCORE_OK);
        draw_weights(model);
        assert_agrees(model, batches[i / 8 % 4], i % 4 == 0 ? 0.5 : 0.05);
        dlcore_model_free(model);
    }
}

static void test_predictor_run_sparse_refuses_rows_that_are_wrong(void **state)
{
    dlcore_model_t *model = dense_model(predictor_engines[0], 100, 20, DLCORE_ACTIVATION_RELU, 3,
                                        DLCORE_ACTIVATION_SOFTMAX);
    dlcore_predictor_t *predictor = predictor_of(model, 2);
    size_t starts[4] = {0, 2, 3, 3};
    int32_t indices[3] = {4, 99, 0};
    float values[3] = {1, 2, 3}, y[9];
    dlcore_sparse_t x = {2, 100, starts, indices, values};

    (void)state;
    assert_int_equal(dlcore_predictor_run_sparse(predictor, &x, y), DLCORE_OK);
    assert_int_equal(dlcore_predictor_run_sparse(NULL, &x, y), DLCORE_ERROR_ARGUMENT);
    assert_int_equal(dlcore_predictor_run_sparse(predictor, NULL, y), DLCORE_ERROR_ARGUMENT);
    assert_non_null(strstr(dlcore_predictor_error(predictor), "x is NULL"));
    assert_int_equal(dlcore_predictor_run_sparse(predictor, &x, NULL), DLCORE_ERROR_ARGUMENT);
    x.rows = 3;
    assert_int_equal(dlcore_predictor_run_sparse(predictor, &x, y), DLCORE_ERROR_SHAPE);
    assert_non_null(strstr(dlcore_predictor_error(predictor), "3 rows are more"));
    x.rows = 2;
    x.columns = 101;
    assert_int_equal(dlcore_predictor_run_sparse(predictor, &x, y), DLCORE_ERROR_SHAPE);
    assert_non_null(
        strstr(dlcore_predictor_error(predictor), "x has 101 columns, the model takes 100"));
    x.columns = 100;
    indices[1] = 100;
    assert_int_equal(dlcore_predictor_run_sparse(predictor, &x, y), DLCORE_ERROR_RANGE);
    assert_non_null(strstr(dlcore_predictor_error(predictor), "index 100 in row 0"));
    indices[1] = 4;
    assert_int_equal(dlcore_predictor_run_sparse(predictor, &x, y), DLCORE_ERROR_ARGUMENT);
    indices[1] = 5;
    values[2] = NAN;
    assert_int_equal(dlcore_predictor_run_sparse(predictor, &x, y), DLCORE_ERROR_RANGE);
    values[2] = 0;
    x.rows = 0;
    assert_int_equal(dlcore_predictor_run_sparse(predictor, &x, y), DLCORE_OK);
    x.rows = 2;
    draw_weights(model);
    assert_int_equal(dlcore_predictor_run_sparse(predictor, &x, y), DLCORE_ERROR_STATE);
    dlcore_predictor_free(predictor);
    dlcore_model_free(model);
}

static void test_predictor_run_sparse_allocates_nothing(void **state)
{
    failing_allocator_t memory;
    dlcore_allocator_t allocator = failing_allocator(&memory);
    sparse_data_t data = sparse_data(ROWS, 200, 0.1, false, 1);
    dlcore_sparse_t all = rows_of(&data, 0, ROWS);
    dlcore_predictor_t *predictor;
    dlcore_model_t *model;
    float y[ROWS * 3];
    size_t calls;

    (void)state;
    failing_allocator_init(&memory);
    model = empty_model(predictor_engines[0], &allocator);
    dlcore_model_add(model, dlcore_layer_dense(3, DLCORE_ACTIVATION_RELU));
    assert_int_equal(dlcore_model_build(model, 200), DLCORE_OK);
    predictor = predictor_of(model, ROWS);
    calls = memory.calls;
    assert_int_equal(dlcore_predictor_run_sparse(predictor, &all, y), DLCORE_OK);
    assert_int_equal(memory.calls, calls);
    dlcore_predictor_free(predictor);
    dlcore_model_free(model);
    failing_allocator_assert_clean(&memory);
    sparse_data_free(&data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_predictor_run_sparse_agrees_with_dense_rows),
        cmocka_unit_test(test_predictor_run_sparse_refuses_rows_that_are_wrong),
        cmocka_unit_test(test_predictor_run_sparse_allocates_nothing),
    };
    random_seed(5);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
