/* Batches out of tensors and datasets.
 *
 * SPDX-License-Identifier: MIT */
#include "model/feed.h"

#include "base/allocator.h"
#include "base/error.h"
#include "base/random.h"
#include "base/size.h"
#include "model/dataset.h"

dlcore_status dlcore_feed_tensors(dlcore_feed_t *feed, const dlcore_model_t *model,
                                  const dlcore_source_t *samples, size_t batch_size, bool shuffle,
                                  dlcore_error_record_t *error)
{
    *feed = (dlcore_feed_t){.samples = *samples,
                            .batch_size = batch_size,
                            .batches = (samples->rows - 1) / batch_size + 1};
    if (!shuffle)
        return DLCORE_OK;
    feed->order = dlcore_allocate(&model->allocator, samples->rows, sizeof *feed->order);
    if (feed->order == NULL)
        return dlcore_fail_memory(error, "order of samples", samples->rows * sizeof *feed->order);
    return DLCORE_OK;
}

dlcore_status dlcore_feed_dataset(dlcore_feed_t *feed, const dlcore_model_t *model,
                                  const dlcore_dataset_t *dataset, dlcore_error_record_t *error)
{
    *feed = (dlcore_feed_t){.copy = *dataset, .batches = dataset->batches};
    feed->dataset = &feed->copy;
    if (dataset->begin == NULL || dataset->next == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "dataset: %s is NULL",
                           dataset->begin == NULL ? "begin" : "next");
    if (dataset->prefetch)
        return dlcore_prefetch_start(&model->allocator, feed->dataset, &feed->prefetch, error);
    return DLCORE_OK;
}

void dlcore_feed_clear(dlcore_feed_t *feed, const dlcore_model_t *model)
{
    dlcore_prefetch_stop(feed->prefetch);
    dlcore_release(&model->allocator, feed->order);
    *feed = (dlcore_feed_t){0};
}

/* A new order for a pass. Samples that have an order of their own are shuffled within it. */
static void draw_order(dlcore_feed_t *feed, uint64_t seed, uint32_t key)
{
    dlcore_random_t random = dlcore_random_stream(seed, DLCORE_RANDOM_SHUFFLE, 0, key);

    dlcore_random_permutation(&random, feed->order, feed->samples.rows);
    for (size_t i = 0; feed->samples.order != NULL && i < feed->samples.rows; i++)
        feed->order[i] = feed->samples.order[feed->samples.begin + feed->order[i]];
}

dlcore_status dlcore_feed_seek(dlcore_feed_t *feed, const dlcore_model_t *model, size_t pass,
                               size_t batch, uint32_t key, dlcore_error_record_t *error)
{
    feed->batch = batch;
    if (feed->holds && feed->held_pass == pass && feed->held_batch == batch)
        return DLCORE_OK;
    feed->holds = false;
    if (feed->dataset != NULL && feed->prefetch == NULL)
        return dlcore_dataset_begin(feed->dataset, pass, batch, error);
    if (feed->dataset != NULL)
        dlcore_prefetch_seek(feed->prefetch, pass, batch);
    else if (feed->order != NULL)
        draw_order(feed, model->options.seed, key);
    return DLCORE_OK;
}

/* Rows of the tensors that are batch `batch` of the pass; rows 0 past the end. */
static void set_batch_of_tensors(const dlcore_feed_t *feed, size_t batch, dlcore_source_t *source)
{
    size_t first = batch < feed->batches
                       ? dlcore_size_min(batch * feed->batch_size, feed->samples.rows)
                       : feed->samples.rows;

    *source = feed->samples;
    source->begin = first;
    if (feed->order != NULL)
        source->order = feed->order;
    else
        source->begin += feed->samples.begin;
    source->rows = dlcore_size_min(feed->batch_size, feed->samples.rows - first);
}

dlcore_status dlcore_feed_next(dlcore_feed_t *feed, dlcore_source_t *source,
                               dlcore_error_record_t *error)
{
    dlcore_status status = DLCORE_OK;

    if (feed->holds)
        *source = feed->held;
    else if (feed->dataset == NULL)
        set_batch_of_tensors(feed, feed->batch, source);
    else if (feed->prefetch != NULL)
        status = dlcore_prefetch_next(feed->prefetch, source, error);
    else
        status = dlcore_dataset_next(feed->dataset, true, source, error);
    feed->holds = false;
    if (status == DLCORE_OK && (source->rows > 0 || feed->batch < feed->batches))
        feed->batch++;
    return status;
}

dlcore_status dlcore_feed_hold(dlcore_feed_t *feed, const dlcore_model_t *model, size_t pass,
                               size_t batch, dlcore_error_record_t *error)
{
    dlcore_status status = dlcore_feed_seek(feed, model, pass, batch, 0, error);

    if (status == DLCORE_OK)
        status = dlcore_feed_next(feed, &feed->held, error);
    if (status == DLCORE_OK && feed->held.rows == 0 && batch > 0) /* its end: any batch will do */
        return dlcore_feed_hold(feed, model, pass, 0, error);
    if (status == DLCORE_OK && feed->held.rows == 0)
        return dlcore_dataset_empty(pass, error);
    feed->holds = status == DLCORE_OK;
    feed->held_pass = pass;
    feed->held_batch = batch;
    return status;
}

void dlcore_feed_peek(const dlcore_feed_t *feed, dlcore_source_t *source)
{
    if (feed->dataset != NULL)
        *source = (dlcore_source_t){0};
    else
        set_batch_of_tensors(feed, feed->batch, source);
}
