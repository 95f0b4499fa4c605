/* Elements of array files that tensors have no dtype for, as .npy files have them: all types, both
 * orders of bytes and of axes, and what does not fit.
 *
 * SPDX-License-Identifier: MIT */
#include <fenv.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "dlcore/data.h"
#include "support/npy_bytes.h"
#include "support/tensors.h"

static dlcore_status parse(bytes_t *file, dlcore_tensor_t **tensor, dlcore_error_record_t *error)
{
    dlcore_status status = dlcore_npy_parse(file->data, file->size, NULL, tensor, error);

    bytes_free(file);
    return status;
}

/* `count` elements of `item` bytes, each given by its bits, in the order of bytes that begins
 * `descr`. */
static void file_of_bits(bytes_t *file, const char *descr, const char *fortran_order,
                         const char *shape, const uint64_t *bits, size_t item, size_t count)
{
    npy_file(file, 1, npy_dict(descr, fortran_order, shape), NULL, 0);
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < item; j++) {
            size_t shift = 8 * (descr[0] == '>' ? item - 1 - j : j);

            bytes_add(file, &(unsigned char){(unsigned char)(bits[i] >> shift)}, 1);
        }
}

static const char *const byte_orders[] = {"<", ">"};

/* The ends of each range, row-major (2, 3). */
static const struct {
    const char *type;
    size_t item;
    uint64_t bits[6];
    int32_t numbers[6];
} integers[] = {
    {"i1", 1, {0x80, 0x7F, 0, 1, 0xFF, 0x81}, {-128, 127, 0, 1, -1, -127}},
    {"i2", 2, {0x8000, 0x7FFF, 0, 0x0102, 0xFFFF, 0x80}, {-32768, 32767, 0, 258, -1, 128}},
    {"u2", 2, {0xFFFF, 0x8000, 0, 0x0102, 0x7FFF, 0x80}, {65535, 32768, 0, 258, 32767, 128}},
    {"u4", 4, {0x7FFFFFFF, 0, 1, 0x01020304, 0x10000, 5}, {INT32_MAX, 0, 1, 16909060, 65536, 5}},
    {"i4",
     4,
     {0x7FFFFFFF, 0x80000000, 1, 0x01020304, 0xFFFFFFFF, 5},
     {INT32_MAX, INT32_MIN, 1, 16909060, -1, 5}},
    {"u8", 8, {0x7FFFFFFF, 0, 1, 0x01020304, 0x10000, 5}, {INT32_MAX, 0, 1, 16909060, 65536, 5}},
    {"i8",
     8,
     {0x7FFFFFFF, 0xFFFFFFFF80000000, 1, 0x01020304, UINT64_MAX, 5},
     {INT32_MAX, INT32_MIN, 1, 16909060, -1, 5}},
};

static void test_elements_integers_keep_their_values_in_every_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * 2 * sizeof integers / sizeof integers[0]; i++) {
        size_t type = i / 4, fortran = i % 2;
        uint64_t bits[6];
        dlcore_tensor_t *tensor = NULL;
        bytes_t file = {0};
        char descr[4];

        for (size_t at = 0; at < 6; at++) /* Fortran: element (at % 2, at / 2) */
            bits[at] = integers[type].bits[fortran ? at % 2 * 3 + at / 2 : at];
        snprintf(descr, sizeof descr, "%s%s", byte_orders[i / 2 % 2], integers[type].type);
        file_of_bits(&file, descr, fortran ? "True" : "False", "(2, 3)", bits, integers[type].item,
                     6);
        assert_int_equal(parse(&file, &tensor, NULL), DLCORE_OK);
        assert_ints(tensor, SHAPE(2, 3), integers[type].numbers);
        dlcore_tensor_free(tensor);
    }
}

/* Its definition (IEEE 754, binary16), in double precision. */
static double half_value(unsigned half)
{
    int exponent = (int)(half >> 10 & 31);
    double fraction = (double)(half & 0x3FF);
    double size = exponent == 0 ? ldexp(fraction, -24) : ldexp(1024 + fraction, exponent - 25);

    if (exponent == 31)
        size = fraction == 0 ? (double)INFINITY : (double)NAN;
    return (half & 0x8000) != 0 ? -size : size;
}

static void assert_every_half(const dlcore_tensor_t *tensor, bool fortran)
{
    const float *floats = dlcore_tensor_data_const(tensor);

    assert_int_equal(dlcore_tensor_dtype(tensor), DLCORE_DTYPE_FLOAT32);
    assert_int_equal(dlcore_tensor_size(tensor), 65536);
    for (unsigned half = 0; half < 65536; half++) {
        float got = floats[fortran ? half % 256 * 256 + half / 256 : half];
        double expected = half_value(half);
        uint32_t bits;

        memcpy(&bits, &got, sizeof bits);
        assert_int_equal(bits >> 31, half >> 15);
        if (isnan(expected)) /* with the bits that tell one NaN from another */
            assert_int_equal(bits & 0x7FFFFFFF, 0x7F800000 | (half & 0x3FF) << 13);
        else if ((double)got != expected)
            fail_msg("0x%04x: %.9g, not %.9g", half, (double)got, expected);
    }
}

