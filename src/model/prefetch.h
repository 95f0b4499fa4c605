/* Reading a dataset one batch ahead, on a thread of its own.
 *
 * The thread calls the dataset, copies the batch and waits until it is taken. Two copies take
 * turns: one is being trained on while the other is filled.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_MODEL_PREFETCH_H
#define DLCORE_MODEL_PREFETCH_H

#include "system/compiler.h"

#include "dlcore/dataset.h"
#include "engine/gather.h"

DLCORE_HIDDEN_BEGIN

typedef struct dlcore_prefetch dlcore_prefetch_t;

/* Starts the thread, which does nothing before the first seek. *dataset is borrowed until the stop.
 * Memory comes from `allocator`, which is only called on the caller's thread, never on that one.
 * DLCORE_ERROR_IO with the system's reason where no thread can be had. */
dlcore_status dlcore_prefetch_start(const dlcore_allocator_t *allocator,
                                    const dlcore_dataset_t *dataset, dlcore_prefetch_t **prefetch,
                                    dlcore_error_record_t *error);
/* Waits for the dataset's function that is running, if one is, and ends the thread; what was read
 * ahead is dropped. NULL is fine. */
void dlcore_prefetch_stop(dlcore_prefetch_t *prefetch);

/* Begins the dataset at that place; an error comes with the next batch. Waits as stop does. */
void dlcore_prefetch_seek(dlcore_prefetch_t *prefetch, size_t pass, size_t batch);
/* The next batch, valid until the next call; rows 0 at the end of the pass. An end and an error of
 * the dataset stay until the next seek; after DLCORE_ERROR_MEMORY of a copy the batch can be asked
 * for again. */
dlcore_status dlcore_prefetch_next(dlcore_prefetch_t *prefetch, dlcore_source_t *source,
                                   dlcore_error_record_t *error);

DLCORE_HIDDEN_END

#endif
