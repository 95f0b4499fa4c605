/* Round ticks.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <float.h>

#include "report/chart_axis.h"
#include "support/denormals.h"

static void assert_labels(dlcore_axis_t axis, const char *expected)
{
    char all[512] = "", text[DLCORE_NUMBER_SIZE];
    size_t used = 0;

    for (size_t i = 0; i < axis.count && used < sizeof all; i++)
        used += (size_t)snprintf(all + used, sizeof all - used, "%s%s", i > 0 ? " " : "",
                                 dlcore_axis_label(&axis, i, text));
    assert_string_equal(all, expected);
}

static void assert_ticks(double low, double high, size_t ticks, const char *expected)
{
    assert_labels(dlcore_axis_fit(low, high, ticks), expected);
}

static void test_axis_has_round_ticks(void **state)
{
    (void)state;
    assert_ticks(0.0, 1.0, 5, "0.0 0.2 0.4 0.6 0.8 1.0");
    assert_ticks(0.91, 0.98, 4, "0.92 0.94 0.96 0.98");
    assert_ticks(-0.3, 0.3, 6, "-0.3 -0.2 -0.1 0.0 0.1 0.2 0.3");
    assert_ticks(0.0, 23000.0, 4, "0 5000 10000 15000 20000");
    assert_ticks(1e6, 1.5e6, 5, "1.0e6 1.1e6 1.2e6 1.3e6 1.4e6 1.5e6");
    assert_ticks(0.0, 3e-7, 3, "0 1e-7 2e-7 3e-7");
    assert_ticks(0.25, 0.25, 4, "0.240 0.245 0.250 0.255 0.260");
    assert_ticks(0.0, 0.0, 4, "-0.4 -0.2 0.0 0.2 0.4");
}

static void test_axis_of_whole_numbers_begins_with_the_first(void **state)
{
    (void)state;
    assert_labels(dlcore_axis_fit_whole(1.0, 5.0, 6), "1 2 3 4 5");
    assert_labels(dlcore_axis_fit_whole(1.0, 12.0, 6), "1 3 5 7 9 11");
    assert_labels(dlcore_axis_fit_whole(1.0, 25.0, 5), "1 5 10 15 20 25");
    assert_labels(dlcore_axis_fit_whole(1.0, 100.0, 5), "1 20 40 60 80 100");
    assert_labels(dlcore_axis_fit_whole(13.0, 40.0, 6), "13 20 25 30 35 40");
    assert_labels(dlcore_axis_fit_whole(1.0, 1.0, 6), "1");
    assert_labels(dlcore_axis_fit_whole(1.0, 4e6, 4), "1 1000000 2000000 3000000 4000000");
}

static void test_axis_of_logarithms_has_powers_or_round_ticks(void **state)
{
    (void)state;
    assert_labels(dlcore_axis_fit_logarithmic(0.0013, 5.0, 5), "0.001 0.01 0.1 1");
    assert_labels(dlcore_axis_fit_logarithmic(0.06, 0.58, 5), "0.1 0.2 0.5");
    assert_labels(dlcore_axis_fit_logarithmic(0.31, 0.9, 5), "0.3 0.4 0.5 0.6 0.7 0.8 0.9");
    assert_labels(dlcore_axis_fit_logarithmic(1e-20, 1.0, 5), "1e-20 1e-15 1e-10 1e-5 1");
    assert_labels(dlcore_axis_fit_logarithmic(100.0, 1e8, 5), "100 1000 10000 100000 1e6 1e7 1e8");
    assert_labels(dlcore_axis_fit_logarithmic(0.25, 0.25, 5), "0.1 0.2 0.5");
}

static void test_axis_places_values_between_its_ends(void **state)
{
    dlcore_axis_t axis = dlcore_axis_fit(0.0, 10.0, 5);
    dlcore_axis_t powers = dlcore_axis_fit_logarithmic(0.01, 100.0, 5);

    (void)state;
    assert_true(fabs(dlcore_axis_place(&axis, 5.0) - 0.5) < 1e-12);
    assert_true(fabs(dlcore_axis_place(&axis, 0.0) - 0.5 / 11.0) < 1e-12);
    assert_true(dlcore_axis_place(&axis, 1e9) == 1.0);
    assert_true(dlcore_axis_place(&axis, -1e9) == 0.0);
    assert_true(fabs(dlcore_axis_place(&powers, 1.0) - 0.5) < 1e-12);
    assert_true(fabs(dlcore_axis_place(&powers, 10.0) - 0.5 - 1.0 / 4.4) < 1e-12);
    assert_true(dlcore_axis_place(&powers, 5e-324) == 0.0);
}

static void test_axis_number_has_four_digits(void **state)
{
    char text[DLCORE_NUMBER_SIZE];

    (void)state;
    assert_string_equal(dlcore_axis_number(0.0712, text), "0.07120");
    assert_string_equal(dlcore_axis_number(-12.3456, text), "-12.35");
    assert_string_equal(dlcore_axis_number(123456.0, text), "123456");
    assert_string_equal(dlcore_axis_number(1.2345678e7, text), "1.235e7");
    assert_string_equal(dlcore_axis_number(0.0, text), "0.000");
    if (process_flushes_denormals())
        skip();
    assert_string_equal(dlcore_axis_number(5e-324, text), "4.941e-324");
}

/* Whatever comes, the axis spans the values and has a few ticks within. */
static void test_axis_of_any_numbers_holds_them(void **state)
{
    static const double numbers[] = {0.0, 5e-324,      1e-310, 1e-300, 1e-20, 0.1,
                                     1.0, 1.0 + 1e-15, 3.0,    1e15,   1e300, DBL_MAX / 2};
    enum { COUNT = sizeof numbers / sizeof numbers[0] };
    char text[DLCORE_NUMBER_SIZE];

    (void)state;
    for (size_t i = 0; i < 2 * COUNT; i++) {
        for (size_t j = 0; j < 2 * COUNT; j++) {
            double a = i < COUNT ? numbers[i] : -numbers[i - COUNT];
            double b = j < COUNT ? numbers[j] : -numbers[j - COUNT];
            dlcore_axis_t axis = dlcore_axis_fit(fmin(a, b), fmax(a, b), 4);

            assert_true(isfinite(axis.low) && isfinite(axis.high) && axis.low < axis.high);
            assert_true(axis.step > 0.0 && axis.count <= 12);
            assert_true(axis.count >= 1);
            if (fmax(fabs(a), fabs(b)) < 1e300)
                assert_true(axis.low <= fmin(a, b) && axis.high >= fmax(a, b));
            for (size_t k = 0; k < axis.count; k++)
                assert_true(strlen(dlcore_axis_label(&axis, k, text)) < 30);
        }
    }
}

