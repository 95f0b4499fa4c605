/* Where the threads of a team run: each on a CPU of its own where there are enough, free to go
 * anywhere that the process may.
 *
 * SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* sched_getaffinity */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine/team.h"

enum { RUNS = 200 };

typedef struct seen {
    cpu_set_t host;
    atomic_int restricted; /* runs in which a worker might not go everywhere */
    int cpu[2];
    int together; /* runs that both workers spent on one CPU */
} seen_t;

static void look(void *argument, size_t worker, size_t workers)
{
    seen_t *seen = argument;
    cpu_set_t mine;

    (void)workers;
    if (sched_getaffinity(0, sizeof mine, &mine) == 0 && !CPU_EQUAL(&mine, &seen->host))
        atomic_fetch_add(&seen->restricted, 1);
    if (worker < 2)
        seen->cpu[worker] = sched_getcpu();
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

/* Other programs may crowd the CPUs at any time: most runs, not all. */
static void test_team_of_two_runs_on_two_cpus(void **state)
{
    dlcore_team_t *team = NULL;
    seen_t seen = {.together = 0};

    (void)state;
    if (dlcore_team_cpus() < 2)
        skip();
    assert_int_equal(sched_getaffinity(0, sizeof seen.host, &seen.host), 0);
    assert_int_equal(dlcore_team_create(NULL, 2, &team), DLCORE_OK);
    for (int i = 0; i < RUNS; i++) {
        dlcore_team_run(team, 2, look, &seen);
        seen.together += seen.cpu[0] == seen.cpu[1];
    }
    assert_true(seen.together < RUNS / 2);
    dlcore_team_free(team);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_team_workers_stay_free_to_run_anywhere),
        cmocka_unit_test(test_team_of_two_runs_on_two_cpus),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
