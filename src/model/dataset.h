/* A dataset's own functions, which are the host's, and errors about what they answer.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_MODEL_DATASET_H
#define DLCORE_MODEL_DATASET_H

#include "system/compiler.h"

#include "dlcore/dataset.h"
#include "engine/gather.h"

DLCORE_HIDDEN_BEGIN

/* What a function of the host's answered but DLCORE_OK, as an error of dlcore's: its message, or
 * one for a host that left none, which need not end; a positive status is DLCORE_ERROR_ARGUMENT. */
dlcore_status dlcore_host_failed(const char *what, dlcore_status status,
                                 const dlcore_error_record_t *found, dlcore_error_record_t *error);

/* On the calling thread; their messages say which function of the dataset failed. */
dlcore_status dlcore_dataset_begin(const dlcore_dataset_t *dataset, size_t pass, size_t batch,
                                   dlcore_error_record_t *error);
/* A batch as a source, whose x has rows and columns and nothing else is checked; rows 0 at the end.
 * DLCORE_ERROR_ARGUMENT for half a batch, DLCORE_ERROR_SHAPE for an empty one. */
dlcore_status dlcore_dataset_next(const dlcore_dataset_t *dataset, bool with_labels,
                                  dlcore_source_t *source, dlcore_error_record_t *error);
/* A pass had no batch where it must have one. */
dlcore_status dlcore_dataset_empty(size_t pass, dlcore_error_record_t *error);
/* A batch of a fit's does not fit, as *found says. */
dlcore_status dlcore_dataset_refused(size_t pass, size_t batch, dlcore_status status,
                                     const dlcore_error_record_t *found,
                                     dlcore_error_record_t *error);

DLCORE_HIDDEN_END

#endif
