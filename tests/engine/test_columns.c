/* Which inputs a batch leaves out.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/allocator.h"
#include "dlcore/tensor.h"
#include "engine/columns.h"

enum { ROWS = 20, INPUTS = 40 };

static dlcore_network_t network;
static dlcore_workspace_t workspace;
static dlcore_error_record_t error;
static dlcore_tensor_t *x;
static float values[ROWS][INPUTS];

/* Rows of ones, in which inputs 3, 10 .. 19 and 39 are zero. */
static void fill(void)
{
    for (size_t r = 0; r < ROWS; r++) {
        for (size_t i = 0; i < INPUTS; i++)
            values[r][i] = i == 3 || (i >= 10 && i < 20) || i == 39 ? 0.0f : 1.0f;
    }
}

static int begin(void **state)
{
    const size_t shape[2] = {ROWS, INPUTS};
    dlcore_layer_t rescaling = dlcore_layer_rescaling(0.5, 0.0);
    dlcore_layer_t dense = dlcore_layer_dense(3, DLCORE_ACTIVATION_RELU);

    (void)state;
    network = (dlcore_network_t){.allocator = dlcore_allocator_default(),
                                 .products = dlcore_products_blas(),
                                 .kernels = dlcore_kernels()};
    error = (dlcore_error_record_t){0};
    fill();
    return dlcore_network_add(&network, &rescaling, &error) != DLCORE_OK ||
           dlcore_network_add(&network, &dense, &error) != DLCORE_OK ||
           dlcore_network_build(&network, INPUTS, 1, &error) != DLCORE_OK ||
           dlcore_workspace_create_to_predict(&network, DLCORE_BATCH_ROWS, ROWS, 2, &workspace,
                                              &error) != DLCORE_OK ||
           dlcore_tensor_borrow_const(NULL, DLCORE_DTYPE_FLOAT32, 2, shape, values, 0, &x,
                                      &error) != DLCORE_OK;
}

static int end(void **state)
{
    (void)state;
    dlcore_tensor_free(x);
    dlcore_workspace_clear(&workspace);
    dlcore_network_clear(&network);
    return 0;
}

/* Two workers scan `rows` rows of `tensor`; answers the columns that the batch then has. */
static const dlcore_matrix_t *choose(const dlcore_tensor_t *tensor, size_t rows)
{
    dlcore_source_t source = {.x = tensor, .rows = rows};

    dlcore_columns_scan(&network, &source, &workspace, 0, 0, 0, rows / 2);
    dlcore_columns_scan(&network, &source, &workspace, 0, 1, rows / 2, rows);
    dlcore_columns_choose(&network, &workspace, 0, 2);
    dlcore_workspace_set_batch(&network, &workspace, rows, 0);
    return &workspace.input[0];
}

static void assert_full(const dlcore_matrix_t *m)
{
    assert_null(m->index);
    assert_int_equal(m->columns, INPUTS);
}

static void test_columns_zero_inputs_are_left_out_of_every_dtype(void **state)
{
    static const dlcore_dtype_t dtypes[] = {DLCORE_DTYPE_FLOAT32, DLCORE_DTYPE_UINT8,
                                            DLCORE_DTYPE_INT32};

    (void)state;
    values[5][39] = 1.0f; /* in the first worker's rows */
    values[19][3] = 1.0f; /* in the second's */
    for (size_t d = 0; d < 3; d++) {
        dlcore_tensor_t *cast = NULL;
        const dlcore_matrix_t *m;

        assert_int_equal(dlcore_tensor_cast(x, dtypes[d], 1.0, &cast, &error), DLCORE_OK);
        m = choose(cast, ROWS);
        assert_non_null(m->index);
        assert_int_equal(m->columns, INPUTS - 10);
        for (size_t c = 0; c < m->columns; c++) {
            assert_int_equal(m->index[c], c < 10 ? c : c + 10);
            if (c + 1 < m->columns)
                assert_int_equal(m->gaps[c], c == 9 ? 11 : 1);
        }
        dlcore_tensor_free(cast);
    }
}

static void test_columns_gather_copies_what_is_left(void **state)
{
    dlcore_source_t source = {.x = x, .rows = ROWS};
    const dlcore_matrix_t *m;

    (void)state;
    for (size_t r = 0; r < ROWS; r++) {
        for (size_t i = 0; i < INPUTS; i++)
            values[r][i] *= (float)(r * INPUTS + i);
    }
    m = choose(x, ROWS);
    dlcore_gather_samples(&network, &source, &workspace.input[0], 0, ROWS);
    assert_int_equal(m->columns, INPUTS - 12);
    for (size_t r = 0; r < ROWS; r++) {
        for (size_t c = 0; c < m->columns; c++)
            assert_float_equal(dlcore_matrix_at(m, r, c / m->panel)[c % m->panel],
                               0.5f * values[r][m->index[c]], 0.0f);
    }
}

static void test_columns_minus_zero_is_left_out_and_nan_is_not(void **state)
{
    const dlcore_matrix_t *m;

    (void)state;
    for (size_t r = 0; r < ROWS; r++)
        values[r][3] = -0.0f;
    values[7][12] = NAN;
    m = choose(x, ROWS);
    assert_int_equal(m->columns, INPUTS - 11);
    assert_int_equal(m->index[3], 4);
    assert_int_equal(m->index[9], 12);
}

static void test_columns_batch_of_zeros_keeps_one(void **state)
{
    (void)state;
    for (size_t r = 0; r < ROWS; r++) {
        for (size_t i = 0; i < INPUTS; i++)
            values[r][i] = 0.0f;
    }
    assert_int_equal(choose(x, ROWS)->columns, 1);
    assert_int_equal(workspace.input[0].index[0], 0);
}

