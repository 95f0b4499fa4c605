/* Decimal numbers to floats, against strtof and, where that may err, against exact middles.
 *
 * SPDX-License-Identifier: MIT */
#include <fenv.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>

#include "base/decimal.h"
#include "base/random.h"
#include "support/denormals.h"

static uint32_t bits_of(float x)
{
    uint32_t bits;

    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static float float_of(uint32_t bits)
{
    float x;

    memcpy(&x, &bits, sizeof x);
    return x;
}

static void assert_reads(const char *text, float expected)
{
    float value = 99;
    const char *end = text + strlen(text);

    if (dlcore_decimal_float(text, end, &value) != end)
        fail_msg("\"%s\" is not read to its end", text);
    if (bits_of(value) != bits_of(expected))
        fail_msg("\"%s\" gives %a, not %a", text, (double)value, (double)expected);
}

/* glibc's strtof rounds correctly. */
static void assert_like_strtof(const char *text)
{
    assert_reads(text, strtof(text, NULL));
}

static void test_decimal_spellings(void **state)
{
    (void)state;
    assert_reads("0", 0);
    assert_reads("-0", -0.0F);
    assert_reads("1", 1);
    assert_reads("+1.5", 1.5F);
    assert_reads(".5", 0.5F);
    assert_reads("5.", 5);
    assert_reads("-12.25e1", -122.5F);
    assert_reads("1E+2", 100);
    assert_reads("100e-2", 1);
    assert_reads("000000000000000000000000000000000000000000001", 1);
    assert_reads("0.00000000000000000000000000000000000000000000000000001e53", 1);
    assert_reads("100000000000000000000000000000000000000000000000000000e-53", 1);
}

static void test_decimal_what_is_no_number_is_left(void **state)
{
    static const struct {
        const char *text;
        int read; /* characters; -1: none */
    } cases[] = {
        {"", -1},    {"-", -1},    {"+", -1},    {".", -1},    {"-.", -1},  {"e5", -1},
        {".e5", -1}, {"abc", -1},  {" 1", -1},   {"inf", -1},  {"nan", -1}, {"--1", -1},
        {"1e", 1},   {"1e+", 1},   {"1e5.5", 3}, {"1.2.3", 3}, {"1,5", 1},  {"0x10", 1},
        {"1 ", 1},   {"1_000", 1}, {"1f", 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *text = cases[i].text;
        float value = 99;
        const char *at = dlcore_decimal_float(text, text + strlen(text), &value);

        if (cases[i].read < 0)
            assert_null(at);
        else
            assert_ptr_equal(at, text + cases[i].read);
        if (cases[i].read < 0)
            assert_true(value == 99);
    }
    assert_null(dlcore_decimal_float(cases[0].text, cases[0].text, &(float){0}));
}

static void test_decimal_ends_before_the_end(void **state)
{
    const char *text = "123.5e7";
    float value;

    (void)state;
    assert_ptr_equal(dlcore_decimal_float(text, text + 2, &value), text + 2);
    assert_true(value == 12);
    assert_ptr_equal(dlcore_decimal_float(text, text + 6, &value), text + 5);
    assert_true(value == 123.5F);
}

static void test_decimal_ends_of_the_range(void **state)
{
    static const char *const texts[] = {
        "3.4028234663852886e38",
        "3.40282356e38",
        "3.4028235677973366e38",
        "3.4028235677973367e38",
        "3.4028235677973362e38",
        "1e38",
        "1e39",
        "9.99e38",
        "1.17549435e-38",
        "1.1754942e-38",
        "1.4e-45",
        "7.0064923216240853e-46",
        "7.0064923216240854e-46",
        "7.0064923216240862e-46",
        "1e-45",
        "1e-46",
        "2.1e-45",
        "1e99999999999",
        "-1e99999999999",
        "1e-99999999999",
        "0e99999999999",
        "340282346638528859811704183484516925440",
        "340282356779733661637539395458142568447",
        "340282356779733661637539395458142568448",
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_like_strtof(texts[i]);
    assert_reads("340282356779733661637539395458142568448", INFINITY);
}

/* Exact decimals of the middle between two floats, and a last digit to either side of it. */
static void test_decimal_middles_go_to_even(void **state)
{
    dlcore_random_t random = dlcore_random_stream(7, DLCORE_RANDOM_SHUFFLE, 0, 0);

    (void)state;
    if (process_flushes_denormals())
        skip();
    for (int i = 0; i < 20000; i++) {
        uint32_t bits = dlcore_random_next(&random) % 0x7F7FFFFF;
        double middle;
        char text[400];
        size_t length;

        if (i % 4 == 0)
            bits %= 0x1000000; /* denormals and the smallest normals */
        middle = ((double)float_of(bits) + (double)float_of(bits + 1)) / 2;
        length = (size_t)snprintf(text, sizeof text, "%.160e", middle);
        assert_reads(text, float_of(bits % 2 == 0 ? bits : bits + 1));
        assert_int_equal(text[length - 5], '0'); /* behind it only zeros */
        text[length - 5] = '1';
        assert_reads(text, float_of(bits + 1));
        snprintf(text, sizeof text, "%.18e", middle);
        assert_like_strtof(text);
        snprintf(text, sizeof text, "%.17g", middle);
        assert_like_strtof(text);
    }
}

static void test_decimal_middles_in_fixed_notation_and_beyond_120_digits(void **state)
{
    char text[600] = "1.000000059604644775390625";
    size_t length = strlen(text);

    (void)state;
    assert_reads(text, 1);
    memset(text + length, '0', 500);
    text[length + 500] = '\0';
    assert_reads(text, 1);
    text[length + 499] = '1';
    assert_reads(text, 0x1.000002p0F);
    assert_reads("16777217", 16777216);
    assert_reads("16777217.0000000000000000000000000000000000000000000001", 16777218);
    assert_reads("16777219", 16777220);
}

/* All kinds of decimals: few and many digits, small and large exponents. */
static void test_decimal_100000_random_strings_agree_with_strtof(void **state)
{
    dlcore_random_t random = dlcore_random_stream(11, DLCORE_RANDOM_SHUFFLE, 0, 0);

    (void)state;
    for (int i = 0; i < 100000; i++) {
        char text[100];
        size_t used = 0, digits = 1 + dlcore_random_next(&random) % (i % 3 == 0 ? 40 : 10);
        size_t point = dlcore_random_next(&random) % (digits + 1);

        if (dlcore_random_next(&random) % 2 == 0)
            text[used++] = '-';
        for (size_t j = 0; j < digits; j++) {
            if (j == point)
                text[used++] = '.';
            text[used++] = (char)('0' + dlcore_random_next(&random) % 10);
        }
        text[used] = '\0';
        if (i % 2 == 0)
            snprintf(text + used, sizeof text - used, "e%d",
                     (int)(dlcore_random_next(&random) % 100) - 55);
        assert_like_strtof(text);
    }
}

static void test_decimal_random_floats_come_back(void **state)
{
    dlcore_random_t random = dlcore_random_stream(13, DLCORE_RANDOM_SHUFFLE, 0, 0);

    (void)state;
    if (process_flushes_denormals())
        skip();
    for (int i = 0; i < 50000; i++) {
        float x = float_of(dlcore_random_next(&random) % 0x7F800000);
        char text[64];

        snprintf(text, sizeof text, "%.9g", (double)x);
        assert_reads(text, x);
        snprintf(text, sizeof text, "%.18e", (double)x);
        assert_reads(text, x);
    }
}

static void test_decimal_rounding_modes_change_nothing(void **state)
{
    static const int modes[] = {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
    static const char *const texts[] = {
        "0.1",   "0.3",          "1.000000059604644775390626", "16777217",
        "1e-40", "3.4028236e38", "123456789.123456789e-12"};

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        float expected = strtof(texts[i], NULL);

        for (size_t mode = 0; mode < 3; mode++) {
            float value = 0;

            fesetround(modes[mode]);
            dlcore_decimal_float(texts[i], texts[i] + strlen(texts[i]), &value);
            fesetround(FE_TONEAREST);
            assert_int_equal(bits_of(value), bits_of(expected));
        }
    }
}

static void test_decimal_reads_nothing_beyond_the_end(void **state)
{
    /* what a number of each length is, in a text that goes on as one */
    static const char text[] = "-1.5e+25";
    static const size_t lengths[] = {0, 0, 2, 3, 4, 4, 4, 7, 8};

    (void)state;
    for (size_t length = 1; length < sizeof lengths / sizeof *lengths; length++) {
        float value = 99;
        const char *end = dlcore_decimal_float(text, text + length, &value);

        if (lengths[length] == 0)
            assert_null(end);
        else
            assert_ptr_equal(end, text + lengths[length]);
    }
}

static void assert_double(const char *text)
{
    double value = -1, expected = strtod(text, NULL);

    assert_ptr_equal(dlcore_decimal_double(text, text + strlen(text), &value), text + strlen(text));
    assert_memory_equal(&value, &expected, sizeof value);
}

static void test_decimal_doubles_are_the_nearest(void **state)
{
    static char many[1200];
    uint64_t seed = 1;
    char text[64];

    (void)state;
    assert_double("0.1");
    assert_double("-0");
    assert_double("9007199254740993"); /* a middle: to even */
    assert_double("9007199254740993.0000000000000000000000000000000000001");
    assert_double("1.7976931348623157e308");
    assert_double("1.8e308");
    assert_double("4.9e-324");
    assert_double("2e-324");
    assert_double("123456789012345678901234567890e-5");
    for (int i = 0; i < 20000; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        snprintf(text, sizeof text, "%llu.%llue%d", (unsigned long long)(seed >> (seed & 63)),
                 (unsigned long long)(seed >> 20), (int)(seed % 600) - 300);
        assert_double(text);
    }
    memset(many, '0', sizeof many - 1); /* one digit beyond all that count */
    for (size_t i = 0; i < 17; i++)
        many[i] = "9007199254740993."[i];
    many[sizeof many - 2] = '1';
    assert_double(many);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decimal_spellings),
        cmocka_unit_test(test_decimal_what_is_no_number_is_left),
        cmocka_unit_test(test_decimal_ends_before_the_end),
        cmocka_unit_test(test_decimal_ends_of_the_range),
        cmocka_unit_test(test_decimal_middles_go_to_even),
        cmocka_unit_test(test_decimal_middles_in_fixed_notation_and_beyond_120_digits),
        cmocka_unit_test(test_decimal_100000_random_strings_agree_with_strtof),
        cmocka_unit_test(test_decimal_random_floats_come_back),
        cmocka_unit_test(test_decimal_rounding_modes_change_nothing),
        cmocka_unit_test(test_decimal_reads_nothing_beyond_the_end),
        cmocka_unit_test(test_decimal_doubles_are_the_nearest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
