/* Calls of a collective, and sums over slices and ranks.
 *
 * A batch is cut into slices; a rank has one, or with `deterministic` 8 / P in a row of the 8. Sums
 * of slices are then added over a tree: neighbours, pairs of neighbours, all. The lower levels lie
 * within a rank and the upper ones between ranks, so that any P gives the same bits. Without it the
 * collective's own all-reduce adds them up.
 *
 * All of this runs on the thread of the call alone. After a call of the collective has failed
 * nothing is called any more, and everything here answers the same failure.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_ENGINE_RANKS_H
#define DLCORE_ENGINE_RANKS_H

#include "system/compiler.h"

#include <stdbool.h>
#include <stdint.h>

#include "dlcore/collective.h"
#include "engine/sums.h"

DLCORE_HIDDEN_BEGIN

typedef struct dlcore_rank_calls dlcore_rank_calls_t; /* model/rank_calls.h */

typedef struct dlcore_ranks {
    const dlcore_rank_calls_t *code; /* set by who made it */
    dlcore_allocator_t allocator;
    dlcore_collective_t collective;
    dlcore_error_record_t failure; /* of the first call that failed: all is over then */
    void *records;                 /* of all ranks, for gathers */
    size_t record_bytes;           /* at most, of one */
    bool told;                     /* all ranks know how the call at hand has ended */
    bool checked;                  /* models were compared, and this one has not changed since */
    uint64_t checked_version, checked_revision, checked_compiles; /* then */
    uint64_t calls, bytes; /* so far: counted for tests and models of time */
} dlcore_ranks_t;

/* *ranks is made for a collective that was checked. `record_bytes`: of the largest record. */
dlcore_status dlcore_ranks_create(const dlcore_allocator_t *allocator,
                                  const dlcore_collective_t *collective, size_t record_bytes,
                                  dlcore_ranks_t **ranks, dlcore_error_record_t *error);
/* Makes room for gathers of records of that many bytes. */
dlcore_status dlcore_ranks_reserve(dlcore_ranks_t *ranks, size_t record_bytes,
                                   dlcore_error_record_t *error);
/* NULL is fine. */
void dlcore_ranks_free(dlcore_ranks_t *ranks);

/* Slices of this rank, and of all. */
static inline size_t dlcore_ranks_slices(const dlcore_ranks_t *ranks)
{
    const dlcore_collective_t *collective = &ranks->collective;

    return collective->deterministic ? DLCORE_COLLECTIVE_SLICES / collective->size : 1;
}
static inline size_t dlcore_ranks_all_slices(const dlcore_ranks_t *ranks)
{
    return dlcore_ranks_slices(ranks) * ranks->collective.size;
}

static inline dlcore_status dlcore_ranks_status(const dlcore_ranks_t *ranks)
{
    return ranks->failure.status;
}

/* ---- the calls of the collective; each answers dlcore_ranks_status ---- */

dlcore_status dlcore_ranks_begin_sum(dlcore_ranks_t *ranks, void *numbers, size_t count,
                                     dlcore_collective_number_t type, void **request);
/* Also after a failure, when it only ends what was begun. */
dlcore_status dlcore_ranks_finish_sum(dlcore_ranks_t *ranks, void *request);
dlcore_status dlcore_ranks_sum_doubles(dlcore_ranks_t *ranks, double *numbers, size_t count);
dlcore_status dlcore_ranks_broadcast(dlcore_ranks_t *ranks, size_t root, void *bytes, size_t count);
/* The records of all ranks, to ranks->records. */
dlcore_status dlcore_ranks_gather(dlcore_ranks_t *ranks, const void *record, size_t bytes);
void dlcore_ranks_progress(dlcore_ranks_t *ranks);

/* ---- sums over slices ---- */

/* `slices` are the arrays of this rank's slices, `count` long, one after the other; the first
 * becomes the sum of all slices of all ranks. `other` is scratch of `count`. */
dlcore_status dlcore_ranks_add_slices(dlcore_ranks_t *ranks, double *slices, size_t count,
                                      double *other);
/* Likewise of losses and metrics as dlcore_sums_store has them. `scratch` is as long as one; *sums
 * is the result, whose states the caller made. */
dlcore_status dlcore_ranks_merge(dlcore_ranks_t *ranks, const dlcore_objective_t *objective,
                                 double *slices, double *scratch, dlcore_sums_t *sums);
/* numbers += those of all other ranks, over the upper levels of the tree; `other` has room for half
 * of them, rounded up. */
dlcore_status dlcore_ranks_add_tree(dlcore_ranks_t *ranks, const dlcore_training_kernels_t *kernels,
                                    float *numbers, size_t count, float *other);

DLCORE_HIDDEN_END

#endif
