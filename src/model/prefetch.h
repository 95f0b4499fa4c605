/* Reading a dataset one batch ahead, on a thread of its own.
 *
 * The thread calls the dataset, copies the batch and waits until it is taken. Two copies take
 * turns: one is being trained on while the other is filled.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_MODEL_PREFETCH_H
#define DLCORE_MODEL_PREFETCH_H

#include "dlcore/dataset.h"
#include "engine/gather.h"

typedef struct dlcore_prefetch dlcore_prefetch_t;

/* Starts the thread, which does nothing before the first seek. Its allocations come from
 * `allocator`, on that thread. */
dlcore_status dlcore_prefetch_start(const dlcore_allocator_t *allocator,
                                    const dlcore_dataset_t *dataset, dlcore_prefetch_t **prefetch,
                                    dlcore_error_record_t *error);
/* Waits for the dataset's function that is running, if one is, and ends the thread. NULL is fine.
 */
void dlcore_prefetch_stop(dlcore_prefetch_t *prefetch);

/* Begins the dataset at that place; an error comes with the next batch. */
void dlcore_prefetch_seek(dlcore_prefetch_t *prefetch, size_t pass, size_t batch);
/* The next batch, valid until the next call; rows 0 at the end of the pass. */
dlcore_status dlcore_prefetch_next(dlcore_prefetch_t *prefetch, dlcore_source_t *source,
                                   dlcore_error_record_t *error);

#endif
