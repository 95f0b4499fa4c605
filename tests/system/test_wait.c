/* Sleeping until a number changes: no wake-up is lost, all or at least one wake, and a child of
 * fork begins without sleepers.
 *
 * SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <time.h>

#include "support/posix.h"
#include "support/sanitizers.h"
#include "system/wait.h"

enum { ROUNDS = 20000, SLEEPERS = 8 };

static const struct timespec moment = {.tv_nsec = 1000000};

static void sleep_while(atomic_uint *word, unsigned old)
{
    while (atomic_load(word) == old)
        dlcore_wait(word, old);
}

static void test_wait_other_value_returns_at_once(void **state)
{
    atomic_uint word = 7;

    (void)state;
    errno = 99;
    dlcore_wait(&word, 6);
    dlcore_wake(&word, true);
    assert_int_equal(errno, 99);
}

typedef struct pair {
    _Alignas(64) atomic_uint ping;
    _Alignas(64) atomic_uint pong;
} pair_t;

static void *answer(void *argument)
{
    pair_t *pair = argument;

    for (unsigned i = 0; i < ROUNDS; i++) {
        sleep_while(&pair->ping, i);
        atomic_store(&pair->pong, i + 1);
        dlcore_wake(&pair->pong, false);
    }
    return NULL;
}

static void test_wait_never_loses_a_wake(void **state)
{
    pair_t pair = {0};
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, answer, &pair), 0);
    for (unsigned i = 0; i < ROUNDS; i++) {
        atomic_store(&pair.ping, i + 1);
        dlcore_wake(&pair.ping, false);
        sleep_while(&pair.pong, i);
    }
    assert_int_equal(pthread_join(thread, NULL), 0);
}

static atomic_uint shared, asleep, awake;

static void *sleep_on_shared(void *unused)
{
    (void)unused;
    atomic_fetch_add(&asleep, 1);
    sleep_while(&shared, 0);
    atomic_fetch_add(&awake, 1);
    return NULL;
}

static void test_wait_wake_all_wakes_all(void **state)
{
    pthread_t threads[SLEEPERS];

    (void)state;
    for (int i = 0; i < SLEEPERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, sleep_on_shared, NULL), 0);
    while (atomic_load(&asleep) < SLEEPERS)
        nanosleep(&moment, NULL);
    nanosleep(&moment, NULL);
    assert_int_equal(atomic_load(&awake), 0);
    atomic_store(&shared, 1);
    dlcore_wake(&shared, true);
    for (int i = 0; i < SLEEPERS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(atomic_load(&awake), SLEEPERS);
}

static atomic_uint long_word;

static void *sleep_long(void *argument)
{
    struct timespec used;

    sleep_while(&long_word, 0);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    *(double *)argument = (double)used.tv_sec + 1e-9 * (double)used.tv_nsec;
    return NULL;
}

/* A wait that spins uses all of the pause that it gets; one that sleeps, microseconds. */
static void test_wait_uses_no_cpu(void **state)
{
    const struct timespec pause = {.tv_nsec = 400000000};
    double seconds = 1.0;
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, sleep_long, &seconds), 0);
    nanosleep(&pause, NULL);
    atomic_store(&long_word, 1);
    dlcore_wake(&long_word, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_true(seconds < 0.1);
}

/* A thread of the parent's sleeps on a word, which the child uses for its own purposes. */
static atomic_uint across;

static void *sleep_across(void *unused)
{
    (void)unused;
    sleep_while(&across, 0);
    return NULL;
}

static void *change_across(void *unused)
{
    (void)unused;
    nanosleep(&moment, NULL);
    atomic_store(&across, 1);
    dlcore_wake(&across, true);
    return NULL;
}

static void test_wait_child_of_fork_waits_and_wakes(void **state)
{
    pthread_t sleeper;
    pid_t child;
    int status = -1;

    (void)state;
    if (!HAS_FORKS)
        skip();
    if (THREAD_SANITIZER) /* it ends such children */
        skip();
    assert_int_equal(pthread_create(&sleeper, NULL, sleep_across, NULL), 0);
    for (int i = 0; i < 20; i++) {
        nanosleep(&moment, NULL);
        child = fork();
        if (child == 0) {
            pthread_t changer;

            alarm(20);
            if (pthread_create(&changer, NULL, change_across, NULL) != 0)
                _exit(2);
            sleep_while(&across, 0);
            _exit(pthread_join(changer, NULL) == 0 ? 0 : 3);
        }
        assert_true(child > 0);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
    }
    assert_int_equal(atomic_load(&across), 0);
    (void)change_across(NULL);
    assert_int_equal(pthread_join(sleeper, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wait_other_value_returns_at_once),
        cmocka_unit_test(test_wait_never_loses_a_wake),
        cmocka_unit_test(test_wait_wake_all_wakes_all),
        cmocka_unit_test(test_wait_uses_no_cpu),
        cmocka_unit_test(test_wait_child_of_fork_waits_and_wakes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
