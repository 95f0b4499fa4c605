/* Borrowing, slicing, reshaping.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dlcore/tensor.h"
#include "support/failing_allocator.h"
#include "support/size_text.h"
#include "support/tensors.h"

static double element(const dlcore_tensor_t *tensor, size_t row, size_t column)
{
    double value = -1;

    assert_int_equal(dlcore_tensor_get(tensor, (size_t[]){row, column}, &value, NULL), DLCORE_OK);
    return value;
}

static void test_tensor_view_borrow_shares_and_does_not_free(void **state)
{
    float elements[] = {1, 2, 3, 4, 5, 6};
    dlcore_tensor_t *tensor = strided_floats(2, 3, elements, 0);

    (void)state;
    assert_ptr_equal(dlcore_tensor_data(tensor), elements);
    assert_floats(tensor, SHAPE(2, 3), elements);
    assert_int_equal(dlcore_tensor_set(tensor, (size_t[]){1, 0}, 44, NULL), DLCORE_OK);
    assert_true(elements[3] == 44);
    dlcore_tensor_free(tensor); /* freeing the array itself would end the program */
}

static void test_tensor_view_borrow_strided_reads_columns_of_a_wider_table(void **state)
{
    float table[] = {0, 1, 2, 3, 4, 10, 11, 12, 13, 14, 20, 21, 22, 23, 24};
    dlcore_tensor_t *tensor = strided_floats(3, 2, table + 1, 5);

    (void)state;
    assert_int_equal(dlcore_tensor_row_stride(tensor), 5);
    assert_int_equal(dlcore_tensor_row_size(tensor), 2);
    assert_int_equal(dlcore_tensor_size(tensor), 6);
    assert_false(dlcore_tensor_is_contiguous(tensor));
    assert_true(element(tensor, 0, 0) == 1 && element(tensor, 0, 1) == 2);
    assert_true(element(tensor, 2, 0) == 21 && element(tensor, 2, 1) == 22);
    dlcore_tensor_free(tensor);
}

static void test_tensor_view_borrow_of_one_row_or_none_is_contiguous_at_any_stride(void **state)
{
    float elements[4] = {1, 2, 3, 4};
    dlcore_tensor_t *tensor = strided_floats(1, 4, elements, SIZE_MAX);

    (void)state;
    assert_true(dlcore_tensor_is_contiguous(tensor));
    assert_floats(tensor, SHAPE(1, 4), elements);
    /* the stride, which has no meaning here, does not come along */
    assert_int_equal(dlcore_tensor_reshape(tensor, SHAPE(2, 2), NULL), DLCORE_OK);
    assert_floats(tensor, SHAPE(2, 2), elements);
    assert_true(element(tensor, 1, 0) == 3);
    dlcore_tensor_free(tensor);

    tensor = strided_floats(0, 4, NULL, SIZE_MAX);
    assert_floats(tensor, SHAPE(0, 4), NULL);
    dlcore_tensor_free(tensor);
    tensor = strided_floats(1000, 0, NULL, SIZE_MAX);
    assert_floats(tensor, SHAPE(1000, 0), NULL);
    dlcore_tensor_free(tensor);
}

static void test_tensor_view_borrow_of_rank_0_ignores_the_stride(void **state)
{
    float element_ = 7;
    dlcore_tensor_t *tensor = NULL;
    double value = 0;

    (void)state;
    assert_int_equal(
        dlcore_tensor_borrow(NULL, DLCORE_DTYPE_FLOAT32, NO_SHAPE, &element_, 9, &tensor, NULL),
        DLCORE_OK);
    assert_true(dlcore_tensor_is_contiguous(tensor));
    assert_int_equal(dlcore_tensor_row_stride(tensor), 1);
    assert_int_equal(dlcore_tensor_get(tensor, NULL, &value, NULL), DLCORE_OK);
    assert_true(value == 7);
    dlcore_tensor_free(tensor);
}

