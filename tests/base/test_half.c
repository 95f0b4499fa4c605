/* float16 and bfloat16, against what the formats say, for every number that they have.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/half.h"

/* The number by its sign, exponent and fraction. */
static double half_number(uint32_t half)
{
    int exponent = (int)(half >> 10 & 31), fraction = (int)(half & 1023);
    double sign = (half & 0x8000) != 0 ? -1.0 : 1.0;

    if (exponent == 31)
        return fraction != 0 ? (double)NAN : sign * (double)INFINITY;
    return sign * (exponent == 0 ? ldexp(fraction, -24) : ldexp(1024 + fraction, exponent - 25));
}

static void test_half_every_float16_is_exact_both_ways(void **state)
{
    (void)state;
    for (uint32_t half = 0; half < 0x10000; half++) {
        float x = dlcore_float_of_bits(dlcore_half_to_float((uint16_t)half));
        double expected = half_number(half);

        if (isnan(expected)) {
            assert_true(isnan(x));
            assert_true(isnan(half_number(dlcore_float_to_half(x))));
            continue;
        }
        assert_true((double)x == expected);
        assert_int_equal(dlcore_float_to_half(x), half);
    }
}

static void test_half_between_two_the_nearer_is_taken_and_the_even_one_in_the_middle(void **state)
{
    (void)state;
    for (uint32_t half = 0; half < 0x7BFF; half++) {
        double low = half_number(half), high = half_number(half + 1), middle = (low + high) / 2;
        float at = (float)middle; /* exact */

        assert_int_equal(dlcore_float_to_half(at), half + (half & 1));
        assert_int_equal(dlcore_float_to_half(nextafterf(at, 0.0f)), half);
        assert_int_equal(dlcore_float_to_half(nextafterf(at, INFINITY)), half + 1);
        assert_int_equal(dlcore_float_to_half(-at), 0x8000 + half + (half & 1));
    }
    assert_int_equal(dlcore_float_to_half(65519.996f), 0x7BFF);
    assert_int_equal(dlcore_float_to_half(65520.0f), 0x7C00);
    assert_int_equal(dlcore_float_to_half(3e38f), 0x7C00);
    assert_int_equal(dlcore_float_to_half(0x1p-25f), 0);
    assert_int_equal(dlcore_float_to_half(0x1.8p-25f), 1);
    assert_int_equal(dlcore_float_to_half(0x1p-140f), 0);
}

static void test_half_bfloat16_is_the_nearer_upper_half(void **state)
{
    (void)state;
    for (uint32_t bfloat = 0; bfloat < 0x7F80; bfloat++) {
        float low = dlcore_float_of_bits(bfloat << 16);
        float middle = dlcore_float_of_bits(bfloat << 16 | 0x8000);

        assert_int_equal(dlcore_float_to_bfloat(low), bfloat);
        assert_int_equal(dlcore_float_to_bfloat(middle), bfloat + (bfloat & 1));
        assert_int_equal(dlcore_float_to_bfloat(dlcore_float_of_bits(bfloat << 16 | 0x7FFF)),
                         bfloat);
        assert_int_equal(dlcore_float_to_bfloat(dlcore_float_of_bits(bfloat << 16 | 0x8001)),
                         bfloat + 1);
        assert_int_equal(dlcore_float_to_bfloat(-low), 0x8000 | bfloat);
    }
    assert_int_equal(dlcore_float_to_bfloat(INFINITY), 0x7F80);
    assert_true(dlcore_float_to_bfloat(dlcore_float_of_bits(0x7F800001)) > 0x7F80);
}

static void test_half_a_factor_of_products_is_rounded_and_no_denormal(void **state)
{
    (void)state;
    for (uint32_t bits = 0; bits < 0x7F800000u; bits += 0x1235u) {
        float x = dlcore_float_of_bits(bits);
        uint16_t expected = bits < 0x00800000u ? 0 : dlcore_float_to_bfloat(x);

        assert_int_equal(dlcore_bfloat16_from_float(x), expected);
        assert_int_equal(dlcore_bfloat16_from_float(-x), 0x8000 | expected);
    }
    assert_int_equal(dlcore_bfloat16_from_float(dlcore_float_of_bits(0x007FFFFF)), 0);
    assert_int_equal(dlcore_bfloat16_from_float(dlcore_float_of_bits(0x00800000)), 0x0080);
    assert_true(isnan(dlcore_float_from_bfloat16(dlcore_bfloat16_from_float(NAN))));
    assert_true(dlcore_float_from_bfloat16(0x3FC0) == 1.5f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_half_every_float16_is_exact_both_ways),
        cmocka_unit_test(test_half_between_two_the_nearer_is_taken_and_the_even_one_in_the_middle),
        cmocka_unit_test(test_half_bfloat16_is_the_nearer_upper_half),
        cmocka_unit_test(test_half_a_factor_of_products_is_rounded_and_no_denormal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
