/* Sparse tensors: arrays that are refused, copies and borrowers, what other calls make of them.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dlcore/data.h"
#include "dlcore/sparse.h"
#include "support/failing_allocator.h"
#include "support/size_text.h"
#include "support/sparse_data.h"
#include "support/tensors.h"

/* (3, 5): 0 2 0 0 3; 0 ...; -1 0 0 4 0 */
static const size_t starts[4] = {0, 2, 2, 4};
static const int32_t indices[4] = {1, 4, 0, 3};
static const float values[4] = {2, 3, -1, 4};
static const float numbers[15] = {0, 2, 0, 0, 3, 0, 0, 0, 0, 0, -1, 0, 0, 4, 0};

static dlcore_sparse_t arrays(void)
{
    return (dlcore_sparse_t){3, 5, starts, indices, values};
}

static dlcore_tensor_t *made(void)
{
    dlcore_sparse_t sparse = arrays();
    dlcore_tensor_t *tensor = NULL;

    assert_int_equal(dlcore_sparse_create(NULL, &sparse, &tensor, NULL), DLCORE_OK);
    return tensor;
}

static void assert_dense_is(const dlcore_tensor_t *sparse, size_t rows, const float *expected)
{
    dlcore_tensor_t *dense = NULL;

    assert_int_equal(dlcore_sparse_to_dense(sparse, &dense, NULL), DLCORE_OK);
    assert_floats(dense, SHAPE(rows, 5), expected);
    dlcore_tensor_free(dense);
}

/* ---- making ---- */

static void test_sparse_create_copies_and_borrow_does_not(void **state)
{
    size_t own_starts[4];
    int32_t own_indices[4];
    float own_values[4];
    dlcore_sparse_t sparse = {3, 5, own_starts, own_indices, own_values};
    dlcore_tensor_t *copy = NULL, *borrower = NULL;

    (void)state;
    memcpy(own_starts, starts, sizeof starts);
    memcpy(own_indices, indices, sizeof indices);
    memcpy(own_values, values, sizeof values);
    assert_int_equal(dlcore_sparse_create(NULL, &sparse, &copy, NULL), DLCORE_OK);
    assert_int_equal(dlcore_sparse_borrow(NULL, &sparse, &borrower, NULL), DLCORE_OK);
    assert_dense_is(copy, 3, numbers);
    assert_dense_is(borrower, 3, numbers);
    assert_ptr_equal(dlcore_sparse_of(borrower)->indices, own_indices);
    own_values[0] = 9;
    memset(own_starts, 0xff, sizeof own_starts);
    assert_dense_is(copy, 3, numbers);
    dlcore_tensor_free(copy);
    dlcore_tensor_free(borrower);
}

static void test_sparse_create_of_rows_whose_starts_are_not_0_takes_their_part(void **state)
{
    dlcore_sparse_t sparse = {1, 5, starts + 2, indices, values};
    dlcore_tensor_t *copy = NULL;

    (void)state;
    assert_int_equal(dlcore_sparse_create(NULL, &sparse, &copy, NULL), DLCORE_OK);
    assert_dense_is(copy, 1, numbers + 10);
    assert_int_equal(dlcore_sparse_of(copy)->starts[0], 0);
    dlcore_tensor_free(copy);
}

static void test_sparse_create_without_rows_or_entries_works(void **state)
{
    static const size_t none[3] = {0};
    dlcore_sparse_t empty = {0, 5, NULL, NULL, NULL}, zeros = {2, 5, none, NULL, NULL};
    dlcore_tensor_t *tensor = NULL;

    (void)state;
    assert_int_equal(dlcore_sparse_create(NULL, &empty, &tensor, NULL), DLCORE_OK);
    assert_int_equal(dlcore_tensor_length(tensor, 0), 0);
    dlcore_tensor_free(tensor);
    assert_int_equal(dlcore_sparse_borrow(NULL, &empty, &tensor, NULL), DLCORE_OK);
    dlcore_tensor_free(tensor);
    assert_int_equal(dlcore_sparse_borrow(NULL, &zeros, &tensor, NULL), DLCORE_OK);
    assert_dense_is(tensor, 2, (float[10]){0});
    dlcore_tensor_free(tensor);
}

typedef dlcore_status make_t(const dlcore_allocator_t *, const dlcore_sparse_t *,
                             dlcore_tensor_t **, dlcore_error_record_t *);