/* In any rounding mode; and nothing is raised, as nothing is inexact. */
static void test_elements_every_half_is_exact(void **state)
{
    static const int modes[] = {FE_TONEAREST, FE_UPWARD, FE_TOWARDZERO};
    static uint64_t bits[65536];

    (void)state;
    for (size_t i = 0; i < 65536; i++)
        bits[i] = i;
    for (size_t i = 0; i < 3 * 2 * 2; i++) {
        dlcore_tensor_t *tensor = NULL;
        bytes_t file = {0};
        dlcore_status status;
        char descr[4];
        int raised;

        snprintf(descr, sizeof descr, "%sf2", byte_orders[i / 2 % 2]);
        file_of_bits(&file, descr, i % 2 ? "True" : "False", "(256, 256)", bits, 2, 65536);
        feclearexcept(FE_ALL_EXCEPT);
        fesetround(modes[i / 4]);
        status = parse(&file, &tensor, NULL);
        raised = fetestexcept(FE_ALL_EXCEPT);
        assert_int_equal(fegetround(), modes[i / 4]);
        fesetround(FE_TONEAREST);
        assert_int_equal(status, DLCORE_OK);
        assert_int_equal(raised, 0);
        assert_every_half(tensor, i % 2 != 0);
        dlcore_tensor_free(tensor);
    }
}

/* Types of every size, longer than a block at a time: each element is in its place. */
static void test_elements_long_arrays_of_every_size_are_whole(void **state)
{
    enum { ROWS = 101, COLUMNS = 103, COUNT = ROWS * COLUMNS };
    static const struct {
        const char *type;
        size_t item;
    } cases[] = {{"i1", 1}, {"i2", 2}, {"u2", 2}, {"u4", 4}, {"i8", 8}, {"u8", 8}};
    static uint64_t bits[COUNT];
    static int32_t numbers[COUNT];

    (void)state;
    for (size_t i = 0; i < 2 * 2 * sizeof cases / sizeof cases[0]; i++) {
        bool fortran = i % 2 != 0;
        dlcore_tensor_t *tensor = NULL;
        bytes_t file = {0};
        char descr[4];

        for (size_t at = 0; at < COUNT; at++) {
            size_t row = fortran ? at % ROWS : at / COLUMNS;
            size_t column = fortran ? at / ROWS : at % COLUMNS;

            bits[at] = (31 * row + 7 * column) % 127;
            numbers[row * COLUMNS + column] = (int32_t)bits[at];
        }
        snprintf(descr, sizeof descr, "%s%s", byte_orders[i / 2 % 2], cases[i / 4].type);
        file_of_bits(&file, descr, fortran ? "True" : "False", "(101, 103)", bits,
                     cases[i / 4].item, COUNT);
        assert_int_equal(parse(&file, &tensor, NULL), DLCORE_OK);
        assert_ints(tensor, SHAPE(ROWS, COLUMNS), numbers);
        dlcore_tensor_free(tensor);
    }
}

static void test_elements_unsigned_that_do_not_fit_are_named(void **state)
{
    static const struct {
        const char *descr, *order;
        size_t item;
        uint64_t value;
        size_t at;
        const char *text;
    } cases[] = {
        {"<u4", "False", 4, 2147483648, 1201, ".npy data: row 600: 2147483648 does not fit int32"},
        {">u4", "True", 4, 4294967295, 1201, "row 201: 4294967295 does not fit int32"},
        {"<u8", "False", 8, 2147483648, 0, "row 0: 2147483648 does not fit int32"},
        {">u8", "False", 8, UINT64_MAX, 1999, "row 999: 18446744073709551615 does not fit int32"},
        {"<u8", "True", 8, (uint64_t)1 << 63, 999, "row 999: 9223372036854775808 does not fit"},
        {">u8", "True", 8, (uint64_t)1 << 32, 1000, "row 0: 4294967296 does not fit int32"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t bits[2000] = {0};
        dlcore_error_record_t error;
        dlcore_tensor_t *tensor;
        bytes_t file = {0};

        bits[cases[i].at] = cases[i].value;
        file_of_bits(&file, cases[i].descr, cases[i].order, "(1000, 2)", bits, cases[i].item, 2000);
        assert_failed(parse(&file, &tensor, &error), DLCORE_ERROR_RANGE, &error, cases[i].text);
        assert_null(tensor);
    }
}

static void test_elements_doubles_are_rounded_to_nearest(void **state)
{
    static const double doubles[] = {0.1,      1e300, -1e300, 1e-300,       0x1.000001p0,
                                     0x1p-149, 3e-45, -0.0,   0x1.000003p0, 16777217};
    static const float floats[] = {0.1F,   INFINITY, -INFINITY,     0,       1, 0x1p-149F,
                                   3e-45F, -0.0F,    0x1.000004p0F, 16777216};
    static const int modes[] = {FE_TONEAREST, FE_UPWARD, FE_TOWARDZERO};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        dlcore_tensor_t *tensor = NULL;
        bytes_t file = {0};
        dlcore_status status;

        npy_little(&file, "<f8", "(10,)", doubles, 8, 10);
        fesetround(modes[i]);
        status = parse(&file, &tensor, NULL);
        assert_int_equal(fegetround(), modes[i]);
        fesetround(FE_TONEAREST);
        assert_int_equal(status, DLCORE_OK);
        assert_floats(tensor, SHAPE(10), floats);
        dlcore_tensor_free(tensor);
    }
}

