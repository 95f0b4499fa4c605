/* The clock: seconds, forward only.
 *
 * SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <time.h>

#include "system/clock.h"

static void test_clock_never_goes_back(void **state)
{
    double before = dlcore_clock();

    (void)state;
    for (int i = 0; i < 10000; i++) {
        double now = dlcore_clock();

        assert_true(now >= before);
        before = now;
    }
}

static void test_clock_counts_seconds(void **state)
{
    const struct timespec pause = {.tv_nsec = 20000000};
    double before = dlcore_clock(), passed;

    (void)state;
    nanosleep(&pause, NULL);
    passed = dlcore_clock() - before;
    assert_true(passed >= 0.0199);
    assert_true(passed < 10.0);
}

/* That of the C library, to a second, and after the day this was written. Whoever sets the
 * machine's clock between two calls makes them differ, but not every time. */
static void test_calendar_clock_is_that_of_the_c_library(void **state)
{
    bool agrees = false;

    (void)state;
    for (int i = 0; i < 10 && !agrees; i++) {
        double before = (double)time(NULL), now = dlcore_calendar_clock();

        agrees = now >= before - 1.0 && now <= (double)time(NULL) + 1.0 && now > 1.7e9;
    }
    assert_true(agrees);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clock_never_goes_back),
        cmocka_unit_test(test_clock_counts_seconds),
        cmocka_unit_test(test_calendar_clock_is_that_of_the_c_library),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