static void test_axis_of_any_logarithms_holds_them(void **state)
{
    static const double numbers[] = {5e-324, 1e-310, 1e-300,      1e-20, 0.1,   0.9,    1.0,
                                     9.9,    10.0,   1.0 + 1e-15, 1e15,  1e300, DBL_MAX};
    enum { COUNT = sizeof numbers / sizeof numbers[0] };
    char text[DLCORE_NUMBER_SIZE];

    (void)state;
    if (process_flushes_denormals())
        skip();
    for (size_t i = 0; i < COUNT; i++) {
        for (size_t j = 0; j < COUNT; j++) {
            double low = fmin(numbers[i], numbers[j]), high = fmax(numbers[i], numbers[j]);
            dlcore_axis_t axis = dlcore_axis_fit_logarithmic(low, high, 4);

            assert_true(isfinite(axis.low) && isfinite(axis.high) && axis.low < axis.high);
            assert_true(axis.count >= 1 && axis.count <= 12);
            assert_true(low == high ||
                        dlcore_axis_place(&axis, low) < dlcore_axis_place(&axis, high) ||
                        high - low < 1e-12 * high);
            for (size_t k = 0; k < axis.count; k++) {
                assert_true(k == 0 || axis.ticks[k] > axis.ticks[k - 1]);
                assert_true(isfinite(axis.ticks[k]) && axis.ticks[k] > 0.0);
                assert_true(strlen(dlcore_axis_label(&axis, k, text)) < 30);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_axis_has_round_ticks),
        cmocka_unit_test(test_axis_of_whole_numbers_begins_with_the_first),
        cmocka_unit_test(test_axis_of_logarithms_has_powers_or_round_ticks),
        cmocka_unit_test(test_axis_places_values_between_its_ends),
        cmocka_unit_test(test_axis_number_has_four_digits),
        cmocka_unit_test(test_axis_of_any_numbers_holds_them),
        cmocka_unit_test(test_axis_of_any_logarithms_holds_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
