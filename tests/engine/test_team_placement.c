/* Where the threads of a team run: each on a CPU of its own where there are enough, free to go
 * anywhere that the process may.
 *
 * SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* sched_getaffinity */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "engine/team.h"

enum { RUNS = 200 };

typedef struct seen {
    cpu_set_t host;
    atomic_int restricted; /* runs in which a worker might not go everywhere */
    int cpu[2];
    int together;      /* runs that both workers spent on one CPU */
    long long work_ns; /* that a run takes */
} seen_t;

static long long now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void look(void *argument, size_t worker, size_t workers)
{
    seen_t *seen = argument;
    cpu_set_t mine;

    (void)workers;
    if (sched_getaffinity(0, sizeof mine, &mine) == 0 && !CPU_EQUAL(&mine, &seen->host))
        atomic_fetch_add(&seen->restricted, 1);
    if (worker < 2)
        seen->cpu[worker] = sched_getcpu();
    for (long long begin = now_ns(); now_ns() - begin < seen->work_ns;)
        continue;
}

static void test_team_workers_stay_free_to_run_anywhere(void **state)
{
    dlcore_team_t *team = NULL;
    seen_t seen = {.together = 0};

    (void)state;
    assert_int_equal(sched_getaffinity(0, sizeof seen.host, &seen.host), 0);
    assert_int_equal(dlcore_team_create(NULL, 4, &team), DLCORE_OK);
    for (int i = 0; i < RUNS; i++)
        dlcore_team_run(team, dlcore_team_size(team), look, &seen);
    assert_int_equal(atomic_load(&seen.restricted), 0);
    dlcore_team_free(team);
}

/* How long the CPUs that this process may use have been idle, all together, in the kernel's ticks
 * of 10 ms; -1 where it does not say. */
static long long idle_ticks(const cpu_set_t *host)
{
    FILE *file = fopen("/proc/stat", "r");
    long long total = -1, user, nice, system, idle;
    char line[512];
    int cpu;

    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "cpu%d %lld %lld %lld %lld", &cpu, &user, &nice, &system, &idle) == 5 &&
            cpu >= 0 && cpu < CPU_SETSIZE && CPU_ISSET((size_t)cpu, host))
            total = (total < 0 ? 0 : total) + idle;
    }
    if (file != NULL)
        fclose(file);
    return total;
}

/* A team that begins anew and works for some 20 ms: whether its two threads spent most of that on
 * one CPU, and so twice as long, while another CPU was idle. */
static bool crowds(const cpu_set_t *host)
{
    enum { SHORT_RUNS = 40 };
    seen_t seen = {.host = *host, .work_ns = 500000};
    dlcore_team_t *team = NULL;
    long long idle = idle_ticks(host);

    assert_int_equal(dlcore_team_create(NULL, 2, &team), DLCORE_OK);
    for (int i = 0; i < SHORT_RUNS; i++) {
        dlcore_team_run(team, 2, look, &seen);
        seen.together += seen.cpu[0] == seen.cpu[1];
    }
    dlcore_team_free(team);
    return seen.together > SHORT_RUNS / 2 && idle_ticks(host) - idle >= 3;
}

/* Where other programs want the CPUs, too, the kernel may well put both threads on one; but then no
 * CPU is idle. A test that counted on two CPUs alone failed on a busy machine. */
static void test_team_of_two_leaves_no_cpu_idle(void **state)
{
    enum { TRIES = 12 };
    cpu_set_t host;
    int crowded = 0;

    (void)state;
    assert_int_equal(sched_getaffinity(0, sizeof host, &host), 0);
    if (dlcore_team_cpus() < 2 || idle_ticks(&host) < 0)
        skip();
    for (int i = 0; i < TRIES && crowded == i; i++) /* one good try will do */
        crowded += crowds(&host);
    assert_true(crowded < TRIES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_team_workers_stay_free_to_run_anywhere),
        cmocka_unit_test(test_team_of_two_leaves_no_cpu_idle),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
