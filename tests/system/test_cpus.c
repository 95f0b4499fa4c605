/* CPUs: as many as the process may use, and leaving one without being pinned.
 *
 * SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "system/cpus.h"

static void test_cpus_are_at_least_one(void **state)
{
    (void)state;
    assert_true(dlcore_cpus() >= 1);
}

#if defined(__linux__)
#    include <sched.h>

static void test_cpus_of_a_process_that_may_use_one_are_one(void **state)
{
    cpu_set_t allowed, one;

    (void)state;
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0)
        skip();
    CPU_ZERO(&one);
    CPU_SET((size_t)dlcore_cpu_current(), &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    assert_int_equal(dlcore_cpus(), 1);
    assert_int_equal(sched_setaffinity(0, sizeof allowed, &allowed), 0);
}

/* Where the kernel puts the thread next is its own business, but it may go everywhere again. */
static void test_cpus_leave_takes_nothing_away(void **state)
{
    cpu_set_t before, after;

    (void)state;
    if (sched_getaffinity(0, sizeof before, &before) != 0)
        skip();
    for (int i = 0; i < 100; i++) {
        int taken[] = {dlcore_cpu_current(), -1};

        dlcore_cpu_leave(taken, 2);
    }
    assert_int_equal(sched_getaffinity(0, sizeof after, &after), 0);
    assert_true(CPU_EQUAL(&before, &after));
}

/* The kernel moves the thread before it answers, and then may move it back at once. */
static void test_cpus_leave_moves_the_thread(void **state)
{
    enum { TRIES = 100 };
    int moved = 0;

    (void)state;
    if (dlcore_cpus() < 2)
        skip();
    for (int i = 0; i < TRIES; i++) {
        int here = dlcore_cpu_current();

        dlcore_cpu_leave(&here, 1);
        moved += dlcore_cpu_current() != here;
    }
    print_message("moved in %d of %d tries\n", moved, (int)TRIES);
    assert_true(moved > TRIES / 2);
}

static void test_cpus_leave_all_stays(void **state)
{
    int all[CPU_SETSIZE];
    cpu_set_t before, after;

    (void)state;
    if (sched_getaffinity(0, sizeof before, &before) != 0)
        skip();
    for (int i = 0; i < CPU_SETSIZE; i++)
        all[i] = i;
    dlcore_cpu_leave(all, CPU_SETSIZE);
    assert_int_equal(sched_getaffinity(0, sizeof after, &after), 0);
    assert_true(CPU_EQUAL(&before, &after));
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cpus_are_at_least_one),
#if defined(__linux__)
        cmocka_unit_test(test_cpus_of_a_process_that_may_use_one_are_one),
        cmocka_unit_test(test_cpus_leave_takes_nothing_away),
        cmocka_unit_test(test_cpus_leave_moves_the_thread),
        cmocka_unit_test(test_cpus_leave_all_stays),
#endif
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