/* More than a block at a time, so that the second one is placed right. */
static void test_elements_long_arrays_are_whole(void **state)
{
    enum { COUNT = 5000 };
    static int64_t wide[COUNT];
    static int32_t narrow[COUNT];
    dlcore_tensor_t *tensor = NULL;
    bytes_t file = {0};

    (void)state;
    for (int i = 0; i < COUNT; i++)
        wide[i] = narrow[i] = i % 2 == 0 ? INT32_MAX - i : INT32_MIN + i;
    npy_little(&file, "<i8", "(5000,)", wide, 8, COUNT);
    assert_int_equal(parse(&file, &tensor, NULL), DLCORE_OK);
    assert_ints(tensor, SHAPE(COUNT), narrow);
    dlcore_tensor_free(tensor);
}

static void test_elements_int64_that_do_not_fit_are_named(void **state)
{
    static const struct {
        int64_t value;
        const char *order;
        size_t at;
        const char *text;
    } cases[] = {
        {(int64_t)INT32_MAX + 1, "False", 5, ".npy data: row 2: 2147483648 does not fit int32"},
        {(int64_t)INT32_MIN - 1, "False", 0, "row 0: -2147483649 does not fit int32"},
        {INT64_MIN, "True", 4, "row 1: -9223372036854775808 does not fit int32"},
        {INT64_MAX, "True", 2, "row 2: 9223372036854775807 does not fit int32"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t elements[6] = {0, 1, 2, 3, 4, 5};
        dlcore_error_record_t error;
        dlcore_tensor_t *tensor;
        bytes_t file = {0};

        elements[cases[i].at] = cases[i].value;
        npy_little_order(&file, "<i8", cases[i].order, "(3, 2)", elements, 8, 6);
        assert_failed(parse(&file, &tensor, &error), DLCORE_ERROR_RANGE, &error, cases[i].text);
        assert_null(tensor);
    }
}

static void test_elements_bools_are_0_and_1(void **state)
{
    static const uint8_t good[] = {0, 1, 1, 0}, bad[] = {0, 1, 1, 2};
    dlcore_error_record_t error;
    dlcore_tensor_t *tensor;
    bytes_t file = {0};

    (void)state;
    npy_little(&file, "|b1", "(2, 2)", good, 1, 4);
    assert_int_equal(parse(&file, &tensor, NULL), DLCORE_OK);
    assert_bytes(tensor, SHAPE(2, 2), good);
    dlcore_tensor_free(tensor);
    npy_little(&file, "|b1", "(2, 2)", bad, 1, 4);
    assert_failed(parse(&file, &tensor, &error), DLCORE_ERROR_FORMAT, &error,
                  "row 1: 2 is not a bool");
    npy_little(&file, "|b1", "()", bad + 3, 1, 1);
    assert_failed(parse(&file, &tensor, &error), DLCORE_ERROR_FORMAT, &error,
                  "row 0: 2 is not a bool");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_elements_integers_keep_their_values_in_every_order),
        cmocka_unit_test(test_elements_every_half_is_exact),
        cmocka_unit_test(test_elements_long_arrays_of_every_size_are_whole),
        cmocka_unit_test(test_elements_unsigned_that_do_not_fit_are_named),
        cmocka_unit_test(test_elements_doubles_are_rounded_to_nearest),
        cmocka_unit_test(test_elements_long_arrays_are_whole),
        cmocka_unit_test(test_elements_int64_that_do_not_fit_are_named),
        cmocka_unit_test(test_elements_bools_are_0_and_1),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
