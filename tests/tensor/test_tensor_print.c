/* Comparing tensors and showing them as text.
 *
 * SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L

#include <float.h>
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dlcore/tensor.h"
#include "support/folder.h"
#include "support/posix.h"
#include "support/tensors.h"

static void assert_prints(const dlcore_tensor_t *tensor, const char *expected)
{
    FILE *stream = folder_stream("printed");

    assert_int_equal(dlcore_tensor_print(tensor, stream, NULL), DLCORE_OK);
    fclose(stream);
    assert_string_equal(folder_text("printed"), expected);
}

static void test_tensor_print_shows_dtype_shape_and_elements(void **state)
{
    dlcore_tensor_t *matrix =
        tensor_of_floats(SHAPE(2, 3), (float[]){1, -2.5f, 0.1f, 1e-8f, 3e20f, 1234567});
    dlcore_tensor_t *scalar = tensor_of_floats(NO_SHAPE, (float[]){0.25f});
    dlcore_tensor_t *bytes = tensor_of_bytes(SHAPE(3), (uint8_t[]){0, 7, 255});
    dlcore_tensor_t *ints = tensor_of_ints(SHAPE(2, 1), (int32_t[]){INT32_MIN, INT32_MAX});

    (void)state;
    assert_prints(matrix, "float32 (2, 3)\n[[1, -2.5, 0.1],\n [1e-08, 3e+20, 1.23457e+06]]\n");
    assert_prints(scalar, "float32 ()\n0.25\n");
    assert_prints(bytes, "uint8 (3)\n[0, 7, 255]\n");
    assert_prints(ints, "int32 (2, 1)\n[[-2147483648],\n [2147483647]]\n");
    dlcore_tensor_free(matrix);
    dlcore_tensor_free(scalar);
    dlcore_tensor_free(bytes);
    dlcore_tensor_free(ints);
}

static void test_tensor_print_shows_special_values(void **state)
{
    dlcore_tensor_t *tensor =
        tensor_of_floats(SHAPE(5), (float[]){NAN, -NAN, INFINITY, -INFINITY, -0.0f});

    (void)state;
    assert_prints(tensor, "float32 (5)\n[nan, nan, inf, -inf, -0]\n");
    dlcore_tensor_free(tensor);
}

static void test_tensor_print_shows_higher_ranks_and_strides(void **state)
{
    float table[12];
    dlcore_tensor_t *cube = tensor_of_bytes(SHAPE(2, 2, 2), (uint8_t[]){1, 2, 3, 4, 5, 6, 7, 8});
    dlcore_tensor_t *columns = strided_floats(2, 2, table, 6);

    (void)state;
    for (size_t i = 0; i < 12; i++)
        table[i] = (float)i;
    assert_prints(cube, "uint8 (2, 2, 2)\n[[[1, 2],\n  [3, 4]],\n [[5, 6],\n  [7, 8]]]\n");
    assert_prints(columns, "float32 (2, 2)\n[[0, 1],\n [6, 7]]\n");
    assert_int_equal(dlcore_tensor_reshape(columns, SHAPE(2, 1, 2), NULL), DLCORE_OK);
    assert_prints(columns, "float32 (2, 1, 2)\n[[[0, 1]],\n [[6, 7]]]\n");
    dlcore_tensor_free(cube);
    dlcore_tensor_free(columns);
}

static void test_tensor_print_shortens_axes_longer_than_10(void **state)
{
    uint8_t elements[22];
    dlcore_tensor_t *ten, *eleven, *rows;

    (void)state;
    for (size_t i = 0; i < 22; i++)
        elements[i] = (uint8_t)i;
    ten = tensor_of_bytes(SHAPE(10), elements);
    eleven = tensor_of_bytes(SHAPE(11), elements);
    rows = tensor_of_bytes(SHAPE(11, 2), elements);
    assert_prints(ten, "uint8 (10)\n[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]\n");
    assert_prints(eleven, "uint8 (11)\n[0, 1, 2, ..., 8, 9, 10]\n");
    assert_prints(rows, "uint8 (11, 2)\n[[0, 1],\n [2, 3],\n [4, 5],\n ...,\n [16, 17],\n [18, 19],"
                        "\n [20, 21]]\n");
    dlcore_tensor_free(ten);
    dlcore_tensor_free(eleven);
    dlcore_tensor_free(rows);
}

static void test_tensor_print_of_nothing_shows_brackets(void **state)
{
    dlcore_tensor_t *none = tensor_of_bytes(SHAPE(0, 3), NULL);
    dlcore_tensor_t *rows = tensor_of_bytes(SHAPE(2, 0), NULL);

    (void)state;
    assert_prints(none, "uint8 (0, 3)\n[]\n");
    assert_prints(rows, "uint8 (2, 0)\n[[],\n []]\n");
    dlcore_tensor_free(none);
    dlcore_tensor_free(rows);
}

/* Locales with a comma, and one with a point of two bytes, where the machine has them. */
static void test_tensor_print_has_a_point_in_every_locale(void **state)
{
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "ps_AF.UTF-8"};
    dlcore_tensor_t *tensor = tensor_of_floats(SHAPE(2), (float[]){-1.5f, 2.5e-7f});
    int found = 0;

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (setlocale(LC_NUMERIC, names[i]) == NULL)
            continue;
        found++;
        assert_prints(tensor, "float32 (2)\n[-1.5, 2.5e-07]\n");
        setlocale(LC_NUMERIC, "C");
    }
    dlcore_tensor_free(tensor);
    if (found == 0)
        skip();
}