static void test_tensor_view_borrow_refuses_bad_strides(void **state)
{
    dlcore_error_record_t error;
    float elements[8];
    dlcore_tensor_t *tensor;
    size_t most = PTRDIFF_MAX / 4; /* floats that can be addressed */

    (void)state;
    assert_failed(
        dlcore_tensor_borrow(NULL, DLCORE_DTYPE_FLOAT32, SHAPE(2, 3), elements, 2, &tensor, &error),
        DLCORE_ERROR_ARGUMENT, &error, "row stride 2 is less than the 3 elements");
    assert_null(tensor);
    /* the product, the sum and the bytes too large, in this order */
    assert_failed(dlcore_tensor_borrow(NULL, DLCORE_DTYPE_FLOAT32, SHAPE(4, 3), elements,
                                       SIZE_MAX / 2, &tensor, &error),
                  DLCORE_ERROR_OVERFLOW, &error, "4 rows with row stride " PTRDIFF_MAX_TEXT);
    assert_null(tensor);
    assert_failed(dlcore_tensor_borrow(NULL, DLCORE_DTYPE_FLOAT32, SHAPE(2, 3), elements, SIZE_MAX,
                                       &tensor, &error),
                  DLCORE_ERROR_OVERFLOW, &error, "2 rows with row stride " SIZE_MAX_TEXT);
    assert_null(tensor);
    assert_failed(dlcore_tensor_borrow(NULL, DLCORE_DTYPE_FLOAT32, SHAPE(2, 3), elements, most - 2,
                                       &tensor, &error),
                  DLCORE_ERROR_OVERFLOW, &error,
                  "row stride " BY_SIZE("2305843009213693949", "536870909"));
    assert_null(tensor);
    assert_int_equal(dlcore_tensor_borrow(NULL, DLCORE_DTYPE_FLOAT32, SHAPE(2, 3), elements,
                                          most - 3, &tensor, &error),
                     DLCORE_OK);
    dlcore_tensor_free(tensor);
}

static void test_tensor_view_borrow_refuses_bad_arguments(void **state)
{
    dlcore_error_record_t error;
    int32_t elements[4] = {0};
    dlcore_tensor_t *tensor = NULL;

    (void)state;
    assert_failed(
        dlcore_tensor_borrow(NULL, DLCORE_DTYPE_INT32, SHAPE(2), elements, 0, NULL, &error),
        DLCORE_ERROR_ARGUMENT, &error, "out is NULL");
    assert_failed(
        dlcore_tensor_borrow_const(NULL, DLCORE_DTYPE_INT32, SHAPE(2, 2), NULL, 0, &tensor, &error),
        DLCORE_ERROR_ARGUMENT, &error, "data is NULL for a tensor of 4 elements");
    assert_failed(
        dlcore_tensor_borrow(NULL, DLCORE_DTYPE_INT32, NO_SHAPE, NULL, 0, &tensor, &error),
        DLCORE_ERROR_ARGUMENT, &error, "data is NULL for a tensor of 1 elements");
    assert_failed(
        dlcore_tensor_borrow(NULL, DLCORE_DTYPE_INT32, 1, NULL, elements, 0, &tensor, &error),
        DLCORE_ERROR_ARGUMENT, &error, "shape is NULL for a tensor of rank 1");
    assert_failed(dlcore_tensor_borrow(NULL, DLCORE_DTYPE_INT32, SHAPE(1), (char *)elements + 1, 0,
                                       &tensor, &error),
                  DLCORE_ERROR_ARGUMENT, &error, "not aligned to the 4 bytes of int32");
    assert_null(tensor);
    assert_int_equal(dlcore_tensor_borrow(NULL, DLCORE_DTYPE_UINT8, SHAPE(1), (char *)elements + 1,
                                          0, &tensor, &error),
                     DLCORE_OK);
    dlcore_tensor_free(tensor);
}

