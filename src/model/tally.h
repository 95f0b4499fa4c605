/* Losses and metrics of all ranks: each adds up its slices, then the ranks merge them.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_MODEL_TALLY_H
#define DLCORE_MODEL_TALLY_H

#include "system/compiler.h"

#include "model/meeting.h"

DLCORE_HIDDEN_BEGIN

typedef struct dlcore_tally {
    const dlcore_model_t *model;
    dlcore_ranks_t *ranks;
    const dlcore_objective_t *objective;
    dlcore_allocator_t allocator;
    double *slices; /* of this rank, `length` each, and scratch of one behind them */
    size_t length;
} dlcore_tally_t;

/* Sums of nothing. A tally of failed creation is empty, and may be settled and freed, too. */
dlcore_status dlcore_tally_create(const dlcore_model_t *model, const dlcore_objective_t *objective,
                                  const dlcore_allocator_t *allocator, dlcore_tally_t *tally,
                                  dlcore_error_record_t *error);
void dlcore_tally_free(dlcore_tally_t *tally);

/* The slice of this rank that the index-th of many equal pieces of work belongs to; false: it is
 * another rank's. */
bool dlcore_tally_slice(const dlcore_tally_t *tally, size_t index, size_t *slice);
void dlcore_tally_add(dlcore_tally_t *tally, size_t slice, const dlcore_sums_t *sums);
/* Runs this rank's share of the rows of tensors, in whole blocks. */
dlcore_status dlcore_tally_run(dlcore_tally_t *tally, const dlcore_run_t *run,
                               dlcore_error_record_t *error);
/* The ranks meet, with what came of each until then and with the number of samples or batches that
 * each has seen; *sums, which the caller made, becomes the whole. */
dlcore_status dlcore_tally_settle(dlcore_tally_t *tally, dlcore_meeting_t *meeting,
                                  dlcore_sums_t *sums, dlcore_error_record_t *error);

DLCORE_HIDDEN_END

#endif
