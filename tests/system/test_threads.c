/* Threads: they run and end, leave signals to the host, and once is once, also after a fork.
 *
 * SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdbool.h>

#include "support/posix.h"
#include "system/threads.h"

typedef struct seen {
    uintptr_t self;
    sigset_t blocked;
} seen_t;

static void look(void *argument)
{
    seen_t *seen = argument;

    seen->self = dlcore_thread_current();
    pthread_sigmask(SIG_SETMASK, NULL, &seen->blocked);
}

static void test_threads_start_runs_on_a_thread_of_its_own(void **state)
{
    static const size_t stacks[] = {0, 1, (size_t)1 << 20};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        dlcore_thread_t thread;
        seen_t seen = {.self = 0};

        assert_int_equal(dlcore_thread_start(&thread, stacks[i], look, &seen), 0);
        dlcore_thread_join(&thread);
        assert_int_not_equal(seen.self, 0);
        assert_int_not_equal(seen.self, dlcore_thread_current());
    }
    assert_int_not_equal(dlcore_thread_current(), 0);
    assert_int_equal(dlcore_thread_current(), dlcore_thread_current());
}

static void test_threads_block_signals_but_those_of_faults(void **state)
{
    dlcore_thread_t thread;
    seen_t seen;
    sigset_t before, after;

    (void)state;
    if (!HAS_SIGNALS)
        skip();
    pthread_sigmask(SIG_SETMASK, NULL, &before);
    assert_int_equal(dlcore_thread_start(&thread, 0, look, &seen), 0);
    dlcore_thread_join(&thread);
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    assert_int_equal(sigismember(&seen.blocked, SIGINT), 1);
    assert_int_equal(sigismember(&seen.blocked, SIGUSR1), 1);
    assert_int_equal(sigismember(&seen.blocked, SIGSEGV), 0);
    assert_int_equal(sigismember(&seen.blocked, SIGABRT), 0);
    assert_int_equal(sigismember(&after, SIGINT), sigismember(&before, SIGINT));
}

static dlcore_once_t once;
static atomic_uint calls;

static void count_slowly(void)
{
    for (int i = 0; i < 1000; i++)
        dlcore_thread_yield();
    atomic_fetch_add(&calls, 1);
}

static void call_once(void *argument)
{
    dlcore_once(&once, count_slowly);
    *(unsigned *)argument = atomic_load(&calls);
}

static void test_threads_once_runs_once_and_all_wait_for_it(void **state)
{
    dlcore_thread_t threads[8];
    unsigned found[8] = {0};

    (void)state;
    for (int i = 0; i < 8; i++)
        assert_int_equal(dlcore_thread_start(&threads[i], 0, call_once, &found[i]), 0);
    for (int i = 0; i < 8; i++)
        dlcore_thread_join(&threads[i]);
    for (int i = 0; i < 8; i++)
        assert_int_equal(found[i], 1);
}

/* ---- forks ---- */

static dlcore_once_t stuck, later;
static atomic_bool inside, leave;
static int before, in_parent, in_child;

static void wait_inside(void)
{
    atomic_store(&inside, true);
    while (!atomic_load(&leave))
        dlcore_thread_yield();
}

static void get_stuck(void *unused)
{
    (void)unused;
    dlcore_once(&stuck, wait_inside);
}

static void nothing(void) {}

static int exit_of(pid_t child)
{
    int status = -1;

    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void test_threads_fork_while_another_is_in_once_leaves_once_usable(void **state)
{
    dlcore_thread_t thread;
    pid_t child;

    (void)state;
    if (!HAS_FORKS)
        skip();
    assert_int_equal(dlcore_thread_start(&thread, 0, get_stuck, NULL), 0);
    while (!atomic_load(&inside))
        dlcore_thread_yield();
    child = fork();
    if (child == 0) {
        alarm(20);
        dlcore_once(&later, nothing);
        atomic_store(&leave, true);
        dlcore_once(&stuck, wait_inside); /* nobody has finished it here */
        _exit(0);
    }
    assert_int_equal(exit_of(child), 0);
    atomic_store(&leave, true);
    dlcore_thread_join(&thread);
}

static void count_before(void)
{
    before++;
}

static void count_in_parent(void)
{
    in_parent++;
}

static void count_in_child(void)
{
    in_child++;
}

static void test_threads_watch_forks_calls_each_where_it_belongs(void **state)
{
    pid_t child;

    (void)state;
    dlcore_watch_forks(count_before, count_in_parent, count_in_child);
    dlcore_watch_forks(NULL, NULL, NULL);
    child = fork();
    if (child == 0)
        _exit(before == 1 && in_parent == 0 && in_child == 1 ? 0 : 1);
    assert_int_equal(exit_of(child), 0);
    assert_int_equal(before, 1);
    assert_int_equal(in_parent, 1);
    assert_int_equal(in_child, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_threads_start_runs_on_a_thread_of_its_own),
        cmocka_unit_test(test_threads_block_signals_but_those_of_faults),
        cmocka_unit_test(test_threads_once_runs_once_and_all_wait_for_it),
        cmocka_unit_test(test_threads_fork_while_another_is_in_once_leaves_once_usable),
        cmocka_unit_test(test_threads_watch_forks_calls_each_where_it_belongs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
