/* Datasets: batches that your code yields, for data that are larger than memory, read from a
 * stream, or made up on the way.
 *
 *     static status begin(void *user, size_t pass, size_t batch, error_record_t *error);
 *     static status next(void *user, dataset_batch_t *batch, error_record_t *error);
 *     ...
 *     dataset_t dataset = {.user = &reader, .begin = begin, .next = next};
 *     how.epochs = 5;
 *     model_fit_dataset(network, &dataset, &how, NULL);
 *
 * A pass goes once through the data. An epoch is a pass, or steps_per_epoch batches, for which the
 * data is begun again whenever it ends.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_DATASET_H
#define DLCORE_DATASET_H

#include "model.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One batch. The tensors stay the dataset's, and valid and unchanged until its next call. Rows may
 * differ from batch to batch; widths and dtypes are those of x and y of dlcore_model_fit. */
typedef struct dlcore_dataset_batch {
    const dlcore_tensor_t *x;
    const dlcore_tensor_t *y;             /* not looked at by predict */
    const dlcore_tensor_t *sample_weight; /* float32, (batch); NULL: all 1 */
} dlcore_dataset_batch_t;

/* Plain functions of yours; zero the struct, then set them. Both answer DLCORE_OK, or an error that
 * ends the call, with a message in *error (never NULL). */
typedef struct dlcore_dataset {
    void *user;
    /* The next batch to come is number `batch`, from 0, of pass number `pass`. Numbers of passes go
     * on from epoch to epoch, from initial_epoch; a run that resumes begins where it stopped, with
     * the batch that it needs. For evaluate and predict both are 0. */
    dlcore_status (*begin)(void *user, size_t pass, size_t batch, dlcore_error_record_t *error);
    /* Fills *batch; leaves it as it is, all NULL, at the end of the pass. */
    dlcore_status (*next)(void *user, dlcore_dataset_batch_t *batch, dlcore_error_record_t *error);
    size_t batches; /* in a pass, for the progress line; 0: not known */
    /* fit calls `next` on a thread of its own while a step runs, one batch ahead, and copies the
     * batch; `begin` is called there, too. Both still run one at a time. False: on the caller's. */
    bool prefetch;
} dlcore_dataset_t;

/* As dlcore_model_fit. batch_size, shuffle and validation_split are not looked at. */
dlcore_status dlcore_model_fit_dataset(dlcore_model_t *model, const dlcore_dataset_t *dataset,
                                       const dlcore_fit_options_t *options,
                                       dlcore_history_t **history);
/* As dlcore_model_evaluate. */
dlcore_status dlcore_model_evaluate_dataset(const dlcore_model_t *model,
                                            const dlcore_dataset_t *dataset,
                                            const dlcore_evaluate_options_t *options,
                                            dlcore_evaluation_t *result);
/* The outputs of each batch in turn to `take`: float32, (batch, units), valid for its call. What
 * `take` answers but DLCORE_OK ends the run with that status. */
typedef dlcore_status (*dlcore_prediction_function_t)(void *user, const dlcore_tensor_t *y_pred,
                                                      dlcore_error_record_t *error);
dlcore_status dlcore_model_predict_dataset(const dlcore_model_t *model,
                                           const dlcore_dataset_t *dataset,
                                           dlcore_prediction_function_t take, void *user,
                                           const dlcore_predict_options_t *options);

#ifdef __cplusplus
}
#endif

#endif