static void assert_arrays_refused(dlcore_sparse_t sparse, dlcore_status status, const char *text)
{
    static make_t *const makers[2] = {dlcore_sparse_create, dlcore_sparse_borrow};

    for (size_t i = 0; i < 2; i++) {
        dlcore_tensor_t *tensor = (dlcore_tensor_t *)&status;
        dlcore_error_record_t error;

        assert_failed(makers[i](NULL, &sparse, &tensor, &error), status, &error, text);
        assert_null(tensor);
    }
}

static void test_sparse_create_of_arrays_that_are_wrong_names_the_numbers(void **state)
{
    const size_t falling[4] = {0, 2, 1, 4}, long_row[4] = {0, 2, 2, 8};
    const size_t huge[4] = {0, 2, 2, SIZE_MAX / 4 + 1}, far[3] = {SIZE_MAX / 4 + 1, 1, 1};
    const size_t beyond[2] = {SIZE_MAX / 8 + 1, SIZE_MAX / 8 + 2};
    const int32_t outside[4] = {1, 5, 0, 3}, below[4] = {1, 4, -1, 3}, twice[4] = {1, 4, 3, 3},
                  mixed[4] = {4, 1, 0, 3};
    const float nan_there[4] = {2, 3, NAN, 4}, infinite[4] = {2, INFINITY, -1, 4};

    (void)state;
    assert_arrays_refused((dlcore_sparse_t){3, 0, starts, indices, values}, DLCORE_ERROR_ARGUMENT,
                          "columns must lie in 1 .. 2147483647, got 0");
    assert_arrays_refused((dlcore_sparse_t){3, (size_t)INT32_MAX + 1, starts, indices, values},
                          DLCORE_ERROR_ARGUMENT, "got 2147483648");
    assert_arrays_refused((dlcore_sparse_t){3, 5, NULL, indices, values}, DLCORE_ERROR_ARGUMENT,
                          "starts is NULL for 3 rows");
    assert_arrays_refused((dlcore_sparse_t){3, 5, starts, NULL, values}, DLCORE_ERROR_ARGUMENT,
                          "indices is NULL for 4 entries");
    assert_arrays_refused((dlcore_sparse_t){3, 5, falling, indices, values}, DLCORE_ERROR_ARGUMENT,
                          "starts decrease: row 1 begins at 2, the next at 1");
    assert_arrays_refused((dlcore_sparse_t){3, 5, long_row, indices, values}, DLCORE_ERROR_ARGUMENT,
                          "row 2 has 6 entries, more than the 5 columns");
    assert_arrays_refused(
        (dlcore_sparse_t){3, 5, huge, indices, values}, DLCORE_ERROR_ARGUMENT,
        BY_SIZE("row 2 has 4611686018427387902 entries", "row 2 has 1073741822 entries"));
    assert_arrays_refused(
        (dlcore_sparse_t){2, 5, far, indices, values}, DLCORE_ERROR_ARGUMENT,
        "starts decrease: row 0 begins at " BY_SIZE("4611686018427387904", "1073741824"));
    assert_arrays_refused((dlcore_sparse_t){1, 5, beyond, indices, values}, DLCORE_ERROR_OVERFLOW,
                          BY_SIZE("row 0 ends at entry 2305843009213693953, more than",
                                  "row 0 ends at entry 536870913, more than"));
    assert_arrays_refused((dlcore_sparse_t){3, 5, starts, outside, values}, DLCORE_ERROR_RANGE,
                          "index 5 in row 0 is outside 0 .. 4, of 5 columns");
    assert_arrays_refused((dlcore_sparse_t){3, 5, starts, below, values}, DLCORE_ERROR_RANGE,
                          "index -1 in row 2");
    assert_arrays_refused((dlcore_sparse_t){3, 5, starts, twice, values}, DLCORE_ERROR_ARGUMENT,
                          "row 2 has index 3 twice");
    assert_arrays_refused((dlcore_sparse_t){3, 5, starts, mixed, values}, DLCORE_ERROR_ARGUMENT,
                          "row 0 is not sorted: index 1 comes after 4");
    assert_arrays_refused((dlcore_sparse_t){3, 5, starts, indices, nan_there}, DLCORE_ERROR_RANGE,
                          "value 0 of row 2 is NaN");
    assert_arrays_refused((dlcore_sparse_t){3, 5, starts, indices, infinite}, DLCORE_ERROR_RANGE,
                          "value 4 of row 0 is infinite");
}

