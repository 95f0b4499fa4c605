/* Running a dataset without training.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_MODEL_EVALUATE_H
#define DLCORE_MODEL_EVALUATE_H

#include "dlcore/dataset.h"
#include "model/model.h"

/* Every batch of one pass through run->objective; run->source and run->block are not looked at. In
 * the host's float mode. *sums, which the caller made, is what they add up to. */
dlcore_status dlcore_evaluate_dataset(const dlcore_run_t *run, const dlcore_dataset_t *dataset,
                                      dlcore_sums_t *sums, dlcore_error_record_t *error);

/* The model has weights; `call` is for the message. */
dlcore_status dlcore_check_built(const dlcore_model_t *model, const char *call,
                                 dlcore_error_record_t *error);

#endif
