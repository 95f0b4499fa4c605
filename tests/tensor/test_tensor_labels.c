/* Between class probabilities, integer labels and one-hot rows.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dlcore/tensor.h"
#include "support/failing_allocator.h"
#include "support/size_text.h"
#include "support/tensors.h"

static void assert_argmax(const dlcore_tensor_t *source, size_t rank, const size_t *shape,
                          const int32_t *expected)
{
    dlcore_tensor_t *out = NULL;

    assert_int_equal(dlcore_tensor_argmax(source, &out, NULL), DLCORE_OK);
    assert_ints(out, rank, shape, expected);
    dlcore_tensor_free(out);
}

static void test_tensor_labels_argmax_finds_the_largest_of_each_row(void **state)
{
    dlcore_tensor_t *floats =
        tensor_of_floats(SHAPE(3, 3), (float[]){-3, -1, -2, 9, 1, 2, 0, 0.5f, 0.75f});
    dlcore_tensor_t *bytes = tensor_of_bytes(SHAPE(2, 2), (uint8_t[]){127, 128, 255, 0});
    dlcore_tensor_t *ints =
        tensor_of_ints(SHAPE(1, 3), (int32_t[]){INT32_MAX - 1, INT32_MAX, INT32_MIN});

    (void)state;
    assert_argmax(floats, SHAPE(3), (int32_t[]){1, 0, 2});
    assert_argmax(bytes, SHAPE(2), (int32_t[]){1, 0});
    assert_argmax(ints, SHAPE(1), (int32_t[]){1});
    dlcore_tensor_free(floats);
    dlcore_tensor_free(bytes);
    dlcore_tensor_free(ints);
}

static void test_tensor_labels_argmax_takes_the_first_of_equals_and_nan_before_all(void **state)
{
    dlcore_tensor_t *tensor = tensor_of_floats(
        SHAPE(4, 3), (float[]){5, 5, 5, 1, NAN, NAN, INFINITY, 2, NAN, -INFINITY, -INFINITY, 0});

    (void)state;
    assert_argmax(tensor, SHAPE(4), (int32_t[]){0, 1, 2, 2});
    dlcore_tensor_free(tensor);
}

static void test_tensor_labels_argmax_works_along_the_last_of_any_rank(void **state)
{
    dlcore_tensor_t *vector = tensor_of_floats(SHAPE(4), (float[]){1, 4, 3, 2});
    dlcore_tensor_t *cube =
        tensor_of_floats(SHAPE(2, 3, 2), (float[]){1, 2, 4, 3, 5, 6, 8, 7, 0, 9, 3, 2});

    (void)state;
    assert_argmax(vector, NO_SHAPE, (int32_t[]){1});
    assert_argmax(cube, SHAPE(2, 3), (int32_t[]){1, 0, 1, 0, 1, 0});
    dlcore_tensor_free(vector);
    dlcore_tensor_free(cube);
}

static void test_tensor_labels_argmax_follows_strides(void **state)
{
    float table[] = {0, 1, 9, 9, 3, 2, 9, 9, 4, 5, 9, 9};
    float column[] = {1, 9, 3, 9, 2, 9};
    dlcore_tensor_t *matrix = strided_floats(3, 2, table, 4);
    dlcore_tensor_t *vector = NULL;

    (void)state;
    assert_argmax(matrix, SHAPE(3), (int32_t[]){1, 0, 1});
    assert_int_equal(
        dlcore_tensor_borrow(NULL, DLCORE_DTYPE_FLOAT32, SHAPE(3), column, 2, &vector, NULL),
        DLCORE_OK);
    assert_argmax(vector, NO_SHAPE, (int32_t[]){1});
    dlcore_tensor_free(matrix);
    dlcore_tensor_free(vector);
}

static void test_tensor_labels_argmax_of_one_element_is_0(void **state)
{
    failing_allocator_t memory;
    dlcore_allocator_t allocator = failing_allocator(&memory);
    dlcore_tensor_t *tensor = NULL;

    (void)state;
    failing_allocator_init(&memory);
    assert_int_equal(dlcore_tensor_scalar(&allocator, 5, &tensor, NULL), DLCORE_OK);
    assert_int_equal(dlcore_tensor_reshape(tensor, SHAPE(1, 1), NULL), DLCORE_OK);
    assert_argmax(tensor, SHAPE(1), (int32_t[]){0});
    dlcore_tensor_free(tensor);
    failing_allocator_assert_clean(&memory);
}

static void test_tensor_labels_argmax_of_no_rows_is_empty(void **state)
{
    dlcore_tensor_t *tensor = tensor_of_floats(SHAPE(0, 3), NULL);

    (void)state;
    assert_argmax(tensor, SHAPE(0), NULL);
    dlcore_tensor_free(tensor);
}

static void test_tensor_labels_argmax_refuses_what_has_no_largest(void **state)
{
    dlcore_error_record_t error;
    dlcore_tensor_t *scalar = tensor_of_floats(NO_SHAPE, (float[]){1});
    dlcore_tensor_t *empty = tensor_of_floats(SHAPE(2, 0), NULL);
    dlcore_tensor_t *out = scalar;
    dlcore_tensor_t *wide = NULL;
    uint8_t byte = 0;

    (void)state;
    assert_failed(dlcore_tensor_argmax(scalar, &out, &error), DLCORE_ERROR_SHAPE, &error, "rank 0");
    assert_null(out);
    assert_failed(dlcore_tensor_argmax(empty, &out, &error), DLCORE_ERROR_SHAPE, &error,
                  "argmax along axis 1 of length 0");
    assert_failed(dlcore_tensor_argmax(NULL, &out, &error), DLCORE_ERROR_ARGUMENT, &error,
                  "source is NULL");
    assert_failed(dlcore_tensor_argmax(scalar, NULL, &error), DLCORE_ERROR_ARGUMENT, &error,
                  "out is NULL");
    assert_int_equal(dlcore_tensor_borrow(NULL, DLCORE_DTYPE_UINT8, SHAPE((size_t)INT32_MAX + 1),
                                          &byte, 0, &wide, NULL),
                     BY_SIZE(DLCORE_OK, DLCORE_ERROR_OVERFLOW));
    if (wide != NULL)
        assert_failed(dlcore_tensor_argmax(wide, &out, &error), DLCORE_ERROR_OVERFLOW, &error,
                      "argmax of 2147483648 elements");
    dlcore_tensor_free(scalar);
    dlcore_tensor_free(empty);
    dlcore_tensor_free(wide);
}

static void assert_one_hot(const dlcore_tensor_t *labels, size_t classes, const float *expected)
{
    dlcore_tensor_t *out = NULL;

    assert_int_equal(dlcore_tensor_one_hot(labels, classes, &out, NULL), DLCORE_OK);
    assert_floats(out, SHAPE(dlcore_tensor_length(labels, 0), classes), expected);
    dlcore_tensor_free(out);
}

static void test_tensor_labels_one_hot_of_both_dtypes_and_shapes(void **state)
{
    static const float expected[] = {0, 0, 1, 1, 0, 0, 0, 1, 0};
    dlcore_tensor_t *bytes = tensor_of_bytes(SHAPE(3), (uint8_t[]){2, 0, 1});
    dlcore_tensor_t *ints = tensor_of_ints(SHAPE(3, 1), (int32_t[]){2, 0, 1});
    dlcore_tensor_t *none = tensor_of_bytes(SHAPE(0), NULL);

    (void)state;
    assert_one_hot(bytes, 3, expected);
    assert_one_hot(ints, 3, expected);
    assert_one_hot(none, 3, NULL);
    dlcore_tensor_free(bytes);
    dlcore_tensor_free(ints);
    dlcore_tensor_free(none);
}

static void test_tensor_labels_one_hot_follows_strides(void **state)
{
    int32_t table[] = {1, 77, 0, 77, 1, 77};
    dlcore_tensor_t *labels = NULL;

    (void)state;
    for (size_t rank = 1; rank <= 2; rank++) {
        assert_int_equal(dlcore_tensor_borrow(NULL, DLCORE_DTYPE_INT32, rank, (size_t[]){3, 1},
                                              table, 2, &labels, NULL),
                         DLCORE_OK);
        assert_one_hot(labels, 2, (float[]){0, 1, 1, 0, 0, 1});
        dlcore_tensor_free(labels);
    }
}

static void test_tensor_labels_one_hot_and_argmax_are_inverse(void **state)
{
    static const int32_t labels[] = {9, 0, 4, 4, 7};
    dlcore_tensor_t *source = tensor_of_ints(SHAPE(5), labels);
    dlcore_tensor_t *rows = NULL;

    (void)state;
    assert_int_equal(dlcore_tensor_one_hot(source, 10, &rows, NULL), DLCORE_OK);
    assert_argmax(rows, SHAPE(5), labels);
    dlcore_tensor_free(rows);
    dlcore_tensor_free(source);
}

static void test_tensor_labels_one_hot_outside_names_label_row_and_classes(void **state)
{
    dlcore_error_record_t error;
    failing_allocator_t memory;
    dlcore_allocator_t allocator = failing_allocator(&memory);
    dlcore_tensor_t *labels = NULL;
    dlcore_tensor_t *out;

    (void)state;
    failing_allocator_init(&memory);
    assert_int_equal(dlcore_tensor_from_data(&allocator, DLCORE_DTYPE_INT32, SHAPE(4),
                                             (int32_t[]){0, 9, 10, -1}, &labels, NULL),
                     DLCORE_OK);
    out = labels;
    assert_failed(dlcore_tensor_one_hot(labels, 10, &out, &error), DLCORE_ERROR_RANGE, &error,
                  "label 10 in row 2 is outside 0..9 (10 classes)");
    assert_null(out);
    assert_failed(dlcore_tensor_one_hot(labels, 11, &out, &error), DLCORE_ERROR_RANGE, &error,
                  "label -1 in row 3 is outside 0..10 (11 classes)");
    dlcore_tensor_free(labels);
    failing_allocator_assert_clean(&memory);
}

static void test_tensor_labels_one_hot_refuses_what_are_no_labels(void **state)
{
    dlcore_error_record_t error;
    dlcore_tensor_t *floats = tensor_of_floats(SHAPE(2), (float[]){0, 1});
    dlcore_tensor_t *wide = tensor_of_bytes(SHAPE(2, 3), (uint8_t[6]){0});
    dlcore_tensor_t *scalar = tensor_of_bytes(NO_SHAPE, (uint8_t[]){0});
    dlcore_tensor_t *labels = tensor_of_bytes(SHAPE(2), (uint8_t[]){0, 1});
    dlcore_tensor_t *out = labels;

    (void)state;
    assert_failed(dlcore_tensor_one_hot(floats, 2, &out, &error), DLCORE_ERROR_DTYPE, &error,
                  "float32");
    assert_null(out);
    assert_failed(dlcore_tensor_one_hot(wide, 2, &out, &error), DLCORE_ERROR_SHAPE, &error,
                  "one_hot of shape (2, 3)");
    assert_failed(dlcore_tensor_one_hot(scalar, 2, &out, &error), DLCORE_ERROR_SHAPE, &error,
                  "one_hot of shape ()");
    assert_failed(dlcore_tensor_one_hot(labels, 0, &out, &error), DLCORE_ERROR_ARGUMENT, &error,
                  "0 classes");
    assert_failed(dlcore_tensor_one_hot(labels, SIZE_MAX / 2, &out, &error), DLCORE_ERROR_OVERFLOW,
                  &error, "(2, " PTRDIFF_MAX_TEXT ")");
    assert_failed(dlcore_tensor_one_hot(NULL, 2, &out, &error), DLCORE_ERROR_ARGUMENT, &error,
                  "labels is NULL");
    assert_failed(dlcore_tensor_one_hot(labels, 2, NULL, &error), DLCORE_ERROR_ARGUMENT, &error,
                  "out is NULL");
    dlcore_tensor_free(floats);
    dlcore_tensor_free(wide);
    dlcore_tensor_free(scalar);
    dlcore_tensor_free(labels);
}

static dlcore_status there_and_back(const dlcore_allocator_t *allocator, void *context)
{
    static const uint8_t labels[] = {1, 0, 1};
    dlcore_tensor_t *source = NULL;
    dlcore_tensor_t *rows = NULL;
    dlcore_tensor_t *out = NULL;
    dlcore_status status;

    (void)context;
    status = dlcore_tensor_borrow_const(allocator, DLCORE_DTYPE_UINT8, SHAPE(3), labels, 0, &source,
                                        NULL);
    if (status == DLCORE_OK)
        status = dlcore_tensor_one_hot(source, 2, &rows, NULL);
    if (status == DLCORE_OK)
        status = dlcore_tensor_argmax(rows, &out, NULL);
    dlcore_tensor_free(source);
    dlcore_tensor_free(rows);
    dlcore_tensor_free(out);
    return status;
}

static void test_tensor_labels_survive_every_failing_allocation(void **state)
{
    (void)state;
    assert_int_equal(failing_allocator_sweep(there_and_back, NULL), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tensor_labels_argmax_finds_the_largest_of_each_row),
        cmocka_unit_test(test_tensor_labels_argmax_takes_the_first_of_equals_and_nan_before_all),
        cmocka_unit_test(test_tensor_labels_argmax_works_along_the_last_of_any_rank),
        cmocka_unit_test(test_tensor_labels_argmax_follows_strides),
        cmocka_unit_test(test_tensor_labels_argmax_of_one_element_is_0),
        cmocka_unit_test(test_tensor_labels_argmax_of_no_rows_is_empty),
        cmocka_unit_test(test_tensor_labels_argmax_refuses_what_has_no_largest),
        cmocka_unit_test(test_tensor_labels_one_hot_of_both_dtypes_and_shapes),
        cmocka_unit_test(test_tensor_labels_one_hot_follows_strides),
        cmocka_unit_test(test_tensor_labels_one_hot_and_argmax_are_inverse),
        cmocka_unit_test(test_tensor_labels_one_hot_outside_names_label_row_and_classes),
        cmocka_unit_test(test_tensor_labels_one_hot_refuses_what_are_no_labels),
        cmocka_unit_test(test_tensor_labels_survive_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
