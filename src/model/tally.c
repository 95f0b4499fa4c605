/* Losses and metrics of all ranks.
 *
 * SPDX-License-Identifier: MIT */
#include "model/tally.h"

#include "base/allocator.h"
#include "base/error.h"
#include "base/size.h"
#include "model/facts.h"
#include "nn/layer.h"

dlcore_status dlcore_tally_create(const dlcore_model_t *model, const dlcore_objective_t *objective,
                                  const dlcore_allocator_t *allocator, dlcore_tally_t *tally,
                                  dlcore_error_record_t *error)
{
    size_t count;

    *tally = (dlcore_tally_t){.model = model,
                              .ranks = dlcore_model_ranks(model),
                              .objective = objective,
                              .allocator = *allocator,
                              .length = dlcore_sums_stored_length(objective)};
    count = (dlcore_ranks_slices(tally->ranks) + 1) * tally->length;
    tally->slices = dlcore_allocate(allocator, count, sizeof *tally->slices);
    if (tally->slices == NULL)
        return dlcore_fail_memory(error, "sums", count * sizeof *tally->slices);
    return dlcore_ranks_reserve(tally->ranks, tally->length * sizeof(double), error);
}

void dlcore_tally_free(dlcore_tally_t *tally)
{
    dlcore_release(&tally->allocator, tally->slices);
    tally->slices = NULL;
}

bool dlcore_tally_slice(const dlcore_tally_t *tally, size_t index, size_t *slice)
{
    size_t local = dlcore_ranks_slices(tally->ranks), at;

    if (tally->ranks->collective.own_data) {
        *slice = index % local;
        return true;
    }
    at = index % dlcore_ranks_all_slices(tally->ranks);
    *slice = at % local;
    return at / local == tally->ranks->collective.rank;
}

void dlcore_tally_add(dlcore_tally_t *tally, size_t slice, const dlcore_sums_t *sums)
{
    double *scratch = tally->slices + dlcore_ranks_slices(tally->ranks) * tally->length;

    dlcore_sums_store(tally->objective, sums, scratch);
    dlcore_sums_merge_stored(tally->objective, tally->slices + slice * tally->length, scratch);
}

/* The rows of slice k: whole blocks, as a model alone would cut them. */
static dlcore_source_t rows_of_slice(const dlcore_tally_t *tally, const dlcore_run_t *run, size_t k)
{
    const dlcore_ranks_t *ranks = tally->ranks;
    size_t rows = run->source.rows, blocks = rows / run->block + (rows % run->block != 0);
    size_t index = k, count = dlcore_ranks_slices(ranks), begin, end;
    dlcore_source_t source = run->source;

    if (!ranks->collective.own_data) {
        index += ranks->collective.rank * count;
        count = dlcore_ranks_all_slices(ranks);
    }
    begin = dlcore_share(blocks, index, count) * run->block;
    end = dlcore_size_min(dlcore_share(blocks, index + 1, count) * run->block, rows);
    source.begin += begin;
    source.rows = end > begin ? end - begin : 0;
    return source;
}

dlcore_status dlcore_tally_run(dlcore_tally_t *tally, const dlcore_run_t *run,
                               dlcore_error_record_t *error)
{
    dlcore_run_t slice = *run;
    dlcore_sums_t sums;
    dlcore_status status = dlcore_sums_create(&tally->allocator, tally->objective, &sums, error);

    for (size_t k = 0; status == DLCORE_OK && k < dlcore_ranks_slices(tally->ranks); k++) {
        slice.source = rows_of_slice(tally, run, k);
        if (slice.source.rows == 0)
            continue;
        status = dlcore_run_evaluate(&slice, &sums, error);
        if (status == DLCORE_OK)
            dlcore_tally_add(tally, k, &sums);
    }
    dlcore_sums_free(&tally->allocator, &sums);
    return status;
}

dlcore_status dlcore_tally_settle(dlcore_tally_t *tally, dlcore_meeting_t *meeting,
                                  dlcore_sums_t *sums, dlcore_error_record_t *error)
{
    dlcore_ranks_t *ranks = tally->ranks;
    dlcore_status status;

    meeting->unchecked =
        meeting->point == DLCORE_MEETING_EVALUATE && dlcore_ranks_is_unchecked(tally->model);
    status = dlcore_ranks_meet(ranks, meeting, error);
    if (status == DLCORE_OK && meeting->check)
        status = dlcore_ranks_compare(tally->model, NULL, 0, error);
    if (status != DLCORE_OK)
        return status;
    if (meeting->check)
        dlcore_ranks_set_checked(tally->model);
    if (dlcore_ranks_merge(ranks, tally->objective, tally->slices,
                           tally->slices + dlcore_ranks_slices(ranks) * tally->length,
                           sums) != DLCORE_OK)
        return dlcore_ranks_failed(ranks, error);
    return DLCORE_OK;
}
