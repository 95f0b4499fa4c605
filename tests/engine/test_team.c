/* Teams: who runs, what a barrier orders, and what is left of a team after a fork.
 *
 * SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/float_mode.h"
#include "engine/team.h"
#include "support/posix.h"
#include "support/sanitizers.h"

enum { MOST = 8, MANY = 27 };

static dlcore_team_t *team_of(size_t threads)
{
    dlcore_team_t *team;

    assert_int_equal(dlcore_team_create(NULL, threads, &team), DLCORE_OK);
    assert_int_equal(dlcore_team_size(team), threads);
    return team;
}

static double milliseconds(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static void sleep_milliseconds(long ms)
{
    struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

    nanosleep(&pause, NULL);
}

/* Spinning ends after microseconds; a loaded machine may need longer to get there. */
static void let_all_park(void)
{
    for (int i = 0; i < 2000 && dlcore_team_awake() > 0; i++)
        sleep_milliseconds(1);
    assert_int_equal(dlcore_team_awake(), 0);
}

/* Who ran: how often, on which thread, and what it was told. */
typedef struct roll {
    atomic_uint calls[MOST];
    pthread_t thread[MOST];
    size_t workers[MOST];
} roll_t;

static void call_the_roll(void *argument, size_t worker, size_t workers)
{
    roll_t *roll = argument;

    atomic_fetch_add(&roll->calls[worker], 1);
    roll->thread[worker] = pthread_self();
    roll->workers[worker] = workers;
}

static void check_roll(roll_t *roll, size_t workers, unsigned calls)
{
    for (size_t i = 0; i < MOST; i++)
        assert_int_equal(atomic_load(&roll->calls[i]), i < workers ? calls : 0);
    assert_true(pthread_equal(roll->thread[0], pthread_self()));
    for (size_t i = 0; i < workers; i++) {
        assert_int_equal(roll->workers[i], workers);
        for (size_t j = 0; j < i; j++)
            assert_false(pthread_equal(roll->thread[i], roll->thread[j]));
    }
}

static void test_team_run_every_worker_is_called_once(void **state)
{
    dlcore_team_t *team = team_of(MOST);

    (void)state;
    for (int i = 0; i < 200; i++) {
        roll_t roll = {.calls = {0}};

        dlcore_team_run(team, MOST, call_the_roll, &roll);
        check_roll(&roll, MOST, 1);
    }
    dlcore_team_free(team);
}

static void test_team_run_subset_calls_only_those(void **state)
{
    dlcore_team_t *team = team_of(4);
    static const size_t subsets[] = {4, 1, 2, 3, 1, 4, 2, 2, 0, 3};

    (void)state;
    for (int i = 0; i < 500; i++) {
        roll_t roll = {.calls = {0}};
        size_t workers = subsets[i % 10];

        dlcore_team_run(team, workers, call_the_roll, &roll);
        check_roll(&roll, workers == 0 ? 1 : workers, 1);
    }
    dlcore_team_free(team);
}

static void test_team_run_more_workers_than_size_calls_size(void **state)
{
    dlcore_team_t *team = team_of(3);
    roll_t roll = {.calls = {0}};

    (void)state;
    dlcore_team_run(team, 7, call_the_roll, &roll);
    check_roll(&roll, 3, 1);
    dlcore_team_free(team);
}

static void test_team_size_one_and_null_run_on_caller(void **state)
{
    dlcore_team_t *teams[] = {NULL, team_of(1)};

    (void)state;
    assert_int_equal(dlcore_team_size(NULL), 1);
    for (int i = 0; i < 2; i++) {
        roll_t roll = {.calls = {0}};

        dlcore_team_run(teams[i], 4, call_the_roll, &roll);
        check_roll(&roll, 1, 1);
        dlcore_team_barrier(teams[i], 0);
        dlcore_team_free(teams[i]);
    }
}

static void test_team_create_clamps_threads(void **state)
{
    dlcore_team_t *team;

    (void)state;
    assert_int_equal(dlcore_team_create(NULL, 0, &team), DLCORE_OK);
    assert_int_equal(dlcore_team_size(team), dlcore_team_cpus());
    dlcore_team_free(team);
    assert_int_equal(dlcore_team_create(NULL, 100000, &team), DLCORE_OK);
    assert_in_range(dlcore_team_size(team), 2, 256);
    dlcore_team_free(team);
}

