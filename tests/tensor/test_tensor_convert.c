/* Copies of tensors, in the same or another dtype.
 *
 * SPDX-License-Identifier: MIT */
#include <float.h>
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

static dlcore_tensor_t *cast(const dlcore_tensor_t *source, dlcore_dtype_t dtype, double scale)
{
    dlcore_tensor_t *out = NULL;

    assert_int_equal(dlcore_tensor_cast(source, dtype, scale, &out, NULL), DLCORE_OK);
    return out;
}

static void test_tensor_convert_copy_owns_its_elements(void **state)
{
    dlcore_tensor_t *source = tensor_of_ints(SHAPE(2, 2), (int32_t[]){1, 2, 3, 4});
    dlcore_tensor_t *copy = NULL;

    (void)state;
    assert_int_equal(dlcore_tensor_copy(source, &copy, NULL), DLCORE_OK);
    assert_int_equal(dlcore_tensor_fill(source, 0, NULL), DLCORE_OK);
    dlcore_tensor_free(source);
    assert_ints(copy, SHAPE(2, 2), (int32_t[]){1, 2, 3, 4});
    dlcore_tensor_free(copy);
}

static void test_tensor_convert_copy_of_strided_rows_is_contiguous(void **state)
{
    float table[12] = {0, 1, 2, 3, 10, 11, 12, 13, 20, 21, 22, 23};
    dlcore_tensor_t *source = strided_floats(3, 2, table + 1, 4);
    dlcore_tensor_t *copy = NULL;

    (void)state;
    assert_int_equal(dlcore_tensor_copy(source, &copy, NULL), DLCORE_OK);
    assert_floats(copy, SHAPE(3, 2), (float[]){1, 2, 11, 12, 21, 22});
    dlcore_tensor_free(copy);
    dlcore_tensor_free(source);
}

static void test_tensor_convert_copy_of_read_only_may_be_written(void **state)
{
    static const float elements[] = {1, 2};
    dlcore_tensor_t *source = NULL;
    dlcore_tensor_t *copy = NULL;

    (void)state;
    assert_int_equal(dlcore_tensor_borrow_const(NULL, DLCORE_DTYPE_FLOAT32, SHAPE(2), elements, 0,
                                                &source, NULL),
                     DLCORE_OK);
    assert_int_equal(dlcore_tensor_copy(source, &copy, NULL), DLCORE_OK);
    assert_int_equal(dlcore_tensor_fill(copy, 3, NULL), DLCORE_OK);
    assert_floats(copy, SHAPE(2), (float[]){3, 3});
    dlcore_tensor_free(copy);
    dlcore_tensor_free(source);
}

static void test_tensor_convert_of_nothing_keeps_the_shape(void **state)
{
    dlcore_tensor_t *source = strided_floats(3, 0, NULL, 5);
    dlcore_tensor_t *out = NULL;

    (void)state;
    assert_int_equal(dlcore_tensor_copy(source, &out, NULL), DLCORE_OK);
    assert_floats(out, SHAPE(3, 0), NULL);
    dlcore_tensor_free(out);
    out = cast(source, DLCORE_DTYPE_UINT8, 1);
    assert_bytes(out, SHAPE(3, 0), NULL);
    dlcore_tensor_free(out);
    dlcore_tensor_free(source);
}

/* What a user means by 1/255.0, and what float arithmetic gives for it. */
static void test_tensor_convert_pixels_to_unit_range_equals_float_division(void **state)
{
    uint8_t pixels[256];
    float expected[256];
    dlcore_tensor_t *source, *out, *back;

    (void)state;
    for (size_t i = 0; i < 256; i++) {
        pixels[i] = (uint8_t)i;
        expected[i] = (float)i / 255.0f;
    }
    source = tensor_of_bytes(SHAPE(16, 16), pixels);
    out = cast(source, DLCORE_DTYPE_FLOAT32, 1 / 255.0);
    assert_floats(out, SHAPE(16, 16), expected);
    back = cast(out, DLCORE_DTYPE_UINT8, 255);
    assert_bytes(back, SHAPE(16, 16), pixels);
    dlcore_tensor_free(source);
    dlcore_tensor_free(out);
    dlcore_tensor_free(back);
}

