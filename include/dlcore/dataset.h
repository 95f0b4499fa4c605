/* Datasets: batches that your code yields, for data that are larger than memory, read from a
 * stream, or made up on the way.
 *
 *     static dlcore_status begin(void *user, size_t pass, size_t batch, error_record_t *error);
 *     static dlcore_status next(void *user, dataset_batch_t *batch, error_record_t *error);
 *     ...
 *     dataset_t dataset = {.user = &reader, .begin = begin, .next = next};
 *     how.epochs = 5;
 *     model_fit_dataset(network, &dataset, &how, NULL);
 *
 * A pass goes once through the data. An epoch is a pass, or steps_per_epoch batches, for which the
 * data is begun again whenever it ends.
 *
 * A dataset has one reader at a time: while a call has it, no other call may, on any thread, and
 * nor may its functions train or compile the model of that call. Both functions run in the float
 * mode of the thread that called.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_DATASET_H
#define DLCORE_DATASET_H

#include "model.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One batch. The tensors stay the dataset's, and valid and unchanged until its next call, or until
 * the call that reads it returns. Rows, 1 or more, may differ from batch to batch, and so may the
 * dtypes; widths may not. Both are as of x and y of dlcore_model_fit, and each batch is checked
 * when it comes: what does not fit ends the call with a message that names the batch. */
typedef struct dlcore_dataset_batch {
    const dlcore_tensor_t *x;
    const dlcore_tensor_t *y;             /* not looked at by predict */
    const dlcore_tensor_t *sample_weight; /* float32, (batch); NULL: all 1; nor is this */
} dlcore_dataset_batch_t;

/* Plain functions of yours; zero the struct, then set them. Both answer DLCORE_OK, or an error that
 * ends the call, with a message in *error (never NULL; without a message the status's own is
 * given). error->status need not be set: what they answer counts. Calls copy the struct. */
typedef struct dlcore_dataset {
    void *user;
    /* The next batch to come is number `batch`, from 0, of pass number `pass`. Numbers of passes go
     * on from epoch to epoch, from initial_epoch; a run that resumes begins where it stopped, with
     * the batch that it needs. For evaluate and predict both are 0.
     *
     * May be called at any time, in the midst of a pass and twice for the same place. fit begins
     * and reads one batch before anything else, to see its shapes; it is trained on when the run
     * begins there, but a run that resumes elsewhere (backup_and_restore) begins anew. */
    dlcore_status (*begin)(void *user, size_t pass, size_t batch, dlcore_error_record_t *error);
    /* Fills *batch; leaves it as it is, all NULL, at the end of the pass. */
    dlcore_status (*next)(void *user, dlcore_dataset_batch_t *batch, dlcore_error_record_t *error);
    size_t batches; /* in a pass, for the progress line alone; 0: not known */
    /* fit calls `next` on a thread of its own while a step runs, one batch ahead, and copies the
     * batch; `begin` is called there, too. Both still run one at a time. One batch more is read
     * than steps ask for, and dropped; fit waits for a function that runs before it returns, so a
     * `next` that blocks for ever holds it for ever. No exception may leave either there, and no
     * longjmp. Validation, evaluate and predict do not look
     * at this. False: on the caller's. DLCORE_ERROR_IO where no thread can be had. */
    bool prefetch;
} dlcore_dataset_t;

/* As dlcore_model_fit, with batches as they come: shuffle is not looked at, and batch_size, 1 or
 * more, only says how many rows of validation_x are computed at a time where validation_batch_size
 * does not. DLCORE_ERROR_ARGUMENT for sample_weight, for a validation_split without other
 * validation, and for a validation_dataset that is this one when there are steps_per_epoch. */
dlcore_status dlcore_model_fit_dataset(dlcore_model_t *model, const dlcore_dataset_t *dataset,
                                       const dlcore_fit_options_t *options,
                                       dlcore_history_t **history);
/* As dlcore_model_evaluate, over one pass of 1 batch or more, or its first `steps` batches, after
 * which the dataset is not asked for another: the mean over all samples. batch_size is not looked
 * at; a sample_weight in the options is DLCORE_ERROR_ARGUMENT, a batch brings its own. The same
 * bits with any number of threads; as dlcore_model_evaluate up to rounding, or, where the loss's
 * reduction is not a mean over rows, as that by batches of these sizes. */
dlcore_status dlcore_model_evaluate_dataset(const dlcore_model_t *model,
                                            const dlcore_dataset_t *dataset,
                                            const dlcore_evaluate_options_t *options,
                                            dlcore_evaluation_t *result);
/* The outputs of each batch in turn to `take`: float32, (batch, units), valid for its call, before
 * the dataset is asked for the next batch. What `take` answers but DLCORE_OK ends the run with that
 * status and what it wrote to *error (never NULL). */
typedef dlcore_status (*dlcore_prediction_function_t)(void *user, const dlcore_tensor_t *y_pred,
                                                      dlcore_error_record_t *error);
/* As dlcore_model_predict_with for each batch of one pass, or of its first `steps`; `take` is not
 * called for a pass of none. batch_size is rows computed at a time out of a batch. */
dlcore_status dlcore_model_predict_dataset(const dlcore_model_t *model,
                                           const dlcore_dataset_t *dataset,
                                           dlcore_prediction_function_t take, void *user,
                                           const dlcore_predict_options_t *options);

#ifdef __cplusplus
}
#endif

#endif