static void test_team_cpus_within_online(void **state)
{
    long online = sysconf(_SC_NPROCESSORS_ONLN);

    (void)state;
    assert_in_range(dlcore_team_allowed_cpus(), 1, online > 256 ? 256 : online);
    assert_in_range(dlcore_team_cpus(), 1, dlcore_team_allowed_cpus());
}

/* --- barrier ------------------------------------------------------------------------------------
 */

typedef struct exchange {
    dlcore_team_t *team;
    unsigned long value[MANY]; /* each written by its worker, read by all */
    unsigned rounds;
    bool uneven; /* some workers are slow in some rounds */
    atomic_uint wrong;
} exchange_t;

/* In every round each worker adds up what all of them wrote in the round before. A worker that
 * ran ahead or lagged behind would make a wrong sum, in its own or another's eyes. */
static void exchange_sums(void *argument, size_t worker, size_t workers)
{
    exchange_t *exchange = argument;

    for (unsigned round = 0; round < exchange->rounds; round++) {
        unsigned long sum = 0;

        if (exchange->uneven && (round + worker) % 7 == 0)
            sleep_milliseconds(worker % 2 == 0 ? 0 : 3);
        exchange->value[worker] = (unsigned long)(round * (worker + 1));
        dlcore_team_barrier(exchange->team, worker);
        for (size_t i = 0; i < workers; i++)
            sum += exchange->value[i];
        if (sum != (unsigned long)round * (workers * (workers + 1) / 2))
            atomic_fetch_add(&exchange->wrong, 1);
        dlcore_team_barrier(exchange->team, worker);
    }
}

static void exchange(size_t size, size_t workers, unsigned rounds, bool uneven)
{
    exchange_t data = {.team = team_of(size), .rounds = rounds, .uneven = uneven};

    dlcore_team_run(data.team, workers, exchange_sums, &data);
    dlcore_team_run(data.team, workers, exchange_sums, &data);
    assert_int_equal(atomic_load(&data.wrong), 0);
    dlcore_team_free(data.team);
}

static void test_team_barrier_orders_rounds(void **state)
{
    (void)state;
    exchange(2, 2, 20000, false);
    exchange(3, 3, 1000, false);
    exchange(MOST, MOST, 500, false);
}

static void test_team_barrier_subset_waits_only_for_it(void **state)
{
    (void)state;
    exchange(4, 2, 2000, false);
    exchange(4, 3, 500, false);
    exchange(4, 1, 500, false);
}

/* More than arrive at one counter: whole groups, and a last one of 1 and of 3. */
static void test_team_barrier_orders_rounds_of_many(void **state)
{
    (void)state;
    exchange(9, 9, 200, false);
    exchange(MANY, 16, 100, false);
    exchange(MANY, 17, 100, false);
    exchange(MANY, MANY, 100, false);
    exchange(MANY, MANY, 7, true);
}

/* Waits longer than any spinning lasts, so that barriers park. */
static void test_team_barrier_slow_worker_is_waited_for(void **state)
{
    (void)state;
    exchange(2, 2, 30, true);
    exchange(5, 5, 30, true);
}

/* --- what a run costs and brings along ----------------------------------------------------------
 */

static void nothing(void *argument, size_t worker, size_t workers)
{
    (void)argument;
    (void)worker;
    (void)workers;
}

/* A single worker that spins would use all of the pause. */
static void test_team_idle_parks_and_costs_nothing(void **state)
{
    dlcore_team_t *team = team_of(4);
    double before;

    (void)state;
    for (int i = 0; i < 20; i++)
        dlcore_team_run(team, 4, nothing, NULL);
    let_all_park();
    before = milliseconds(CLOCK_PROCESS_CPUTIME_ID);
    sleep_milliseconds(400);
    assert_true(milliseconds(CLOCK_PROCESS_CPUTIME_ID) - before < 100.0);
    dlcore_team_free(team);
}

/* Nobody leaves before the caller has read the number, and it reads when all are here. */
typedef struct census {
    dlcore_team_t *team;
    size_t awake;
} census_t;