static void test_tensor_view_borrow_const_refuses_writing(void **state)
{
    static const float elements[] = {1, 2, 3, 4};
    dlcore_error_record_t error;
    dlcore_tensor_t *tensor = NULL;
    dlcore_tensor_t *slice = NULL;

    (void)state;
    assert_int_equal(dlcore_tensor_borrow_const(NULL, DLCORE_DTYPE_FLOAT32, SHAPE(2, 2), elements,
                                                0, &tensor, NULL),
                     DLCORE_OK);
    assert_null(dlcore_tensor_data(tensor));
    assert_ptr_equal(dlcore_tensor_data_const(tensor), elements);
    assert_failed(dlcore_tensor_set(tensor, (size_t[]){0, 0}, 1, &error), DLCORE_ERROR_ARGUMENT,
                  &error, "read-only");
    assert_failed(dlcore_tensor_fill(tensor, 1, &error), DLCORE_ERROR_ARGUMENT, &error,
                  "read-only");
    /* a slice of it is no way around, nor is a reshape */
    assert_int_equal(dlcore_tensor_slice(tensor, 0, 1, &slice, NULL), DLCORE_OK);
    assert_null(dlcore_tensor_data(slice));
    assert_int_equal(dlcore_tensor_reshape(slice, SHAPE(2), NULL), DLCORE_OK);
    assert_int_equal(dlcore_tensor_fill(slice, 1, NULL), DLCORE_ERROR_ARGUMENT);
    assert_floats(slice, SHAPE(2), elements);
    dlcore_tensor_free(slice);
    dlcore_tensor_free(tensor);
}

static void test_tensor_view_slice_shares_the_rows(void **state)
{
    dlcore_tensor_t *base = tensor_of_floats(SHAPE(3, 2), (float[]){1, 2, 3, 4, 5, 6});
    dlcore_tensor_t *view = NULL;

    (void)state;
    assert_int_equal(dlcore_tensor_slice(base, 1, 3, &view, NULL), DLCORE_OK);
    assert_floats(view, SHAPE(2, 2), (float[]){3, 4, 5, 6});
    assert_int_equal(dlcore_tensor_set(view, (size_t[]){0, 1}, 40, NULL), DLCORE_OK);
    assert_true(element(base, 1, 1) == 40);
    dlcore_tensor_free(view);

    assert_int_equal(dlcore_tensor_slice_const(base, 0, 1, &view, NULL), DLCORE_OK);
    assert_null(dlcore_tensor_data(view));
    assert_floats(view, SHAPE(1, 2), (float[]){1, 2});
    dlcore_tensor_free(view);
    assert_floats(base, SHAPE(3, 2), (float[]){1, 2, 3, 40, 5, 6});
    dlcore_tensor_free(base);
}

static void test_tensor_view_slice_of_strided_rows_keeps_the_stride(void **state)
{
    float table[12] = {0, 1, 2, 3, 10, 11, 12, 13, 20, 21, 22, 23};
    dlcore_tensor_t *base = strided_floats(3, 2, table + 1, 4);
    dlcore_tensor_t *view = NULL;
    dlcore_tensor_t *inner = NULL;

    (void)state;
    assert_int_equal(dlcore_tensor_slice(base, 1, 3, &view, NULL), DLCORE_OK);
    assert_int_equal(dlcore_tensor_row_stride(view), 4);
    assert_true(element(view, 0, 0) == 11 && element(view, 1, 1) == 22);
    assert_int_equal(dlcore_tensor_slice(view, 1, 2, &inner, NULL), DLCORE_OK);
    assert_floats(inner, SHAPE(1, 2), (float[]){21, 22});
    dlcore_tensor_free(inner);
    dlcore_tensor_free(view);
    dlcore_tensor_free(base);
}

static void test_tensor_view_slice_of_no_rows_is_empty(void **state)
{
    dlcore_tensor_t *base = tensor_of_floats(SHAPE(3, 2), (float[]){1, 2, 3, 4, 5, 6});
    dlcore_tensor_t *view = NULL;

    (void)state;
    for (size_t at = 0; at <= 3; at++) {
        assert_int_equal(dlcore_tensor_slice(base, at, at, &view, NULL), DLCORE_OK);
        assert_floats(view, SHAPE(0, 2), NULL);
        dlcore_tensor_free(view);
    }
    dlcore_tensor_free(base);
}