static void test_tensor_convert_cast_between_all_dtypes(void **state)
{
    dlcore_tensor_t *sources[] = {
        tensor_of_floats(SHAPE(4), (float[]){0, 1, 100, 255}),
        tensor_of_bytes(SHAPE(4), (uint8_t[]){0, 1, 100, 255}),
        tensor_of_ints(SHAPE(4), (int32_t[]){0, 1, 100, 255}),
    };

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        dlcore_tensor_t *out = cast(sources[i], DLCORE_DTYPE_FLOAT32, -0.5);

        assert_floats(out, SHAPE(4), (float[]){-0.0f, -0.5f, -50, -127.5f});
        dlcore_tensor_free(out);
        out = cast(sources[i], DLCORE_DTYPE_UINT8, 0.5);
        assert_bytes(out, SHAPE(4), (uint8_t[]){0, 0, 50, 128});
        dlcore_tensor_free(out);
        out = cast(sources[i], DLCORE_DTYPE_INT32, -1000);
        assert_ints(out, SHAPE(4), (int32_t[]){0, -1000, -100000, -255000});
        dlcore_tensor_free(out);
        dlcore_tensor_free(sources[i]);
    }
}

static void test_tensor_convert_cast_to_integers_saturates(void **state)
{
    dlcore_tensor_t *source = tensor_of_floats(
        SHAPE(8), (float[]){NAN, INFINITY, -INFINITY, FLT_MAX, -FLT_MAX, 255.5f, -0.5f, 254.5f});
    dlcore_tensor_t *out = cast(source, DLCORE_DTYPE_UINT8, 1);

    (void)state;
    assert_bytes(out, SHAPE(8), (uint8_t[]){0, 255, 0, 255, 0, 255, 0, 254});
    dlcore_tensor_free(out);
    out = cast(source, DLCORE_DTYPE_INT32, 1);
    assert_ints(out, SHAPE(8),
                (int32_t[]){0, INT32_MAX, INT32_MIN, INT32_MAX, INT32_MIN, 256, 0, 254});
    dlcore_tensor_free(out);
    dlcore_tensor_free(source);
}

/* int32 goes to float32 in one rounding, and to itself without any. */
static void test_tensor_convert_cast_of_large_integers_rounds_once(void **state)
{
    const int32_t large[] = {16777217, 16777219, -16777217, INT32_MAX, INT32_MIN, 2147483583};
    dlcore_tensor_t *source = tensor_of_ints(SHAPE(6), large);
    dlcore_tensor_t *out = cast(source, DLCORE_DTYPE_FLOAT32, 1);

    (void)state;
    assert_floats(out, SHAPE(6),
                  (float[]){16777216.0f, 16777220.0f, -16777216.0f, 2147483648.0f, -2147483648.0f,
                            2147483520.0f});
    dlcore_tensor_free(out);
    out = cast(source, DLCORE_DTYPE_INT32, 1);
    assert_ints(out, SHAPE(6), large);
    dlcore_tensor_free(out);
    dlcore_tensor_free(source);
}

/* Longer than the block that goes through double at a time, and row by row. */
static void test_tensor_convert_cast_of_long_strided_rows(void **state)
{
    static float table[3 * 701];
    static int32_t expected[3 * 700];
    dlcore_tensor_t *source, *out;

    (void)state;
    for (size_t row = 0; row < 3; row++)
        for (size_t i = 0; i < 701; i++) {
            table[row * 701 + i] = (float)(row * 1000 + i);
            if (i < 700)
                expected[row * 700 + i] = (int32_t)(row * 1000 + i) * 3;
        }
    source = strided_floats(3, 700, table, 701);
    out = cast(source, DLCORE_DTYPE_INT32, 3);
    assert_ints(out, SHAPE(3, 700), expected);
    dlcore_tensor_free(out);
    dlcore_tensor_free(source);
}

static void test_tensor_convert_cast_of_rank_1_with_stride(void **state)
{
    uint8_t column[] = {1, 99, 2, 99, 3};
    dlcore_tensor_t *source = NULL;
    dlcore_tensor_t *out;

    (void)state;
    assert_int_equal(
        dlcore_tensor_borrow(NULL, DLCORE_DTYPE_UINT8, SHAPE(3), column, 2, &source, NULL),
        DLCORE_OK);
    out = cast(source, DLCORE_DTYPE_FLOAT32, 2);
    assert_floats(out, SHAPE(3), (float[]){2, 4, 6});
    dlcore_tensor_free(out);
    dlcore_tensor_free(source);
}