static void take_census(void *argument, size_t worker, size_t workers)
{
    census_t *census = argument;

    (void)workers;
    dlcore_team_barrier(census->team, worker);
    if (worker == 0)
        census->awake = dlcore_team_awake();
    dlcore_team_barrier(census->team, worker);
}

static void test_team_awake_counts_callers_and_unparked_workers(void **state)
{
    dlcore_team_t *first = team_of(4), *second = team_of(3);
    census_t census = {.team = first};

    (void)state;
    assert_int_equal(dlcore_team_awake(), 0);
    for (int i = 0; i < 3; i++) {
        dlcore_team_run(first, 4, nothing, NULL);
        dlcore_team_run(second, 2, nothing, NULL);
        assert_in_range(dlcore_team_awake(), 0, 6);
        let_all_park();
    }
    dlcore_team_run(first, 3, take_census, &census);
    assert_int_equal(census.awake, 3);
    let_all_park();
    dlcore_team_run(first, 2, take_census, &census);
    assert_int_equal(census.awake, 2);
    dlcore_team_free(first);
    dlcore_team_free(second);
    assert_int_equal(dlcore_team_awake(), 0);
}

static void test_team_run_after_parking_wakes_everyone(void **state)
{
    dlcore_team_t *team = team_of(4);

    (void)state;
    for (int i = 0; i < 20; i++) {
        roll_t roll = {.calls = {0}};

        sleep_milliseconds(2);
        dlcore_team_run(team, 4, call_the_roll, &roll);
        check_roll(&roll, 4, 1);
    }
    dlcore_team_free(team);
}

static void read_modes(void *argument, size_t worker, size_t workers)
{
    dlcore_float_mode_t *modes = argument;

    (void)workers;
    modes[worker] = dlcore_float_mode_get();
}

static void test_team_run_workers_inherit_float_mode(void **state)
{
    dlcore_team_t *team = team_of(3);
    dlcore_float_mode_t modes[3], host = dlcore_float_mode_get();
    dlcore_float_mode_t before = dlcore_float_mode_enter(true);
    dlcore_float_mode_t ours = dlcore_float_mode_get();

    (void)state;
    dlcore_team_run(team, 3, read_modes, modes);
    dlcore_float_mode_leave(before);
    for (int i = 0; i < 3; i++)
        assert_true(modes[i] == ours);
    dlcore_team_run(team, 3, read_modes, modes);
    for (int i = 0; i < 3; i++)
        assert_true(modes[i] == host);
    dlcore_team_free(team);
}

static void read_mask(void *argument, size_t worker, size_t workers)
{
    (void)workers;
    if (worker == 1)
        pthread_sigmask(SIG_BLOCK, NULL, argument);
}

static void test_team_workers_block_signals_except_faults(void **state)
{
    static const int blocked[] = {SIGINT, SIGTERM, SIGUSR1, SIGALRM, SIGCHLD, SIGHUP, SIGPIPE};
    static const int open[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL};
    sigset_t before, after, worker;
    dlcore_team_t *team;

    (void)state;
    if (!HAS_SIGNALS)
        skip();
    sigemptyset(&before);
    sigaddset(&before, SIGCHLD);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    team = team_of(2);
    pthread_sigmask(SIG_BLOCK, NULL, &after);
    dlcore_team_run(team, 2, read_mask, &worker);
    for (size_t i = 0; i < sizeof blocked / sizeof blocked[0]; i++) {
        assert_int_equal(sigismember(&worker, blocked[i]), 1);
        assert_int_equal(sigismember(&after, blocked[i]), sigismember(&before, blocked[i]));
    }
    for (size_t i = 0; i < sizeof open / sizeof open[0]; i++)
        assert_int_equal(sigismember(&worker, open[i]), 0);
    dlcore_team_free(team);
}

/* --- memory and other limits --------------------------------------------------------------------
 */

typedef struct counter {
    int allocations, live, fail_at;
} counter_t;

static void *count_allocate(void *user, size_t size)
{
    counter_t *counter = user;

    if (counter->allocations++ == counter->fail_at)
        return NULL;
    counter->live++;
    return malloc(size);
}

static void count_release(void *user, void *memory)
{
    counter_t *counter = user;

    counter->live--;
    free(memory);
}

