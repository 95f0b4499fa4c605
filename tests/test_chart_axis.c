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

#include "io/chart_axis.h"

static void assert_ticks(double low, double high, size_t ticks, bool whole, const char *expected)
{
    dlcore_axis_t axis = dlcore_axis_fit(low, high, ticks, whole);
    char all[512] = "", text[DLCORE_NUMBER_SIZE];
    size_t used = 0;

    for (size_t i = 0; i < axis.count && used < sizeof all; i++)
        used += (size_t)snprintf(all + used, sizeof all - used, "%s%s", i > 0 ? " " : "",
                                 dlcore_axis_label(&axis, i, text));
    assert_string_equal(all, expected);
}

static void test_axis_has_round_ticks(void **state)
{
    (void)state;
    assert_ticks(0.0, 1.0, 5, false, "0.0 0.2 0.4 0.6 0.8 1.0");
    assert_ticks(0.91, 0.98, 4, false, "0.92 0.94 0.96 0.98");
    assert_ticks(-0.3, 0.3, 6, false, "-0.3 -0.2 -0.1 0.0 0.1 0.2 0.3");
    assert_ticks(0.0, 23000.0, 4, false, "0 5000 10000 15000 20000");
    assert_ticks(1e6, 1.5e6, 5, false, "1.0e6 1.1e6 1.2e6 1.3e6 1.4e6 1.5e6");
    assert_ticks(0.0, 3e-7, 3, false, "0 1e-7 2e-7 3e-7");
    assert_ticks(1.0, 5.0, 6, true, "1 2 3 4 5");
    assert_ticks(1.0, 100.0, 5, true, "20 40 60 80 100");
    assert_ticks(1.0, 1.0, 6, true, "1");
    assert_ticks(0.25, 0.25, 4, false, "0.240 0.245 0.250 0.255 0.260");
    assert_ticks(0.0, 0.0, 4, false, "-0.4 -0.2 0.0 0.2 0.4");
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
            dlcore_axis_t axis = dlcore_axis_fit(fmin(a, b), fmax(a, b), 4, false);

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_axis_has_round_ticks),
        cmocka_unit_test(test_axis_of_any_numbers_holds_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
