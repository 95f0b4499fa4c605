/* Joining a model to a collective.
 *
 * SPDX-License-Identifier: MIT */
#include "base/error.h"
#include "model/rank_calls.h"

static const dlcore_rank_calls_t rank_calls = {
    .free = dlcore_ranks_free,
    .begin = dlcore_ranks_begin,
    .check_objective = dlcore_ranks_check_objective,
    .meet = dlcore_ranks_meet,
    .compare = dlcore_ranks_compare,
    .is_unchecked = dlcore_ranks_is_unchecked,
    .set_checked = dlcore_ranks_set_checked,
    .step_ensure = dlcore_ranked_ensure,
    .step_run = dlcore_ranked_run,
    .step_clear = dlcore_ranked_clear,
    .tally_create = dlcore_tally_create,
    .tally_free = dlcore_tally_free,
    .tally_slice = dlcore_tally_slice,
    .tally_add = dlcore_tally_add,
    .tally_run = dlcore_tally_run,
    .tally_settle = dlcore_tally_settle,
};

static const char *missing_function(const dlcore_collective_t *collective)
{
    if (collective->size == 1)
        return NULL;
    if (collective->allreduce_begin == NULL)
        return "allreduce_begin";
    if (collective->allreduce_finish == NULL)
        return "allreduce_finish";
    if (collective->broadcast == NULL)
        return "broadcast";
    if (collective->gather == NULL)
        return "gather";
    return collective->deterministic && collective->exchange == NULL ? "exchange" : NULL;
}

static dlcore_status check_collective(const dlcore_model_t *model,
                                      const dlcore_collective_t *collective,
                                      dlcore_error_record_t *error)
{
    const char *missing = missing_function(collective);

    if (collective->size == 0 || collective->rank >= collective->size)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "collective: rank must be below size, got rank %zu of %zu",
                           collective->rank, collective->size);
    if (missing != NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "collective: %s is NULL", missing);
    if (collective->deterministic && collective->local_batch_statistics)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "collective: deterministic and local_batch_statistics are both set; "
                           "statistics of each rank's rows depend on the number of ranks");
    if (collective->deterministic && (DLCORE_COLLECTIVE_SLICES % collective->size != 0))
        return dlcore_fail(error, DLCORE_ERROR_UNSUPPORTED,
                           "collective: deterministic needs 1, 2, 4 or 8 ranks, got %zu",
                           collective->size);
    if (collective->deterministic && model->options.blas_threads)
        return dlcore_fail(error, DLCORE_ERROR_UNSUPPORTED,
                           "collective: deterministic does not go with blas_threads");
    return DLCORE_OK;
}

static dlcore_status set_collective(dlcore_model_t *model, const dlcore_collective_t *collective)
{
    dlcore_ranks_t *ranks = NULL;
    dlcore_status status;

    if (collective != NULL) {
        status = check_collective(model, collective, &model->error);
        if (status == DLCORE_OK)
            status =
                dlcore_ranks_create(&model->allocator, collective,
                                    DLCORE_FACTS_MAX * sizeof(uint64_t), &ranks, &model->error);
        if (status != DLCORE_OK)
            return status;
        ranks->code = &rank_calls;
    }
    dlcore_ranked_clear(&model->trainer.ranked);
    dlcore_ranks_free(model->ranks);
    model->ranks = ranks;
    return DLCORE_OK;
}

dlcore_status dlcore_model_set_collective(dlcore_model_t *model,
                                          const dlcore_collective_t *collective)
{
    dlcore_status status = dlcore_model_begin(model);

    if (status != DLCORE_OK)
        return status;
    return dlcore_model_end(model, set_collective(model, collective));
}