static void test_team_create_without_memory_fails_cleanly(void **state)
{
    counter_t counter = {.fail_at = 0};
    dlcore_allocator_t allocator = {count_allocate, count_release, &counter};
    dlcore_team_t *team = NULL;
    int failures = 0;

    (void)state;
    while (dlcore_team_create(&allocator, 3, &team) != DLCORE_OK) {
        assert_null(team);
        assert_int_equal(counter.live, 0);
        counter.allocations = 0;
        counter.fail_at++;
        failures++;
        assert_true(failures < 10);
    }
    assert_int_equal(failures, 2);
    assert_int_equal(dlcore_team_size(team), 3);
    dlcore_team_free(team);
    assert_int_equal(counter.live, 0);
}

static void test_team_run_allocates_nothing(void **state)
{
    counter_t counter = {.fail_at = -1};
    dlcore_allocator_t allocator = {count_allocate, count_release, &counter};
    dlcore_team_t *team;
    int after_create;

    (void)state;
    assert_int_equal(dlcore_team_create(&allocator, 3, &team), DLCORE_OK);
    after_create = counter.allocations;
    for (int i = 0; i < 100; i++)
        dlcore_team_run(team, (size_t)i % 4, nothing, NULL);
    assert_int_equal(counter.allocations, after_create);
    dlcore_team_free(team);
}

