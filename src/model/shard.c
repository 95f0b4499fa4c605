/* A rank's share of a dataset that every rank can read.
 *
 * SPDX-License-Identifier: MIT */
#include "system/compiler.h"

#include "dlcore/collective.h"

#include "base/size.h"

static dlcore_status shard_begin(void *user, size_t pass, size_t batch,
                                 dlcore_error_record_t *error)
{
    dlcore_dataset_shard_t *shard = user;

    shard->begun = false;
    return shard->dataset.begin(shard->dataset.user, pass, batch * shard->size, error);
}

/* Batches of a round are those of the ranks in turn: those before this rank's are dropped, and as
 * the next is asked for those behind it. */
static dlcore_status shard_next(void *user, dlcore_dataset_batch_t *batch,
                                dlcore_error_record_t *error)
{
    dlcore_dataset_shard_t *shard = user;
    size_t dropped = shard->begun ? shard->size - 1 : shard->rank;

    shard->begun = true;
    for (size_t i = 0; i <= dropped; i++) {
        dlcore_dataset_batch_t read = {0};
        dlcore_status status = shard->dataset.next(shard->dataset.user, &read, error);

        if (status != DLCORE_OK)
            return status;
        if (read.x == NULL && read.y == NULL && read.sample_weight == NULL)
            return DLCORE_OK; /* the end: *batch stays as it is */
        if (i == dropped)
            *batch = read;
    }
    return DLCORE_OK;
}

dlcore_dataset_t dlcore_shard_of(const dlcore_dataset_t *dataset,
                                 const dlcore_collective_t *collective,
                                 dlcore_dataset_shard_t *shard)
{
    dlcore_dataset_t share = {0};

    if (dataset == NULL || collective == NULL || shard == NULL || dataset->begin == NULL ||
        dataset->next == NULL || collective->rank >= collective->size)
        return share; /* refused where it is used: begin is NULL */
    *shard = (dlcore_dataset_shard_t){
        .dataset = *dataset, .rank = collective->rank, .size = collective->size};
    share = *dataset;
    share.user = shard;
    share.begin = shard_begin;
    share.next = shard_next;
    share.batches = dataset->batches / collective->size +
                    (dataset->batches % collective->size > collective->rank);
    return share;
}