static void test_columns_few_zeros_or_few_rows_keep_all(void **state)
{
    (void)state;
    assert_full(choose(x, 15));
    for (size_t i = 10; i < 18; i++)
        values[ROWS - 1][i] = 1.0f; /* 4 of 40 are left: less than an eighth */
    assert_full(choose(x, ROWS));
}

static void test_columns_dense_first_rows_keep_all(void **state)
{
    (void)state;
    for (size_t r = 0; r < ROWS; r++) {
        for (size_t i = 0; i < INPUTS; i++)
            values[r][i] = 1.0f;
    }
    assert_full(choose(x, ROWS));
}

static void test_columns_offset_or_infinite_scale_keeps_all(void **state)
{
    (void)state;
    network.input_offset = -1.0f;
    assert_full(choose(x, ROWS));
    network.input_offset = 0.0f;
    network.input_scale = INFINITY;
    assert_full(choose(x, ROWS));
}

/* 0 times infinity is NaN, and must stay so. */
static void test_columns_weights_that_are_not_finite_keep_all(void **state)
{
    float *kernel = network.values + network.nodes[1].parameters[0].offset;

    (void)state;
    kernel[12 * 3] = INFINITY;
    assert_full(choose(x, ROWS));
    kernel[12 * 3] = 0.0f;
    assert_full(choose(x, ROWS)); /* looked at once in a call */
    workspace.weights = DLCORE_WEIGHTS_UNKNOWN;
    assert_int_equal(choose(x, ROWS)->columns, INPUTS - 12);
    workspace.weights = DLCORE_WEIGHTS_UNKNOWN;
    kernel[0] = NAN;
    assert_full(choose(x, ROWS));
}

/* ---- zeros of register tiles ---- */

enum { WIDE_INPUTS = 100, WIDE_UNITS = 256 };

/* Whether a batch of `rows` rows, with every `step`-th number not zero, has notes on its zeros,
 * once a weight of `weight` was looked at. */
static bool notes_zeros(const dlcore_products_t *products, size_t rows, size_t step, float weight)
{
    dlcore_layer_t rescaling = dlcore_layer_rescaling(0.5, 0.0);
    dlcore_layer_t dense = dlcore_layer_dense(WIDE_UNITS, DLCORE_ACTIVATION_RELU);
    dlcore_network_t wide = {
        .allocator = dlcore_allocator_default(), .products = products, .kernels = dlcore_kernels()};
    dlcore_workspace_t space;
    dlcore_place_t alone = {.workers = 1};
    bool has_notes;

    assert_int_equal(dlcore_network_add(&wide, &rescaling, &error), DLCORE_OK);
    assert_int_equal(dlcore_network_add(&wide, &dense, &error), DLCORE_OK);
    assert_int_equal(dlcore_network_build(&wide, WIDE_INPUTS, 1, &error), DLCORE_OK);
    assert_int_equal(
        dlcore_workspace_create_to_predict(&wide, DLCORE_BATCH_ROWS, ROWS, 1, &space, &error),
        DLCORE_OK);
    dlcore_workspace_set_batch(&wide, &space, rows, 0);
    for (size_t i = 0; i < rows * WIDE_INPUTS; i++) {
        size_t r = i / WIDE_INPUTS, c = i % WIDE_INPUTS;
        dlcore_matrix_at(&space.input[0], r, c / space.input[0].panel)[c % space.input[0].panel] =
            c % step == 0 ? 1.0f : 0.0f;
    }
    wide.values[wide.nodes[1].parameters[0].offset] = weight;
    dlcore_columns_settle_zeros(&wide, &space);
    dlcore_columns_note_zeros(&wide, &space, &alone);
    has_notes = space.input[0].zeros != NULL;
    /* the layer's input is what the rescaling, which was applied before, passes on */
    assert_ptr_equal(space.outputs[0].zeros, space.input[0].zeros);
    dlcore_workspace_clear(&space);
    dlcore_network_clear(&wide);
    return has_notes;
}

static void test_columns_zeros_of_tiles_are_noted_where_that_gains(void **state)
{
    const dlcore_products_t *native;

    (void)state;
    assert_false(notes_zeros(dlcore_products_blas(), ROWS, 2, 1.0f));
    for (size_t i = 0; (native = dlcore_products_native(i)) != NULL; i++) {
        assert_true(notes_zeros(native, ROWS, 2, 1.0f));
        assert_false(notes_zeros(native, ROWS, 1, 1.0f)); /* no zeros */
        assert_false(notes_zeros(native, 15, 2, 1.0f));   /* too few rows */
        assert_false(notes_zeros(native, ROWS, 2, INFINITY));
        assert_false(notes_zeros(native, ROWS, 2, NAN));
    }
}

#define COLUMNS_TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        COLUMNS_TEST(test_columns_zero_inputs_are_left_out_of_every_dtype),
        COLUMNS_TEST(test_columns_gather_copies_what_is_left),
        COLUMNS_TEST(test_columns_minus_zero_is_left_out_and_nan_is_not),
        COLUMNS_TEST(test_columns_batch_of_zeros_keeps_one),
        COLUMNS_TEST(test_columns_few_zeros_or_few_rows_keep_all),
        COLUMNS_TEST(test_columns_dense_first_rows_keep_all),
        COLUMNS_TEST(test_columns_offset_or_infinite_scale_keeps_all),
        COLUMNS_TEST(test_columns_weights_that_are_not_finite_keep_all),
        COLUMNS_TEST(test_columns_zeros_of_tiles_are_noted_where_that_gains),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
