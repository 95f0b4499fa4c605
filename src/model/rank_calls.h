/* What a model that belongs to a collective calls of the code for ranks.
 *
 * A model alone calls none of it. So that a program without a collective does not link it, these
 * calls go through one table, which model_set_collective alone names. Sources that only ranks need
 * call each other without it.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_MODEL_RANK_CALLS_H
#define DLCORE_MODEL_RANK_CALLS_H

#include "system/compiler.h"

#include "model/facts.h"
#include "model/meeting.h"
#include "model/tally.h"

DLCORE_HIDDEN_BEGIN

/* Each is the function of its name in the header that is named: dlcore_ranks_meet is `meet`,
 * dlcore_ranked_run `step_run`, dlcore_tally_create `tally_create`. */
struct dlcore_rank_calls {
    /* engine/ranks.h, meeting.h, facts.h */
    void (*free)(dlcore_ranks_t *ranks);
    dlcore_status (*begin)(dlcore_ranks_t *ranks, const char *call, dlcore_error_record_t *error);
    dlcore_status (*check_objective)(const dlcore_objective_t *objective, const char *call,
                                     dlcore_error_record_t *error);
    dlcore_status (*meet)(dlcore_ranks_t *ranks, dlcore_meeting_t *meeting,
                          dlcore_error_record_t *error);
    dlcore_status (*compare)(const dlcore_model_t *model, const dlcore_fact_t *more, size_t count,
                             dlcore_error_record_t *error);
    bool (*is_unchecked)(const dlcore_model_t *model);
    void (*set_checked)(const dlcore_model_t *model);
    /* engine/ranked.h */
    dlcore_status (*step_ensure)(const dlcore_network_t *network,
                                 const dlcore_objective_t *objective, dlcore_ranks_t *ranks,
                                 unsigned batch_forms, size_t rows, size_t workers,
                                 dlcore_ranked_t *ranked, dlcore_error_record_t *error);
    dlcore_status (*step_run)(dlcore_ranked_step_t *run, size_t workers);
    void (*step_clear)(dlcore_ranked_t *ranked);
    /* tally.h */
    dlcore_status (*tally_create)(const dlcore_model_t *model, const dlcore_objective_t *objective,
                                  const dlcore_allocator_t *allocator, dlcore_tally_t *tally,
                                  dlcore_error_record_t *error);
    void (*tally_free)(dlcore_tally_t *tally);
    bool (*tally_slice)(const dlcore_tally_t *tally, size_t index, size_t *slice);
    void (*tally_add)(dlcore_tally_t *tally, size_t slice, const dlcore_sums_t *sums);
    dlcore_status (*tally_run)(dlcore_tally_t *tally, const dlcore_run_t *run,
                               dlcore_error_record_t *error);
    dlcore_status (*tally_settle)(dlcore_tally_t *tally, dlcore_meeting_t *meeting,
                                  dlcore_sums_t *sums, dlcore_error_record_t *error);
};

DLCORE_HIDDEN_END

#endif
