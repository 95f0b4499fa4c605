/* Datasets: batches that your code makes, for data that is larger than memory, comes from a stream,
 * or is generated.
 *
 *     static dlcore_status begin(void *user, size_t pass, size_t batch, error_record_t *error);
 *     static dlcore_status next(void *user, dataset_batch_t *batch, error_record_t *error);
 *     ...
 *     dataset_t dataset = {.user = &reader, .begin = begin, .next = next};
 *     how.epochs = 5;
 *     model_fit_dataset(network, &dataset, &how, NULL);
 *
 * A pass goes once through the data. An epoch is one pass, or steps_per_epoch batches; in the
 * second case the dataset begins again whenever it ends.
 *
 * One call at a time may read a dataset, on any thread. Its functions must not train or compile the
 * model of that call; evaluate then ends with DLCORE_ERROR_STATE. Both functions run in the
 * floating-point mode of the thread that called.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_DATASET_H
#define DLCORE_DATASET_H

#include "api.h"
#include "model.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One batch. The tensors belong to the dataset. They must stay valid and unchanged until its next
 * call, or until the call that reads it returns. x and y are as in dlcore_model_fit; x may be
 * sparse. The number of rows (1 or more) and the dtypes may differ between batches, and some may be
 * sparse; widths may not differ. Each batch is checked
 * when it comes; one that does not fit ends the call with a message that names the batch. */
typedef struct dlcore_dataset_batch {
    const dlcore_tensor_t *x;
    const dlcore_tensor_t *y;             /* predict ignores it */
    const dlcore_tensor_t *sample_weight; /* float32, (batch); NULL: all 1; predict ignores it */
} dlcore_dataset_batch_t;

/* Functions of yours; set the struct to zero, then set them. Both return DLCORE_OK, or an error
 * that ends the call, with a message in *error (never NULL; without a message the text of the
 * status is used). You need not set error->status: the returned status counts. Calls copy the
 * struct. */
typedef struct dlcore_dataset {
    void *user;
    /* Go to batch number `batch` (from 0) of pass number `pass`: it is the next to be asked for.
     * Passes are numbered through all epochs, starting with initial_epoch. A run that resumes
     * begins with the batch that it needs. For evaluate and predict both are 0.
     *
     * May be called at any time: in the middle of a pass, and twice for the same place. fit first
     * begins and reads one batch to see its shapes. That batch is used if training starts there; a
     * run that resumes elsewhere (backup_and_restore) calls begin again. */
    dlcore_status (*begin)(void *user, size_t pass, size_t batch, dlcore_error_record_t *error);
    /* Fills *batch. At the end of the pass it leaves *batch unchanged (all NULL). */
    dlcore_status (*next)(void *user, dlcore_dataset_batch_t *batch, dlcore_error_record_t *error);
    size_t batches; /* in a pass; only for the progress line; 0: not known */
    /* True: fit calls `begin` and `next` on a thread of its own while a step runs, one batch ahead,
     * and copies the batch. They still run one at a time. One batch more is read than the steps
     * need, and dropped. Before fit returns it waits for the function that is running, so a `next`
     * that blocks for ever blocks fit for ever. There no exception and no longjmp may leave either
     * function. DLCORE_ERROR_IO when no thread can be created; DLCORE_ERROR_STATE in the child of a
     * fork during fit, which does not have the thread.
     * False: both run on the thread that called. Validation, evaluate and predict ignore this
     * setting. */
    bool prefetch;
} dlcore_dataset_t;

/* Like dlcore_model_fit, but with batches as they come. shuffle is ignored. batch_size (1 or more)
 * only says how many rows of validation_x are computed at a time, if validation_batch_size does
 * not. DLCORE_ERROR_ARGUMENT for a sample_weight, for a validation_split without other validation
 * data, and for a validation_dataset that is this same dataset together with steps_per_epoch. */
DLCORE_API dlcore_status dlcore_model_fit_dataset(dlcore_model_t *model,
                                                  const dlcore_dataset_t *dataset,
                                                  const dlcore_fit_options_t *options,
                                                  dlcore_history_t **history);
/* Like dlcore_model_evaluate, over one pass of at least one batch, or over its first `steps`
 * batches (no further batch is asked for). The result is the mean over all samples. batch_size is
 * ignored. A sample_weight in the options is DLCORE_ERROR_ARGUMENT; batches bring their own. The
 * bits are the same with any number of threads. They equal those of dlcore_model_evaluate up to
 * rounding; if the reduction of the loss is not a mean over rows, they depend on the sizes of the
 * batches. */
DLCORE_API dlcore_status dlcore_model_evaluate_dataset(const dlcore_model_t *model,
                                                       const dlcore_dataset_t *dataset,
                                                       const dlcore_evaluate_options_t *options,
                                                       dlcore_evaluation_t *result);
/* Gets the outputs of each batch in turn: float32, (batch, units), valid during the call. It is
 * called before the dataset is asked for the next batch. A status other than DLCORE_OK ends the run
 * with that status and with the message written to *error (never NULL). */
typedef dlcore_status (*dlcore_prediction_function_t)(void *user, const dlcore_tensor_t *y_pred,
                                                      dlcore_error_record_t *error);
/* Like dlcore_model_predict_with, for each batch of one pass, or of its first `steps` batches. For
 * a pass without batches `take` is not called. batch_size: rows of a batch computed at a time. */
DLCORE_API dlcore_status dlcore_model_predict_dataset(const dlcore_model_t *model,
                                                      const dlcore_dataset_t *dataset,
                                                      dlcore_prediction_function_t take, void *user,
                                                      const dlcore_predict_options_t *options);

#ifdef __cplusplus
}
#endif

#endif