static void test_tensor_view_slice_outside_names_the_numbers(void **state)
{
    dlcore_error_record_t error;
    dlcore_tensor_t *base = tensor_of_floats(SHAPE(5), (float[]){1, 2, 3, 4, 5});
    dlcore_tensor_t *scalar = tensor_of_floats(NO_SHAPE, (float[]){1});
    dlcore_tensor_t *view = base;

    (void)state;
    assert_failed(dlcore_tensor_slice(base, 3, 9, &view, &error), DLCORE_ERROR_RANGE, &error,
                  "slice 3..9 of a tensor with 5 rows");
    assert_null(view);
    assert_failed(dlcore_tensor_slice_const(base, 6, 6, &view, &error), DLCORE_ERROR_RANGE, &error,
                  "slice 6..6");
    assert_failed(dlcore_tensor_slice(base, 4, 2, &view, &error), DLCORE_ERROR_RANGE, &error,
                  "slice 4..2");
    assert_failed(dlcore_tensor_slice(scalar, 0, 1, &view, &error), DLCORE_ERROR_SHAPE, &error,
                  "slice 0..1 of a scalar");
    assert_failed(dlcore_tensor_slice(NULL, 0, 1, &view, &error), DLCORE_ERROR_ARGUMENT, &error,
                  "tensor is NULL");
    assert_failed(dlcore_tensor_slice_const(base, 0, 1, NULL, &error), DLCORE_ERROR_ARGUMENT,
                  &error, "view is NULL");
    dlcore_tensor_free(base);
    dlcore_tensor_free(scalar);
}

static void test_tensor_view_reshape_keeps_the_elements(void **state)
{
    static const float elements[] = {1, 2, 3, 4, 5, 6};
    dlcore_tensor_t *tensor = tensor_of_floats(SHAPE(2, 3), elements);

    (void)state;
    assert_int_equal(dlcore_tensor_reshape(tensor, SHAPE(3, 1, 2), NULL), DLCORE_OK);
    assert_floats(tensor, SHAPE(3, 1, 2), elements);
    assert_int_equal(dlcore_tensor_row_size(tensor), 2);
    assert_int_equal(dlcore_tensor_row_stride(tensor), 2);
    assert_int_equal(dlcore_tensor_reshape(tensor, SHAPE(6), NULL), DLCORE_OK);
    assert_floats(tensor, SHAPE(6), elements);
    /* the tensor's own shape is as good as any */
    assert_int_equal(dlcore_tensor_reshape(tensor, 1, dlcore_tensor_shape(tensor), NULL),
                     DLCORE_OK);
    assert_floats(tensor, SHAPE(6), elements);
    dlcore_tensor_free(tensor);

    tensor = tensor_of_floats(SHAPE(1, 1), elements);
    assert_int_equal(dlcore_tensor_reshape(tensor, NO_SHAPE, NULL), DLCORE_OK);
    assert_floats(tensor, NO_SHAPE, elements);
    dlcore_tensor_free(tensor);
}

static void test_tensor_view_reshape_of_strided_rows_stays_below_axis_0(void **state)
{
    dlcore_error_record_t error;
    float table[16] = {0, 1, 2, 3, 4, 5, 6, 7, 10, 11, 12, 13, 14, 15, 16, 17};
    dlcore_tensor_t *tensor = strided_floats(2, 6, table, 8);
    double value = 0;

    (void)state;
    assert_int_equal(dlcore_tensor_reshape(tensor, SHAPE(2, 3, 2), NULL), DLCORE_OK);
    assert_int_equal(dlcore_tensor_row_stride(tensor), 8);
    assert_int_equal(dlcore_tensor_get(tensor, (size_t[]){1, 2, 1}, &value, NULL), DLCORE_OK);
    assert_true(value == 15);
    assert_failed(dlcore_tensor_reshape(tensor, SHAPE(4, 3), &error), DLCORE_ERROR_SHAPE, &error,
                  "reshape of 2 strided rows to 4 rows");
    assert_failed(dlcore_tensor_reshape(tensor, SHAPE(12), &error), DLCORE_ERROR_SHAPE, &error,
                  "to 12 rows");
    assert_int_equal(dlcore_tensor_rank(tensor), 3);
    dlcore_tensor_free(tensor);
}

