/* A collective over memory: ranks are threads of one process, each with a model of its own. For
 * tests of all that ranks do, without MPI; its calls can be made to fail, and to take time.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TESTS_COLLECTIVE_LOOPBACK_H
#define DLCORE_TESTS_COLLECTIVE_LOOPBACK_H

#include <stdbool.h>
#include <stddef.h>

#include "dlcore/collective.h"

#define LOOPBACK_RANKS_MAX 16

typedef struct loopback loopback_t;

/* NULL without memory. Free it when no rank uses it any more. */
loopback_t *loopback_create(size_t size);
void loopback_free(loopback_t *loopback);
/* One rank's collective; settings are the caller's to change. */
dlcore_collective_t loopback_collective(loopback_t *loopback, size_t rank);

/* From call number `first` of that rank on (from 0) one call fails, or with `forever` all. Such a
 * call does not take part. */
void loopback_fail(loopback_t *loopback, size_t rank, size_t first, bool forever);
/* Each call takes as many seconds longer: latency, and bytes over bytes_per_second (0: none). */
void loopback_delay(loopback_t *loopback, double latency, double bytes_per_second);
/* Calls of a rank so far. */
size_t loopback_calls(const loopback_t *loopback, size_t rank);

/* Runs `work` for every rank on a thread of its own, and returns when all have returned. */
typedef void (*loopback_work_t)(void *user, const dlcore_collective_t *collective);
void loopback_run(loopback_t *loopback, const dlcore_collective_t *settings, loopback_work_t work,
                  void *user);

#endif
