/* Calling a host's dataset.
 *
 * SPDX-License-Identifier: MIT */
#include "model/dataset.h"

#include "base/error.h"
#include "model/model.h"

dlcore_status dlcore_host_failed(const char *what, dlcore_status status,
                                 const dlcore_error_record_t *found, dlcore_error_record_t *error)
{
    if (status > DLCORE_OK) /* who asks for < 0 would not see it */
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "%s: returned %d, which is not a dlcore_status", what, (int)status);
    return dlcore_fail(error, status, "%s: %.*s", what, (int)sizeof found->message - 1,
                       found->message[0] != '\0' ? found->message : dlcore_status_string(status));
}

dlcore_status dlcore_dataset_begin(const dlcore_dataset_t *dataset, size_t pass, size_t batch,
                                   dlcore_error_record_t *error)
{
    dlcore_error_record_t found = {0};
    dlcore_status status = dataset->begin(dataset->user, pass, batch, &found);

    return status == DLCORE_OK ? status
                               : dlcore_host_failed("dataset: begin", status, &found, error);
}

dlcore_status dlcore_dataset_next(const dlcore_dataset_t *dataset, bool with_labels,
                                  dlcore_source_t *source, dlcore_error_record_t *error)
{
    dlcore_error_record_t found = {0};
    dlcore_dataset_batch_t batch = {0};
    dlcore_status status = dataset->next(dataset->user, &batch, &found);

    *source = (dlcore_source_t){0};
    if (status != DLCORE_OK)
        return dlcore_host_failed("dataset: next", status, &found, error);
    if (batch.x == NULL && batch.y == NULL && batch.sample_weight == NULL)
        return DLCORE_OK;
    if (batch.x == NULL || (with_labels && batch.y == NULL))
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "dataset: next: a batch without %s",
                           batch.x == NULL ? "x" : "y");
    *source = (dlcore_source_t){.x = batch.x,
                                .y = with_labels ? batch.y : NULL,
                                .weights = with_labels ? batch.sample_weight : NULL,
                                .rows = dlcore_sample_count(batch.x)};
    if (source->rows == 0)
        status = dlcore_fail(error, DLCORE_ERROR_SHAPE, "dataset: next: a batch of 0 samples");
    else if (dlcore_sample_width(batch.x) == 0)
        status = dlcore_fail(error, DLCORE_ERROR_SHAPE,
                             "dataset: next: a batch of 0 numbers per sample");
    if (status != DLCORE_OK)
        *source = (dlcore_source_t){0};
    return status;
}

dlcore_status dlcore_dataset_empty(size_t pass, dlcore_error_record_t *error)
{
    return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                       "dataset: pass %zu (counted from 0) gave no batch; check that begin goes to "
                       "the batch it is given",
                       pass);
}

dlcore_status dlcore_dataset_refused(size_t pass, size_t batch, dlcore_status status,
                                     const dlcore_error_record_t *found,
                                     dlcore_error_record_t *error)
{
    return dlcore_fail(error, status, "dataset: batch %zu of pass %zu: %s", batch, pass,
                       found->message);
}