static void test_tensor_print_to_a_failing_stream_is_an_io_error(void **state)
{
    dlcore_error_record_t error;
    dlcore_tensor_t *tensor = tensor_of_floats(SHAPE(2), (float[]){1, 2});
    FILE *full = fopen("/dev/full", "w");
    FILE *reading = fopen("/dev/null", "r");

    (void)state;
    if (full != NULL) { /* what is buffered fails when it is flushed */
        assert_failed(dlcore_tensor_print(tensor, full, &error), DLCORE_ERROR_IO, &error,
                      "cannot write tensor of shape (2): No space left on device");
        fclose(full);
    }
    assert_non_null(reading);
    assert_failed(dlcore_tensor_print(tensor, reading, &error), DLCORE_ERROR_IO, &error,
                  "shape (2): ");
    fclose(reading);

    dlcore_tensor_free(tensor);
}

/* Streams without a buffer that end after each byte of the text in turn, and one that does not. */
static void test_tensor_print_sees_every_write_that_fails(void **state)
{
    const size_t length = strlen("uint8 (11, 2)\n[[0, 1],\n [2, 3],\n [4, 5],\n ...,\n [16, 17],\n"
                                 " [18, 19],\n [20, 21]]\n");
    uint8_t elements[22];
    dlcore_tensor_t *tensor;
    char room[128];

    (void)state;
    for (size_t i = 0; i < sizeof elements; i++)
        elements[i] = (uint8_t)i;
    tensor = tensor_of_bytes(SHAPE(11, 2), elements);
    for (size_t size = 1; size <= length; size++) {
        FILE *tiny = fmemopen(room, size, "w");

        assert_non_null(tiny);
        setvbuf(tiny, NULL, _IONBF, 0);
        assert_int_equal(dlcore_tensor_print(tensor, tiny, NULL),
                         size < length ? DLCORE_ERROR_IO : DLCORE_OK);
        fclose(tiny);
    }
    dlcore_tensor_free(tensor);
}

static void test_tensor_print_refuses_null(void **state)
{
    dlcore_error_record_t error;
    dlcore_tensor_t *tensor = tensor_of_floats(NO_SHAPE, (float[]){1});

    (void)state;
    assert_failed(dlcore_tensor_print(NULL, stdout, &error), DLCORE_ERROR_ARGUMENT, &error,
                  "tensor is NULL");
    assert_failed(dlcore_tensor_print(tensor, NULL, &error), DLCORE_ERROR_ARGUMENT, &error,
                  "stream is NULL");
    dlcore_tensor_free(tensor);
}

static bool equal_values(float a, float b, double tolerance)
{
    dlcore_tensor_t *x = tensor_of_floats(SHAPE(1), &a);
    dlcore_tensor_t *y = tensor_of_floats(SHAPE(1), &b);
    bool equal = dlcore_tensor_equal(x, y, tolerance);

    assert_int_equal(dlcore_tensor_equal(y, x, tolerance), equal);
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
    return equal;
}

/* |a - b| <= tolerance * (1 + max(|a|, |b|)): absolute near zero, relative far from it. */
static void test_tensor_equal_keeps_to_the_tolerance(void **state)
{
    (void)state;
    assert_true(equal_values(1, 1, 0));
    assert_true(equal_values(0.0f, -0.0f, 0));
    assert_false(equal_values(1, nextafterf(1, 2), 0));
    assert_true(equal_values(0, 0.25f, 0.2));
    assert_false(equal_values(0, 0.25f, 0.19));
    assert_true(equal_values(-3, 1, 1));
    assert_false(equal_values(-3, 1, 0.99));
    assert_true(equal_values(1000, 1001, 1e-3));
    assert_false(equal_values(1000, 1001, 9e-4));
    assert_true(equal_values(FLT_MAX, -FLT_MAX, 2));
    assert_false(equal_values(1, 1, -1));
    assert_false(equal_values(1, 1, (double)NAN));
}

