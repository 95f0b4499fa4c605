/* Where fit's batches come from: tensors in memory, shuffled anew each pass, or a dataset.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_MODEL_FEED_H
#define DLCORE_MODEL_FEED_H

#include "system/compiler.h"

#include "base/size.h"
#include "dlcore/dataset.h"
#include "engine/gather.h"
#include "model/model.h"
#include "model/prefetch.h"

DLCORE_HIDDEN_BEGIN

typedef struct dlcore_feed {
    const dlcore_dataset_t *dataset; /* the copy; NULL: tensors */
    dlcore_dataset_t copy;           /* callbacks may change the caller's */
    dlcore_prefetch_t *prefetch;     /* of a dataset that wants it, else NULL */

    dlcore_source_t samples; /* of tensors: all that are trained on, in their own order */
    size_t *order;           /* of this pass; NULL: as they are */
    size_t batch_size;
    size_t batches; /* in a pass; 0: not known */
    size_t batch;   /* of the pass, that comes next */

    /* a dataset's first batch, read to see its shapes, and where it stands */
    bool holds;
    dlcore_source_t held;
    size_t held_pass, held_batch;
} dlcore_feed_t;

/* Over rows of tensors; `shuffle` takes an array of indices from the model's allocator. */
dlcore_status dlcore_feed_tensors(dlcore_feed_t *feed, const dlcore_model_t *model,
                                  const dlcore_source_t *samples, size_t batch_size, bool shuffle,
                                  dlcore_error_record_t *error);
/* Over a dataset, whose struct is copied; *feed must stay where it is. */
dlcore_status dlcore_feed_dataset(dlcore_feed_t *feed, const dlcore_model_t *model,
                                  const dlcore_dataset_t *dataset, dlcore_error_record_t *error);
void dlcore_feed_clear(dlcore_feed_t *feed, const dlcore_model_t *model);

/* Batch `batch` of pass `pass` comes next. `key` is the number of that pass in the model's life:
 * the order of samples follows from it. */
dlcore_status dlcore_feed_seek(dlcore_feed_t *feed, const dlcore_model_t *model, size_t pass,
                               size_t batch, uint32_t key, dlcore_error_record_t *error);
/* Seeks in a dataset and reads the batch there into feed->held; seeking to it again gives it. */
dlcore_status dlcore_feed_hold(dlcore_feed_t *feed, const dlcore_model_t *model, size_t pass,
                               size_t batch, dlcore_error_record_t *error);
/* The next batch, valid until the next call; rows 0 at the end of the pass. */
dlcore_status dlcore_feed_next(dlcore_feed_t *feed, dlcore_source_t *source,
                               dlcore_error_record_t *error);
/* The batch after the one that was given last, where it is known and stays valid; else rows 0. */
void dlcore_feed_peek(const dlcore_feed_t *feed, dlcore_source_t *source);
/* Next and peek at once, of tensors: *source, which peek told, counts as given and becomes the
 * batch after it. */
static inline void dlcore_feed_advance(dlcore_feed_t *feed, dlcore_source_t *source)
{
    size_t batch = ++feed->batch, size = feed->batch_size;

    source->begin += source->rows;
    source->rows =
        batch < feed->batches ? dlcore_size_min(feed->samples.rows - batch * size, size) : 0;
}

DLCORE_HIDDEN_END

#endif