static void test_tensor_view_reshape_refuses_another_size(void **state)
{
    static const float elements[] = {1, 2, 3, 4, 5, 6};
    dlcore_error_record_t error;
    dlcore_tensor_t *tensor = tensor_of_floats(SHAPE(2, 3), elements);

    (void)state;
    assert_failed(dlcore_tensor_reshape(tensor, SHAPE(7), &error), DLCORE_ERROR_SHAPE, &error,
                  "reshape of (2, 3), 6 elements, to a shape of 7 elements");
    assert_failed(dlcore_tensor_reshape(tensor, NO_SHAPE, &error), DLCORE_ERROR_SHAPE, &error,
                  "1 elements");
    assert_failed(dlcore_tensor_reshape(tensor, SHAPE(2, 0), &error), DLCORE_ERROR_SHAPE, &error,
                  "0 elements");
    assert_failed(dlcore_tensor_reshape(tensor, SHAPE(SIZE_MAX, 2), &error), DLCORE_ERROR_OVERFLOW,
                  &error, "too large");
    assert_failed(dlcore_tensor_reshape(tensor, 1, NULL, &error), DLCORE_ERROR_ARGUMENT, &error,
                  "shape is NULL");
    assert_failed(dlcore_tensor_reshape(tensor, SHAPE(1, 1, 1, 1, 1, 1, 1, 1, 6), &error),
                  DLCORE_ERROR_ARGUMENT, &error, "rank 9");
    assert_failed(dlcore_tensor_reshape(NULL, SHAPE(6), &error), DLCORE_ERROR_ARGUMENT, &error,
                  "tensor is NULL");
    assert_floats(tensor, SHAPE(2, 3), elements);
    dlcore_tensor_free(tensor);
}

static void test_tensor_view_reshape_of_nothing_to_nothing_works(void **state)
{
    dlcore_tensor_t *tensor = strided_floats(0, 4, NULL, 9);

    (void)state;
    assert_int_equal(dlcore_tensor_reshape(tensor, SHAPE(7, 0), NULL), DLCORE_OK);
    assert_floats(tensor, SHAPE(7, 0), NULL);
    dlcore_tensor_free(tensor);
}

static dlcore_status make_views(const dlcore_allocator_t *allocator, void *context)
{
    static const float elements[6];
    dlcore_tensor_t *base = NULL;
    dlcore_tensor_t *view = NULL;
    dlcore_status status;

    (void)context;
    status = dlcore_tensor_borrow_const(allocator, DLCORE_DTYPE_FLOAT32, SHAPE(2, 3), elements, 0,
                                        &base, NULL);
    if (status == DLCORE_OK)
        status = dlcore_tensor_slice(base, 0, 1, &view, NULL);
    dlcore_tensor_free(view);
    dlcore_tensor_free(base);
    return status;
}

static void test_tensor_view_survives_every_failing_allocation(void **state)
{
    (void)state;
    assert_int_equal(failing_allocator_sweep(make_views, NULL), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tensor_view_borrow_shares_and_does_not_free),
        cmocka_unit_test(test_tensor_view_borrow_strided_reads_columns_of_a_wider_table),
        cmocka_unit_test(test_tensor_view_borrow_of_one_row_or_none_is_contiguous_at_any_stride),
        cmocka_unit_test(test_tensor_view_borrow_of_rank_0_ignores_the_stride),
        cmocka_unit_test(test_tensor_view_borrow_refuses_bad_strides),
        cmocka_unit_test(test_tensor_view_borrow_refuses_bad_arguments),
        cmocka_unit_test(test_tensor_view_borrow_const_refuses_writing),
        cmocka_unit_test(test_tensor_view_slice_shares_the_rows),
        cmocka_unit_test(test_tensor_view_slice_of_strided_rows_keeps_the_stride),
        cmocka_unit_test(test_tensor_view_slice_of_no_rows_is_empty),
        cmocka_unit_test(test_tensor_view_slice_outside_names_the_numbers),
        cmocka_unit_test(test_tensor_view_reshape_keeps_the_elements),
        cmocka_unit_test(test_tensor_view_reshape_of_strided_rows_stays_below_axis_0),
        cmocka_unit_test(test_tensor_view_reshape_refuses_another_size),
        cmocka_unit_test(test_tensor_view_reshape_of_nothing_to_nothing_works),
        cmocka_unit_test(test_tensor_view_survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
