/* Elements of every dtype as float32: exact, or refused with the number.
 *
 * SPDX-License-Identifier: MIT */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/half.h"
#include "store/safetensors_entries.h"
#include "store/safetensors_floats.h"
#include "support/tensors.h"

/* The bytes as a source of elements; `to` has room for `count` and no more. */
static dlcore_status read_all(uint8_t dtype, const void *bytes, size_t size, size_t count,
                              float *to, dlcore_error_record_t *error)
{
    dlcore_input_t input;
    dlcore_byte_source_t source;
    dlcore_floats_reading_t reading = {
        .source = &source, .dtype = dtype, .tensor = "a/b", .error = error};

    dlcore_input_from_memory(&input, bytes, size, "memory");
    source = dlcore_byte_source_of_input(&input);
    return dlcore_safetensors_read_floats(&reading, 0, count, to);
}

/* An integer or the bits of a number in `size` bytes, the lowest first. */
static void put_bytes(unsigned char *to, size_t size, uint64_t value)
{
    for (size_t i = 0; i < size; i++)
        to[i] = (unsigned char)(value >> 8 * i);
}

static const struct dtype {
    uint8_t dtype;
    const char *name;
    size_t size;
    bool is_signed;
    uint64_t largest; /* 0: no integer */
} dtypes[] = {
    {DLCORE_SAFETENSORS_BOOL, "BOOL", 1, false, 1},
    {DLCORE_SAFETENSORS_U8, "U8", 1, false, UINT8_MAX},
    {DLCORE_SAFETENSORS_I8, "I8", 1, true, INT8_MAX},
    {DLCORE_SAFETENSORS_U16, "U16", 2, false, UINT16_MAX},
    {DLCORE_SAFETENSORS_I16, "I16", 2, true, INT16_MAX},
    {DLCORE_SAFETENSORS_U32, "U32", 4, false, UINT32_MAX},
    {DLCORE_SAFETENSORS_I32, "I32", 4, true, INT32_MAX},
    {DLCORE_SAFETENSORS_U64, "U64", 8, false, UINT64_MAX},
    {DLCORE_SAFETENSORS_I64, "I64", 8, true, INT64_MAX},
    {DLCORE_SAFETENSORS_F16, "F16", 2, true, 0},
    {DLCORE_SAFETENSORS_BF16, "BF16", 2, true, 0},
    {DLCORE_SAFETENSORS_F32, "F32", 4, true, 0},
    {DLCORE_SAFETENSORS_F64, "F64", 8, true, 0},
};
enum { DTYPES = sizeof dtypes / sizeof dtypes[0] };

/* A small number in that dtype. */
static uint64_t encoded(const struct dtype *of, int number)
{
    float x = (float)number;
    double wide = number;
    uint64_t bits;

    switch (of->dtype) {
    case DLCORE_SAFETENSORS_F16:
        return dlcore_float_to_half(x);
    case DLCORE_SAFETENSORS_BF16:
        return dlcore_float_to_bfloat(x);
    case DLCORE_SAFETENSORS_F32:
        return dlcore_float_bits(x);
    case DLCORE_SAFETENSORS_F64:
        memcpy(&bits, &wide, sizeof bits);
        return bits;
    default:
        return (uint64_t)(int64_t)number;
    }
}

/* Every length, so that pieces of every kind are met; the room ends where the floats end. */
static void test_safetensors_floats_of_every_dtype_and_length_are_read(void **state)
{
    (void)state;
    for (size_t d = 0; d < DTYPES; d++) {
        for (size_t count = 1; count < 700; count += count < 140 ? 1 : 97) {
            unsigned char *bytes = malloc(count * dtypes[d].size);
            float *to = malloc(count * sizeof *to);
            dlcore_error_record_t error;

            assert_non_null(bytes);
            assert_non_null(to);
            for (size_t i = 0; i < count; i++) {
                int number =
                    d == 0 ? (int)(i % 2) : (int)(i % 100) - (dtypes[d].is_signed ? 50 : 0);

                put_bytes(bytes + i * dtypes[d].size, dtypes[d].size, encoded(&dtypes[d], number));
            }
            if (read_all(dtypes[d].dtype, bytes, count * dtypes[d].size, count, to, &error) !=
                DLCORE_OK)
                fail_msg("%s: %s", dtypes[d].name, error.message);
            for (size_t i = 0; i < count; i++)
                assert_true(to[i] ==
                            (float)(d == 0 ? (int)(i % 2)
                                           : (int)(i % 100) - (dtypes[d].is_signed ? 50 : 0)));
            free(bytes);
            free(to);
        }
    }
    assert_false(dlcore_safetensors_is_number(DLCORE_SAFETENSORS_OTHER));
    assert_false(dlcore_safetensors_is_number(DLCORE_SAFETENSORS_F8_E4M3));
    assert_false(dlcore_safetensors_is_number(200));
}

static dlcore_status read_one(uint8_t dtype, size_t size, uint64_t bits, float *x,
                              dlcore_error_record_t *error)
{
    unsigned char bytes[8];

    put_bytes(bytes, size, bits);
    return read_all(dtype, bytes, size, 1, x, error);
}