/* Runs `check` in a child; a child that hangs is killed by its alarm. */
static void in_child(bool (*check)(dlcore_team_t *team), dlcore_team_t *team)
{
    int status;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        alarm(20);
        _exit(check(team) ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void add_one(void *argument, size_t worker, size_t workers)
{
    (void)worker;
    (void)workers;
    atomic_fetch_add((atomic_uint *)argument, 1);
}

static bool runs_in_full(dlcore_team_t *team, size_t workers)
{
    atomic_uint calls = 0;

    dlcore_team_run(team, workers, add_one, &calls);
    dlcore_team_run(team, workers, add_one, &calls);
    return atomic_load(&calls) == 2 * workers;
}

static bool few_threads_make_a_smaller_team(dlcore_team_t *unused)
{
    struct rlimit memory = {48u << 20, 48u << 20};
    dlcore_team_t *team;
    bool good;

    (void)unused;
    if (setrlimit(RLIMIT_AS, &memory) != 0 || dlcore_team_create(NULL, 256, &team) != DLCORE_OK)
        return false;
    good = dlcore_team_size(team) < 256 && runs_in_full(team, dlcore_team_size(team));
    dlcore_team_free(team);
    return good;
}

static void test_team_create_fewer_threads_than_asked_is_smaller(void **state)
{
    (void)state;
    if (ADDRESS_SANITIZER || THREAD_SANITIZER || MEMORY_SANITIZER)
        skip(); /* they reserve terabytes of addresses, or end the process */
    in_child(few_threads_make_a_smaller_team, NULL);
}

/* --- fork ---------------------------------------------------------------------------------------
 */

static bool child_runs_and_frees(dlcore_team_t *team)
{
    bool good = dlcore_team_awake() == 0 && runs_in_full(team, 3) && runs_in_full(team, 2);

    dlcore_team_free(team);
    return good && dlcore_team_awake() == 0;
}

static bool child_only_frees(dlcore_team_t *team)
{
    dlcore_team_free(team);
    return true;
}

static bool child_forks_again(dlcore_team_t *team)
{
    int status;
    pid_t child;

    if (!runs_in_full(team, 3))
        return false;
    child = fork();
    if (child == 0)
        _exit(child_runs_and_frees(team) ? 0 : 1);
    if (waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return false;
    return runs_in_full(team, 3) && child_only_frees(team);
}

static void test_team_fork_child_runs_and_frees(void **state)
{
    dlcore_team_t *team = team_of(3);

    (void)state;
    if (!HAS_FORKS)
        skip();
    if (THREAD_SANITIZER)
        skip();
    in_child(child_runs_and_frees, team); /* before its first run */
    for (int i = 0; i < 20; i++) {
        assert_true(runs_in_full(team, 3));
        if (i % 2 == 0)
            sleep_milliseconds(1); /* workers parked, else awake */
        in_child(child_runs_and_frees, team);
        in_child(child_only_frees, team);
    }
    in_child(child_forks_again, team);
    assert_true(runs_in_full(team, 3));
    dlcore_team_free(team);
}

typedef struct busy_host {
    dlcore_team_t *team;
    atomic_bool stop;
    atomic_bool good;
} busy_host_t;

static void *keep_running(void *argument)
{
    busy_host_t *host = argument;

    while (!atomic_load(&host->stop)) {
        if (!runs_in_full(host->team, 3))
            atomic_store(&host->good, false);
    }
    return NULL;
}

/* The fork catches the other thread's run anywhere: in the middle of work, of a store, of a lock.
 */
static void test_team_fork_during_run_of_another_thread(void **state)
{
    busy_host_t host = {.team = team_of(3), .good = true};
    dlcore_team_t *own = team_of(3);
    pthread_t thread;

    (void)state;
    if (!HAS_FORKS)
        skip();
    if (THREAD_SANITIZER)
        skip();
    assert_int_equal(pthread_create(&thread, NULL, keep_running, &host), 0);
    for (int i = 0; i < 100; i++) {
        in_child(child_runs_and_frees, host.team);
        in_child(child_runs_and_frees, own);
    }
    atomic_store(&host.stop, true);
    pthread_join(thread, NULL);
    assert_true(atomic_load(&host.good));
    dlcore_team_free(host.team);
    dlcore_team_free(own);
}

/* --- many at once -------------------------------------------------------------------------------
 */

static void *one_of_many(void *argument)
{
    exchange_t data = {.rounds = 50};

    if (dlcore_team_create(NULL, 4, &data.team) != DLCORE_OK)
        return NULL;
    for (int i = 0; i < 20; i++)
        dlcore_team_run(data.team, 4, exchange_sums, &data);
    dlcore_team_free(data.team);
    if (atomic_load(&data.wrong) == 0)
        atomic_fetch_add((atomic_uint *)argument, 1);
    return NULL;
}

/* 16 teams of 4 with nothing to do but meet, on few CPUs: 32,000 barriers, most of them waiting for
 * a thread that is not running. */
static void test_team_many_teams_at_once_finish_promptly(void **state)
{
    enum { TEAMS = 16 };
    pthread_t threads[TEAMS];
    atomic_uint good = 0;
    double start = milliseconds(CLOCK_MONOTONIC);

    (void)state;
    for (int i = 0; i < TEAMS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, one_of_many, &good), 0);
    for (int i = 0; i < TEAMS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&good), TEAMS);
    assert_true(milliseconds(CLOCK_MONOTONIC) - start < 30000.0);
    assert_int_equal(dlcore_team_awake(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_team_run_every_worker_is_called_once),
        cmocka_unit_test(test_team_run_subset_calls_only_those),
        cmocka_unit_test(test_team_run_more_workers_than_size_calls_size),
        cmocka_unit_test(test_team_size_one_and_null_run_on_caller),
        cmocka_unit_test(test_team_create_clamps_threads),
        cmocka_unit_test(test_team_cpus_within_online),
        cmocka_unit_test(test_team_barrier_orders_rounds),
        cmocka_unit_test(test_team_barrier_orders_rounds_of_many),
        cmocka_unit_test(test_team_barrier_subset_waits_only_for_it),
        cmocka_unit_test(test_team_barrier_slow_worker_is_waited_for),
        cmocka_unit_test(test_team_idle_parks_and_costs_nothing),
        cmocka_unit_test(test_team_awake_counts_callers_and_unparked_workers),
        cmocka_unit_test(test_team_run_after_parking_wakes_everyone),
        cmocka_unit_test(test_team_run_workers_inherit_float_mode),
        cmocka_unit_test(test_team_workers_block_signals_except_faults),
        cmocka_unit_test(test_team_create_without_memory_fails_cleanly),
        cmocka_unit_test(test_team_run_allocates_nothing),
        cmocka_unit_test(test_team_create_fewer_threads_than_asked_is_smaller),
        cmocka_unit_test(test_team_fork_child_runs_and_frees),
        cmocka_unit_test(test_team_fork_during_run_of_another_thread),
        cmocka_unit_test(test_team_many_teams_at_once_finish_promptly),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
