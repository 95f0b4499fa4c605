/* Choosing workers by the clock, told made-up times.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/pace.h"

static double others; /* CPUs that other threads of this process use */

static void step(dlcore_pace_t *pace, const double *seconds)
{
    double took = seconds[pace->workers];

    assert_in_range(pace->workers, 1, pace->most);
    dlcore_pace_note(pace, took, took * ((double)pace->workers + others));
}

/* Windows of steps, in each of which a step of w workers takes seconds[w]; answers how many windows
 * had `workers`. */
static size_t run(dlcore_pace_t *pace, size_t windows, const double *seconds, size_t workers)
{
    size_t count = 0;

    for (size_t i = 0; i < windows; i++) {
        count += pace->workers == workers ? 1 : 0;
        for (size_t j = 0; j < DLCORE_PACE_WINDOW; j++)
            step(pace, seconds);
    }
    return count;
}

static void test_pace_undisturbed_never_tries(void **state)
{
    static const double idle[] = {0, 2, 1};
    dlcore_pace_t pace = dlcore_pace_start(2, 2);

    (void)state;
    assert_true(dlcore_pace_watches(&pace));
    assert_int_equal(run(&pace, 1000, idle, 2), 1000);
}

static void test_pace_one_worker_is_not_watched(void **state)
{
    dlcore_pace_t pace = dlcore_pace_start(1, 2);

    (void)state;
    assert_false(dlcore_pace_watches(&pace));
}

static void test_pace_disturbed_takes_fewer_until_it_is_over(void **state)
{
    static const double idle[] = {0, 2, 1}, busy[] = {0, 2.5, 9};
    dlcore_pace_t pace = dlcore_pace_start(2, 2);

    (void)state;
    run(&pace, 10, idle, 2);
    assert_true(run(&pace, 1000, busy, 1) > 970);
    run(&pace, DLCORE_PACE_HOLD_MAX + 2, idle, 2);
    assert_int_equal(run(&pace, 100, idle, 2), 100);
}

static void test_pace_disturbed_but_faster_keeps_all(void **state)
{
    static const double idle[] = {0, 2, 1}, slower[] = {0, 4, 2};
    dlcore_pace_t pace = dlcore_pace_start(2, 2);

    (void)state;
    run(&pace, 10, idle, 2);
    assert_true(run(&pace, 1000, slower, 2) > 970);
}

static void test_pace_goes_down_to_what_is_fastest(void **state)
{
    static const double idle[] = {0, 8, 4, 0, 2, 0, 0, 0, 1};
    static const double busy[] = {0, 9, 5, 0, 6, 0, 0, 0, 20};
    dlcore_pace_t pace = dlcore_pace_start(8, 8);

    (void)state;
    run(&pace, 10, idle, 8);
    assert_true(run(&pace, 1000, busy, 2) > 930);
    run(&pace, 4 * DLCORE_PACE_HOLD_MAX, idle, 8);
    assert_int_equal(run(&pace, 100, idle, 8), 100);
}

/* A step that takes as long as twenty others says all that its window could. */
static void test_pace_ends_a_window_that_is_lost(void **state)
{
    static const double idle[] = {0, 2, 1}, busy[] = {0, 2.5, 20};
    dlcore_pace_t pace = dlcore_pace_start(2, 2);
    double seconds = 0;

    (void)state;
    run(&pace, 10, idle, 2);
    step(&pace, busy);
    assert_int_equal(pace.workers, 1);
    for (size_t i = 0; i < 100 * DLCORE_PACE_WINDOW; i++) {
        seconds += busy[pace.workers];
        step(&pace, busy);
    }
    assert_true(seconds < 1.1 * 100 * DLCORE_PACE_WINDOW * busy[1]);
}

/* A pool of this process that spins: no trial while it does, and one as soon as it has ended. */
static void test_pace_waits_for_other_threads_of_the_process(void **state)
{
    static const double idle[] = {0, 0.002, 0.001}, busy[] = {0, 0.0021, 0.02};
    dlcore_pace_t pace = dlcore_pace_start(2, 2);

    (void)state;
    run(&pace, 10, idle, 2);
    others = 1;
    step(&pace, busy);
    assert_int_equal(run(&pace, DLCORE_PACE_HOLD_MAX - 2, busy, 1), DLCORE_PACE_HOLD_MAX - 2);
    others = 0;
    run(&pace, 5, idle, 2);
    assert_int_equal(run(&pace, 20, idle, 2), 20);
    /* where there are CPUs enough for them, too, the trials of old */
    pace = dlcore_pace_start(2, 4);
    run(&pace, 10, idle, 2);
    others = 1;
    step(&pace, busy);
    assert_true(run(&pace, DLCORE_PACE_HOLD_MAX - 2, busy, 1) < DLCORE_PACE_HOLD_MAX - 2);
    others = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pace_undisturbed_never_tries),
        cmocka_unit_test(test_pace_one_worker_is_not_watched),
        cmocka_unit_test(test_pace_disturbed_takes_fewer_until_it_is_over),
        cmocka_unit_test(test_pace_disturbed_but_faster_keeps_all),
        cmocka_unit_test(test_pace_goes_down_to_what_is_fastest),
        cmocka_unit_test(test_pace_ends_a_window_that_is_lost),
        cmocka_unit_test(test_pace_waits_for_other_threads_of_the_process),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
