/* Running a dataset without training.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_MODEL_EVALUATE_H
#define DLCORE_MODEL_EVALUATE_H

#include "system/compiler.h"

#include "dlcore/dataset.h"
#include "model/model.h"
#include "model/progress.h"

DLCORE_HIDDEN_BEGIN

/* fit's validation: the batches of one pass, or its first `steps` (0: all), of all ranks together,
 * through run->objective, which is *objective and meanwhile told whether a batch has weights;
 * run->source and run->block are not looked at, and without run->team each batch takes the model's
 * by its rows. In the host's float mode. *sums, which the caller made, is what they add up to,
 * whatever the threads. */
dlcore_status dlcore_evaluate_dataset(const dlcore_run_t *run, dlcore_objective_t *objective,
                                      const dlcore_dataset_t *dataset, size_t steps,
                                      dlcore_sums_t *sums, dlcore_error_record_t *error);

/* With ranks, evaluate is a call of all of them, and the collective must not have failed before. It
 * may be a callback's, within a fit: what that has told stays. */
dlcore_status dlcore_evaluate_begin(const dlcore_model_t *model, bool *told,
                                    dlcore_error_record_t *error);
void dlcore_evaluate_end(const dlcore_model_t *model, bool told);
/* What every evaluate checks before it looks at data. Fills *objective. */
dlcore_status dlcore_check_evaluate(const dlcore_model_t *model,
                                    const dlcore_evaluate_options_t *options,
                                    const dlcore_evaluation_t *result,
                                    dlcore_objective_t *objective);
/* The line after `done` batches; its last state. */
void dlcore_evaluation_show(const dlcore_evaluation_t *result, dlcore_progress_t *progress,
                            size_t done);
void dlcore_evaluation_report(const dlcore_evaluation_t *result, dlcore_progress_t *progress);

/* Rows to compute at a time out of that many: at most so many that activations of the usual widths
 * stay in L2, at least so many that weights are read for something, and in between such that
 * several threads have blocks. Never by the number of threads, so that bits do not depend on it. */
size_t dlcore_block_rows(size_t rows);

/* predict with a part of the model's network; NULL: all of it. */
dlcore_status dlcore_predict_tensors(const dlcore_model_t *model, const dlcore_network_t *network,
                                     const dlcore_tensor_t *x, dlcore_tensor_t *y_pred,
                                     const dlcore_predict_options_t *options);

/* The model has weights; `call` is for the message. */
dlcore_status dlcore_check_built(const dlcore_model_t *model, const char *call,
                                 dlcore_error_record_t *error);

DLCORE_HIDDEN_END

#endif
