/* The gate: never more inside than its limit, alone means alone, nobody starves.
 *
 * SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <time.h>

#include "base/gate.h"

enum { THREADS = 8, ROUNDS = 3000 };

static dlcore_gate_t gate = DLCORE_GATE_INITIALIZER(1);
static atomic_uint inside, most;
static atomic_bool together; /* somebody was not alone */
static unsigned long plain;  /* guarded by being alone */

static void note_most(unsigned now)
{
    unsigned seen = atomic_load(&most);

    while (now > seen && !atomic_compare_exchange_weak(&most, &seen, now))
        continue;
}

static void *pass(void *argument)
{
    (void)argument;
    for (int i = 0; i < ROUNDS; i++) {
        dlcore_gate_enter(&gate);
        note_most(atomic_fetch_add(&inside, 1) + 1);
        if (i % 16 == 0)
            sched_yield();
        atomic_fetch_sub(&inside, 1);
        dlcore_gate_leave(&gate);
    }
    return NULL;
}

static void *pass_alone(void *argument)
{
    (void)argument;
    for (int i = 0; i < ROUNDS / 10; i++) {
        dlcore_gate_enter_alone(&gate);
        if (atomic_fetch_add(&inside, 1) != 0)
            atomic_store(&together, true);
        plain++;
        sched_yield();
        if (atomic_fetch_sub(&inside, 1) != 1)
            atomic_store(&together, true);
        dlcore_gate_leave_alone(&gate);
    }
    return NULL;
}

static void run(unsigned limit, int alone)
{
    pthread_t threads[THREADS];

    gate.limit = limit;
    atomic_store(&inside, 0);
    atomic_store(&most, 0);
    atomic_store(&together, false);
    plain = 0;
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, i < alone ? pass_alone : pass, NULL), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&gate.state.value), 0);
}

static void test_gate_limit_bounds_threads_inside(void **state)
{
    (void)state;
    run(3, 0);
    assert_true(atomic_load(&most) <= 3);
    assert_true(atomic_load(&most) >= 2);
}

static void test_gate_limit_one_is_a_lock(void **state)
{
    (void)state;
    run(1, 0);
    assert_int_equal(atomic_load(&most), 1);
}

/* Six threads come and go all the time; the two that want to be alone must get their turns. */
static void test_gate_alone_excludes_all_and_does_not_starve(void **state)
{
    (void)state;
    run(THREADS, 2);
    assert_false(atomic_load(&together));
    assert_int_equal(plain, 2 * (ROUNDS / 10));
}

static void test_gate_alone_excludes_alone(void **state)
{
    (void)state;
    run(THREADS, THREADS);
    assert_false(atomic_load(&together));
    assert_int_equal(plain, THREADS * (ROUNDS / 10));
}

static void *pass_once(void *argument)
{
    (void)argument;
    dlcore_gate_enter(&gate);
    dlcore_gate_leave(&gate);
    return NULL;
}

static void *pass_once_alone(void *argument)
{
    (void)argument;
    dlcore_gate_enter_alone(&gate);
    dlcore_gate_leave_alone(&gate);
    return NULL;
}

/* A sleeper counts itself, then falls asleep, for which it gets a moment. */
static void wait_for_sleepers(unsigned sleepers)
{
    const struct timespec moment = {.tv_nsec = 2000000};

    while (atomic_load(&gate.state.sleepers) < sleepers)
        sched_yield();
    nanosleep(&moment, NULL);
}

/* The ordinary sleeper was there first, but only the other one may come in. A wake-up that reached
 * the wrong one would be the last. */
static void test_gate_leave_wakes_who_waits_to_be_alone(void **state)
{
    pthread_t first, second;

    (void)state;
    gate.limit = 1;
    dlcore_gate_enter(&gate);
    assert_int_equal(pthread_create(&first, NULL, pass_once, NULL), 0);
    wait_for_sleepers(1);
    assert_int_equal(pthread_create(&second, NULL, pass_once_alone, NULL), 0);
    wait_for_sleepers(2);
    dlcore_gate_leave(&gate);
    pthread_join(first, NULL);
    pthread_join(second, NULL);
    assert_int_equal(atomic_load(&gate.state.value), 0);
}

static void test_gate_after_fork_forgets_other_threads(void **state)
{
    (void)state;
    gate.limit = 2;
    dlcore_gate_enter(&gate);
    dlcore_gate_enter(&gate);
    dlcore_gate_after_fork(&gate, 1);
    dlcore_gate_enter(&gate);
    dlcore_gate_leave(&gate);
    dlcore_gate_leave(&gate);
    dlcore_gate_enter_alone(&gate);
    dlcore_gate_leave_alone(&gate);
    assert_int_equal(atomic_load(&gate.state.value), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gate_limit_bounds_threads_inside),
        cmocka_unit_test(test_gate_limit_one_is_a_lock),
        cmocka_unit_test(test_gate_alone_excludes_all_and_does_not_starve),
        cmocka_unit_test(test_gate_alone_excludes_alone),
        cmocka_unit_test(test_gate_leave_wakes_who_waits_to_be_alone),
        cmocka_unit_test(test_gate_after_fork_forgets_other_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