static dlcore_status make_copy(const dlcore_allocator_t *allocator, void *context)
{
    dlcore_sparse_t sparse = arrays();
    dlcore_tensor_t *tensor = NULL, *copy = NULL, *slice = NULL;
    dlcore_status status = dlcore_sparse_create(allocator, &sparse, &tensor, NULL);

    (void)context;
    if (status == DLCORE_OK)
        status = dlcore_tensor_slice(tensor, 1, 3, &slice, NULL);
    if (status == DLCORE_OK)
        status = dlcore_tensor_copy(slice, &copy, NULL);
    dlcore_tensor_free(tensor);
    dlcore_tensor_free(slice);
    dlcore_tensor_free(copy);
    return status;
}

static void test_sparse_create_without_memory_leaves_nothing(void **state)
{
    (void)state;
    assert_true(failing_allocator_sweep(make_copy, NULL) >= 3);
}

/* ---- what other calls make of it ---- */

static void test_sparse_tensor_answers_as_the_dense_one_does(void **state)
{
    dlcore_tensor_t *tensor = made(), *dense = tensor_of_floats(SHAPE(3, 5), numbers);
    char text[256] = "";
    FILE *stream = tmpfile();

    (void)state;
    assert_int_equal(dlcore_tensor_dtype(tensor), DLCORE_DTYPE_FLOAT32);
    assert_int_equal(dlcore_tensor_rank(tensor), 2);
    assert_int_equal(dlcore_tensor_size(tensor), 15);
    assert_null(dlcore_tensor_data_const(tensor));
    assert_null(dlcore_tensor_data(tensor));
    assert_null(dlcore_sparse_of(dense));
    assert_null(dlcore_sparse_of(NULL));
    for (size_t r = 0; r < 3; r++)
        for (size_t c = 0; c < 5; c++) {
            double value = NAN;

            assert_int_equal(dlcore_tensor_get(tensor, (size_t[]){r, c}, &value, NULL), DLCORE_OK);
            assert_true(value == (double)numbers[5 * r + c]);
        }
    assert_true(dlcore_tensor_equal(tensor, dense, 0.0));
    dlcore_tensor_set(dense, (size_t[]){1, 1}, 0.5, NULL);
    assert_false(dlcore_tensor_equal(tensor, dense, 0.0));
    assert_int_equal(dlcore_tensor_print(tensor, stream, NULL), DLCORE_OK);
    rewind(stream);
    assert_true(fread(text, 1, sizeof text - 1, stream) > 0);
    assert_string_equal(
        text, "sparse float32 (3, 5)\n[[0, 2, 0, 0, 3],\n [0, 0, 0, 0, 0],\n [-1, 0, 0, 4, 0]]\n");
    fclose(stream);
    dlcore_tensor_free(tensor);
    dlcore_tensor_free(dense);
}

static void test_slices_and_copies_of_a_sparse_tensor_are_its_rows(void **state)
{
    dlcore_tensor_t *tensor = made(), *slice = NULL, *inner = NULL, *copy = NULL;

    (void)state;
    assert_int_equal(dlcore_tensor_slice(tensor, 1, 3, &slice, NULL), DLCORE_OK);
    assert_dense_is(slice, 2, numbers + 5);
    assert_int_equal(dlcore_tensor_slice_const(slice, 1, 2, &inner, NULL), DLCORE_OK);
    assert_dense_is(inner, 1, numbers + 10);
    assert_int_equal(dlcore_tensor_copy(inner, &copy, NULL), DLCORE_OK);
    dlcore_tensor_free(inner);
    dlcore_tensor_free(slice);
    dlcore_tensor_free(tensor);
    assert_dense_is(copy, 1, numbers + 10);
    dlcore_tensor_free(copy);
}

static void test_splits_and_folds_of_sparse_rows_are_those_of_dense_rows(void **state)
{
    sparse_data_t data = sparse_data(23, 40, 0.1, true, 1);
    dlcore_split_t a, b;

    (void)state;
    for (int i = 0; i < 2; i++) {
        dlcore_tensor_t *train = NULL;

        if (i == 0) {
            assert_int_equal(dlcore_train_test_split(data.sparse, data.y, NULL, &a, NULL),
                             DLCORE_OK);
            assert_int_equal(dlcore_train_test_split(data.dense, data.y, NULL, &b, NULL),
                             DLCORE_OK);
        } else {
            assert_int_equal(dlcore_k_fold(data.sparse, data.y, NULL, 2, &a, NULL), DLCORE_OK);
            assert_int_equal(dlcore_k_fold(data.dense, data.y, NULL, 2, &b, NULL), DLCORE_OK);
        }
        assert_non_null(dlcore_sparse_of(a.train_x));
        assert_int_equal(dlcore_sparse_to_dense(a.train_x, &train, NULL), DLCORE_OK);
        assert_true(dlcore_tensor_equal(train, b.train_x, 0.0));
        assert_true(dlcore_tensor_equal(a.test_x, b.test_x, 0.0));
        dlcore_tensor_free(train);
        dlcore_split_free(&a);
        dlcore_split_free(&b);
    }
    sparse_data_free(&data);
}

