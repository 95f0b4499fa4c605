/* A team of threads that run one function together, and meet at barriers.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_ENGINE_TEAM_H
#define DLCORE_ENGINE_TEAM_H

#include "system/compiler.h"

#include <stddef.h>

#include "dlcore/status.h"

DLCORE_HIDDEN_BEGIN

typedef struct dlcore_team dlcore_team_t;

/* What a team runs: every worker calls it once, with its number 0 .. workers-1. */
typedef void (*dlcore_team_work_t)(void *argument, size_t worker, size_t workers);

/* A team of `threads` (1 .. 256; more is 256, 0 is dlcore_team_cpus), the calling thread counted:
 * makes threads - 1 threads, parked. They block all signals but those of their own faults (SIGSEGV
 * and the like). Where the system gives fewer threads, the team is smaller: ask dlcore_team_size.
 * Fails only without memory. */
dlcore_status dlcore_team_create(const dlcore_allocator_t *allocator, size_t threads,
                                 dlcore_team_t **team);

/* Ends and joins the threads. NULL is fine. In a child process made by fork, where the threads do
 * not exist, frees only memory. */
void dlcore_team_free(dlcore_team_t *team);

/* How many forks lie between this process and the one that first asked: a thread that was made at
 * another number stayed with a parent process. */
unsigned dlcore_team_forks(void);

/* Workers in the team; 1 for NULL, which is a team of the caller alone. */
size_t dlcore_team_size(const dlcore_team_t *team);

/* Runs `work` on the first `workers` of the team, the caller as worker 0, and returns when all have
 * returned. More than its size means its size, 0 means 1: work is told how many run. One run at a
 * time; work must not fork. After a fork the child's first run makes its threads anew, fewer where
 * the system gives fewer. Workers inherit the caller's floating-point control (rounding,
 * flush-to-zero) for the run. */
void dlcore_team_run(dlcore_team_t *team, size_t workers, dlcore_team_work_t work, void *argument);

/* Waits until every worker of the current run is here; `worker` is the caller's number. Only from
 * within work, by all of them. A full memory barrier. NULL, or a run with one worker: returns at
 * once. */
void dlcore_team_barrier(dlcore_team_t *team, size_t worker);

/* A worker's place in a run. */
typedef struct dlcore_place {
    dlcore_team_t *team; /* NULL: alone */
    size_t worker, workers;
} dlcore_place_t;

static inline void dlcore_place_meet(const dlcore_place_t *place)
{
    if (place->workers > 1)
        dlcore_team_barrier(place->team, place->worker);
}

/* CPUs that this process may run on by its affinity, at least 1, at most 256: a call of the system.
 */
size_t dlcore_team_allowed_cpus(void);
/* No more of them than the quotas of its container come to (system/cpu_quota.h): reads files. */
size_t dlcore_team_cpus(void);

/* Threads of awake teams in this process: workers until they park, and with them their caller.
 * While there are more than CPUs, no team spins. */
size_t dlcore_team_awake(void);

DLCORE_HIDDEN_END

#endif