static void test_tensor_equal_of_special_values(void **state)
{
    (void)state;
    assert_false(equal_values(NAN, NAN, 1e300));
    assert_false(equal_values(NAN, 1, (double)INFINITY));
    assert_true(equal_values(INFINITY, INFINITY, 0));
    assert_true(equal_values(-INFINITY, -INFINITY, 1));
    assert_false(equal_values(INFINITY, -INFINITY, 1));
    assert_false(equal_values(INFINITY, FLT_MAX, 1));
}

static void test_tensor_equal_needs_dtype_and_shape(void **state)
{
    static const int32_t zeros[6];
    dlcore_tensor_t *ints = tensor_of_ints(SHAPE(2, 3), zeros);
    dlcore_tensor_t *floats = tensor_of_floats(SHAPE(2, 3), (float[6]){0});
    dlcore_tensor_t *turned = tensor_of_ints(SHAPE(3, 2), zeros);
    dlcore_tensor_t *longer = tensor_of_ints(SHAPE(2, 3, 1), zeros);
    dlcore_tensor_t *none = tensor_of_ints(SHAPE(0, 3), NULL);
    dlcore_tensor_t *also_none = tensor_of_ints(SHAPE(3, 0), NULL);

    (void)state;
    assert_true(dlcore_tensor_equal(ints, ints, 0));
    assert_false(dlcore_tensor_equal(ints, floats, 0));
    assert_false(dlcore_tensor_equal(ints, turned, 0));
    assert_false(dlcore_tensor_equal(ints, longer, 0));
    assert_true(dlcore_tensor_equal(none, none, 0));
    assert_false(dlcore_tensor_equal(none, also_none, 0));
    assert_false(dlcore_tensor_equal(NULL, ints, 0));
    assert_false(dlcore_tensor_equal(ints, NULL, 0));
    assert_false(dlcore_tensor_equal(NULL, NULL, 0));
    dlcore_tensor_free(ints);
    dlcore_tensor_free(floats);
    dlcore_tensor_free(turned);
    dlcore_tensor_free(longer);
    dlcore_tensor_free(none);
    dlcore_tensor_free(also_none);
}

/* Each element of either side counts, and what lies between strided rows does not. */
static void test_tensor_equal_looks_at_every_element_along_strides(void **state)
{
    float table[12] = {0, 1, 2, -9, 3, 4, 5, -9, 6, 7, 8, -9};
    dlcore_tensor_t *strided = strided_floats(3, 3, table, 4);
    dlcore_tensor_t *whole = tensor_of_floats(SHAPE(3, 3), (float[]){0, 1, 2, 3, 4, 5, 6, 7, 8});

    (void)state;
    assert_true(dlcore_tensor_equal(strided, whole, 0));
    for (size_t i = 0; i < 12; i++) {
        float before = table[i];

        table[i] = 77;
        assert_int_equal(dlcore_tensor_equal(strided, whole, 1e-3), i % 4 == 3);
        assert_int_equal(dlcore_tensor_equal(whole, strided, 1e-3), i % 4 == 3);
        table[i] = before;
    }
    dlcore_tensor_free(strided);
    dlcore_tensor_free(whole);
}

static void test_tensor_equal_of_large_int32_is_exact(void **state)
{
    dlcore_tensor_t *a = tensor_of_ints(SHAPE(1), (int32_t[]){16777216});
    dlcore_tensor_t *b = tensor_of_ints(SHAPE(1), (int32_t[]){16777217});

    (void)state;
    assert_false(dlcore_tensor_equal(a, b, 0));
    dlcore_tensor_free(a);
    dlcore_tensor_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tensor_print_shows_dtype_shape_and_elements),
        cmocka_unit_test(test_tensor_print_shows_special_values),
        cmocka_unit_test(test_tensor_print_shows_higher_ranks_and_strides),
        cmocka_unit_test(test_tensor_print_shortens_axes_longer_than_10),
        cmocka_unit_test(test_tensor_print_of_nothing_shows_brackets),
        cmocka_unit_test(test_tensor_print_has_a_point_in_every_locale),
        cmocka_unit_test(test_tensor_print_to_a_failing_stream_is_an_io_error),
        cmocka_unit_test(test_tensor_print_sees_every_write_that_fails),
        cmocka_unit_test(test_tensor_print_refuses_null),
        cmocka_unit_test(test_tensor_equal_keeps_to_the_tolerance),
        cmocka_unit_test(test_tensor_equal_of_special_values),
        cmocka_unit_test(test_tensor_equal_needs_dtype_and_shape),
        cmocka_unit_test(test_tensor_equal_looks_at_every_element_along_strides),
        cmocka_unit_test(test_tensor_equal_of_large_int32_is_exact),
    };

    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