static void test_calls_that_need_dense_tensors_refuse_sparse_ones_by_name(void **state)
{
    dlcore_tensor_t *tensor = made(), *dense = tensor_of_floats(SHAPE(5, 3), numbers);
    dlcore_tensor_t *row = tensor_of_floats(SHAPE(5), numbers), *out = NULL, *out2 = NULL;
    dlcore_tensor_t *column = NULL;
    const dlcore_sparse_t thin = {5, 1, (size_t[6]){0}, NULL, NULL};
    const dlcore_status refused = DLCORE_ERROR_UNSUPPORTED;
    dlcore_error_record_t e;

    (void)state;
    assert_int_equal(dlcore_sparse_create(NULL, &thin, &column, NULL), DLCORE_OK);
    assert_failed(dlcore_tensor_reshape(tensor, SHAPE(5, 3), &e), refused, &e,
                  "reshape: the tensor is sparse, (3, 5); sparse_to_dense");
    assert_failed(dlcore_tensor_cast(tensor, DLCORE_DTYPE_UINT8, 1.0, &out, &e), refused, &e,
                  "cast");
    assert_failed(dlcore_tensor_argmax(tensor, &out, &e), refused, &e, "argmax");
    assert_failed(dlcore_tensor_transpose(tensor, &out, &e), refused, &e, "transpose");
    assert_failed(dlcore_tensor_matmul(tensor, dense, &out, &e), refused, &e, "matmul: a");
    assert_failed(dlcore_tensor_matmul(dense, tensor, &out, &e), refused, &e, "matmul: b");
    assert_failed(dlcore_tensor_one_hot(column, 3, &out, &e), DLCORE_ERROR_DTYPE, &e, "one_hot");
    assert_failed(dlcore_tensor_set(tensor, (size_t[]){0, 0}, 1.0, &e), DLCORE_ERROR_ARGUMENT, &e,
                  "read-only");
    assert_failed(dlcore_tensor_fill(tensor, 1.0, &e), DLCORE_ERROR_ARGUMENT, &e, "read-only");
    assert_failed(dlcore_standardize_fit(tensor, &out, &out2, &e), refused, &e, "standardize: x");
    assert_failed(dlcore_standardize_apply(tensor, row, row, &out, &e), refused, &e, "x");
    assert_failed(dlcore_standardize_apply(dense, column, column, &out, &e), DLCORE_ERROR_SHAPE, &e,
                  "means has 5 numbers");
    assert_failed(dlcore_standardize_in_place(tensor, row, row, &e), refused, &e, "x");
    assert_failed(dlcore_idx_save("/nowhere/x", tensor, &e), refused, &e, "idx_save");
    assert_failed(dlcore_npy_save("/nowhere/x", tensor, &e), refused, &e, "npy_save");
    dlcore_tensor_free(tensor);
    dlcore_tensor_free(dense);
    dlcore_tensor_free(row);
    dlcore_tensor_free(column);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sparse_create_copies_and_borrow_does_not),
        cmocka_unit_test(test_sparse_create_of_rows_whose_starts_are_not_0_takes_their_part),
        cmocka_unit_test(test_sparse_create_without_rows_or_entries_works),
        cmocka_unit_test(test_sparse_create_of_arrays_that_are_wrong_names_the_numbers),
        cmocka_unit_test(test_sparse_create_without_memory_leaves_nothing),
        cmocka_unit_test(test_sparse_tensor_answers_as_the_dense_one_does),
        cmocka_unit_test(test_slices_and_copies_of_a_sparse_tensor_are_its_rows),
        cmocka_unit_test(test_splits_and_folds_of_sparse_rows_are_those_of_dense_rows),
        cmocka_unit_test(test_calls_that_need_dense_tensors_refuse_sparse_ones_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