static void test_safetensors_floats_of_integers_are_exact_or_refused(void **state)
{
    static const uint64_t magnitudes[] = {0,
                                          1,
                                          (1 << 24) - 1,
                                          1 << 24,
                                          (1 << 24) + 1,
                                          (1 << 24) + 2,
                                          (1 << 25) + 2,
                                          UINT64_C(1) << 40,
                                          (UINT64_C(1) << 40) + 1,
                                          UINT64_C(0xFFFFFF) << 39,
                                          UINT64_C(0xFFFFFF8) << 36,
                                          (UINT64_C(1) << 63) - 1,
                                          UINT64_C(1) << 63,
                                          UINT64_MAX};

    (void)state;
    for (size_t d = 0; d < DTYPES; d++) {
        for (size_t m = 0; m < 2 * sizeof magnitudes / sizeof magnitudes[0]; m++) {
            uint64_t magnitude = magnitudes[m / 2];
            bool negative = m % 2 == 1;
            float x = 0.0f, expected = (float)magnitude;
            dlcore_error_record_t error;
            dlcore_status status;

            if (dtypes[d].largest == 0 || magnitude > dtypes[d].largest + (negative ? 1 : 0) ||
                (negative && !dtypes[d].is_signed))
                continue;
            status = read_one(dtypes[d].dtype, dtypes[d].size, negative ? 0 - magnitude : magnitude,
                              &x, &error);
            if (expected < 0x1p64f && (uint64_t)expected == magnitude) {
                assert_int_equal(status, DLCORE_OK);
                assert_true(x == (negative ? -expected : expected));
            } else {
                char number[32];

                snprintf(number, sizeof number, "element 0 is %s%llu", negative ? "-" : "",
                         (unsigned long long)magnitude);
                assert_failed(status, DLCORE_ERROR_RANGE, &error, number);
                assert_non_null(strstr(error.message, "a/b: "));
            }
        }
    }
}

static void test_safetensors_floats_of_double_round_and_do_not_overflow(void **state)
{
    static const struct {
        double from;
        float to;
    } cases[] = {
        {0.1, 0.1f},
        {-1.0 / 3.0, -1.0f / 3.0f},
        {1.0 + 0x1p-24, 1.0f},
        {1.0 + 0x1.8p-24, 1.0f + 0x1p-23f},
        {0x1p-149, 0x1p-149f},
        {0x1p-151, 0.0f},
        {(double)FLT_MAX, FLT_MAX},
        {0x1.fffffefffffffp127, FLT_MAX},
        {INFINITY, INFINITY},
        {-INFINITY, -INFINITY},
    };
    static const double large[] = {0x1.ffffffp127, -0x1p128, DBL_MAX};
    dlcore_error_record_t error;
    uint64_t bits;
    double nan = (double)NAN;
    float x;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        memcpy(&bits, &cases[i].from, sizeof bits);
        assert_int_equal(read_one(DLCORE_SAFETENSORS_F64, 8, bits, &x, &error), DLCORE_OK);
        assert_true(x == cases[i].to);
    }
    memcpy(&bits, &nan, sizeof bits);
    assert_int_equal(read_one(DLCORE_SAFETENSORS_F64, 8, bits, &x, &error), DLCORE_OK);
    assert_true(isnan(x));
    for (size_t i = 0; i < sizeof large / sizeof large[0]; i++) {
        memcpy(&bits, &large[i], sizeof bits);
        assert_failed(read_one(DLCORE_SAFETENSORS_F64, 8, bits, &x, &error), DLCORE_ERROR_RANGE,
                      &error, "too large for float32");
    }
    assert_failed(read_one(DLCORE_SAFETENSORS_BOOL, 1, 2, &x, &error), DLCORE_ERROR_FORMAT, &error,
                  "a/b: element 0 is 2: no bool");
}

/* Far into the tensor, in each kind of piece. */
static void test_safetensors_floats_name_the_number_that_is_refused(void **state)
{
    static const size_t places[] = {0, 1, 63, 64, 399, 400, 599, 936, 999};

    (void)state;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        static unsigned char wide[8000], narrow[4000];
        static float to[1000];
        dlcore_error_record_t error;
        char text[48];

        memset(wide, 0, sizeof wide);
        memset(narrow, 0, sizeof narrow);
        put_bytes(wide + 8 * places[i], 8, UINT64_C(0) - ((1 << 24) + 1));
        put_bytes(narrow + 4 * places[i], 4, UINT32_MAX);
        snprintf(text, sizeof text, "element %zu is -16777217:", places[i]);
        assert_failed(read_all(DLCORE_SAFETENSORS_I64, wide, sizeof wide, 1000, to, &error),
                      DLCORE_ERROR_RANGE, &error, text);
        snprintf(text, sizeof text, "element %zu is 4294967295:", places[i]);
        assert_failed(read_all(DLCORE_SAFETENSORS_U32, narrow, sizeof narrow, 1000, to, &error),
                      DLCORE_ERROR_RANGE, &error, text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_safetensors_floats_of_every_dtype_and_length_are_read),
        cmocka_unit_test(test_safetensors_floats_of_integers_are_exact_or_refused),
        cmocka_unit_test(test_safetensors_floats_of_double_round_and_do_not_overflow),
        cmocka_unit_test(test_safetensors_floats_name_the_number_that_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