static void test_tensor_convert_refuses_bad_arguments(void **state)
{
    dlcore_error_record_t error;
    dlcore_tensor_t *source = tensor_of_floats(SHAPE(1), (float[]){1});
    dlcore_tensor_t *out = source;

    (void)state;
    assert_failed(dlcore_tensor_copy(NULL, &out, &error), DLCORE_ERROR_ARGUMENT, &error,
                  "source is NULL");
    assert_null(out);
    assert_failed(dlcore_tensor_copy(source, NULL, &error), DLCORE_ERROR_ARGUMENT, &error,
                  "out is NULL");
    out = source;
    assert_failed(dlcore_tensor_cast(NULL, DLCORE_DTYPE_UINT8, 1, &out, &error),
                  DLCORE_ERROR_ARGUMENT, &error, "source is NULL");
    assert_null(out);
    assert_failed(dlcore_tensor_cast(source, DLCORE_DTYPE_UINT8, 1, NULL, &error),
                  DLCORE_ERROR_ARGUMENT, &error, "out is NULL");
    out = source;
    assert_failed(dlcore_tensor_cast(source, (dlcore_dtype_t)9, 1, &out, &error),
                  DLCORE_ERROR_DTYPE, &error, "dtype 9");
    assert_null(out);
    dlcore_tensor_free(source);
}

/* A view of one byte's worth of memory may still stand for more than can be made. */
static void test_tensor_convert_cast_of_too_large_a_view_is_refused(void **state)
{
    dlcore_error_record_t error;
    uint8_t byte = 0;
    dlcore_tensor_t *source = NULL;
    dlcore_tensor_t *out = NULL;

    (void)state;
    assert_int_equal(
        dlcore_tensor_borrow(NULL, DLCORE_DTYPE_UINT8, SHAPE(PTRDIFF_MAX), &byte, 0, &source, NULL),
        DLCORE_OK);
    assert_failed(dlcore_tensor_cast(source, DLCORE_DTYPE_FLOAT32, 1, &out, &error),
                  DLCORE_ERROR_OVERFLOW, &error, "float32 of shape (" PTRDIFF_MAX_TEXT ")");
    dlcore_tensor_free(source);
}

static dlcore_status convert(const dlcore_allocator_t *allocator, void *context)
{
    dlcore_tensor_t *source = NULL;
    dlcore_tensor_t *copy = NULL;
    dlcore_tensor_t *out = NULL;
    dlcore_status status;

    (void)context;
    status = dlcore_tensor_scalar(allocator, 1, &source, NULL);
    if (status == DLCORE_OK)
        status = dlcore_tensor_copy(source, &copy, NULL);
    if (status == DLCORE_OK)
        status = dlcore_tensor_cast(copy, DLCORE_DTYPE_UINT8, 1, &out, NULL);
    dlcore_tensor_free(source);
    dlcore_tensor_free(copy);
    dlcore_tensor_free(out);
    return status;
}

/* Three allocations: what is made from a tensor comes from that tensor's allocator. */
static void test_tensor_convert_survives_every_failing_allocation(void **state)
{
    (void)state;
    assert_int_equal(failing_allocator_sweep(convert, NULL), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tensor_convert_copy_owns_its_elements),
        cmocka_unit_test(test_tensor_convert_copy_of_strided_rows_is_contiguous),
        cmocka_unit_test(test_tensor_convert_copy_of_read_only_may_be_written),
        cmocka_unit_test(test_tensor_convert_of_nothing_keeps_the_shape),
        cmocka_unit_test(test_tensor_convert_pixels_to_unit_range_equals_float_division),
        cmocka_unit_test(test_tensor_convert_cast_between_all_dtypes),
        cmocka_unit_test(test_tensor_convert_cast_to_integers_saturates),
        cmocka_unit_test(test_tensor_convert_cast_of_large_integers_rounds_once),
        cmocka_unit_test(test_tensor_convert_cast_of_long_strided_rows),
        cmocka_unit_test(test_tensor_convert_cast_of_rank_1_with_stride),
        cmocka_unit_test(test_tensor_convert_refuses_bad_arguments),
        cmocka_unit_test(test_tensor_convert_cast_of_too_large_a_view_is_refused),
        cmocka_unit_test(test_tensor_convert_survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
