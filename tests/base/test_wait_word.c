/* Wait words: stores wake sleepers, patience ends, no wake-up is lost.
 *
 * SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <time.h>

#include "base/wait_word.h"

static atomic_size_t nobody, everybody = 1000;

static const dlcore_patience_t patient = {
    .busy = &nobody, .cpus = 1, .spin_ns = 20000000, .yield_ns = 20000000};
static const dlcore_patience_t among_many = {
    .busy = &everybody, .cpus = 1, .spin_ns = 200000000, .yield_ns = 200000000};

static double milliseconds(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static void test_wait_word_spin_changed_value_answers_at_once(void **state)
{
    dlcore_wait_word_t word;

    (void)state;
    dlcore_wait_word_init(&word);
    dlcore_wait_word_store(&word, 7);
    assert_true(dlcore_wait_word_spin(&word, 6, &patient));
    dlcore_wait_word_park(&word, 6);
}

static void test_wait_word_spin_waits_as_long_as_patience_says(void **state)
{
    dlcore_wait_word_t word;
    double start, waited;

    (void)state;
    dlcore_wait_word_init(&word);
    start = milliseconds(CLOCK_MONOTONIC);
    assert_false(dlcore_wait_word_spin(&word, 0, &patient));
    waited = milliseconds(CLOCK_MONOTONIC) - start;
    assert_true(waited >= 40.0);
    assert_true(waited < 30000.0); /* it ends; a busy machine may take its time */
}

/* Its patience is 400 ms, all of which it would use; eight yields are microseconds. */
static void test_wait_word_spin_in_crowd_gives_up_soon(void **state)
{
    dlcore_wait_word_t word;
    double start;

    (void)state;
    dlcore_wait_word_init(&word);
    start = milliseconds(CLOCK_THREAD_CPUTIME_ID);
    assert_false(dlcore_wait_word_spin(&word, 0, &among_many));
    assert_true(milliseconds(CLOCK_THREAD_CPUTIME_ID) - start < 100.0);
}

enum { ROUNDS = 20000 };

typedef struct pair {
    dlcore_wait_word_t ping, pong;
} pair_t;

static void *answer(void *argument)
{
    pair_t *pair = argument;

    for (unsigned i = 0; i < ROUNDS; i++) {
        dlcore_wait_word_park(&pair->ping, i);
        dlcore_wait_word_store(&pair->pong, i + 1);
    }
    return NULL;
}

/* Each side parks without spinning in every round: a wake-up lost between the look at the value
 * and the sleep would stop both for good. */
static void test_wait_word_park_never_loses_a_store(void **state)
{
    pair_t pair;
    pthread_t thread;

    (void)state;
    dlcore_wait_word_init(&pair.ping);
    dlcore_wait_word_init(&pair.pong);
    assert_int_equal(pthread_create(&thread, NULL, answer, &pair), 0);
    for (unsigned i = 0; i < ROUNDS; i++) {
        dlcore_wait_word_store(&pair.ping, i + 1);
        dlcore_wait_word_park(&pair.pong, i);
        assert_int_equal(atomic_load(&pair.pong.value), i + 1);
    }
    pthread_join(thread, NULL);
}

static atomic_uint awake;

static void *sleep_on(void *argument)
{
    dlcore_wait_word_park(argument, 0);
    atomic_fetch_add(&awake, 1);
    return NULL;
}

static void test_wait_word_store_wakes_all_sleepers(void **state)
{
    dlcore_wait_word_t word;
    pthread_t threads[8];
    struct timespec pause = {.tv_nsec = 1000000};

    (void)state;
    dlcore_wait_word_init(&word);
    for (int i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, sleep_on, &word), 0);
    while (atomic_load(&word.sleepers) < 8)
        nanosleep(&pause, NULL);
    assert_int_equal(atomic_load(&awake), 0);
    dlcore_wait_word_store(&word, 1);
    for (int i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&awake), 8);
    assert_int_equal(atomic_load(&word.sleepers), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wait_word_spin_changed_value_answers_at_once),
        cmocka_unit_test(test_wait_word_spin_waits_as_long_as_patience_says),
        cmocka_unit_test(test_wait_word_spin_in_crowd_gives_up_soon),
        cmocka_unit_test(test_wait_word_park_never_loses_a_store),
        cmocka_unit_test(test_wait_word_store_wakes_all_sleepers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
