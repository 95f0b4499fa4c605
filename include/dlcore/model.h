/* The Sequential model: add layers, compile, fit, evaluate, predict.
 *
 * Order of calls: create, add (one or more), compile, fit; build may come before or after compile.
 * Weights exist once the model is built: by dlcore_model_build, by compile when the first layer
 * gives its input_width, else by the first fit or train_on_batch from the data.
 *
 * Errors: each call on a model that is not const clears the model's message, and on failure keeps
 * one for dlcore_model_error (but for DLCORE_ERROR_BUSY, when the model is another call's). Adding
 * is sticky: the first layer whose own settings are wrong is remembered, and later adds, build and
 * compile return its error, so a builder need not check each line. So is one for which there was no
 * memory, because a model without it would be another: free the model and begin again. Whether
 * widths fit together is seen when the model is built. Calls on a const model (evaluate, predict)
 * leave the model's message alone and fill the dlcore_error_record_t of their options instead.
 *
 * Threads: evaluate, predict and the getters may run on one model from any number of threads at
 * once, while nothing writes to it. Any other call wants the model to itself; a second one
 * meanwhile, be it fit, compile or set_weights, is answered DLCORE_ERROR_BUSY, but for set_weight,
 * set_weights and set_learning_rate on the thread of a callback. model_request_stop may be called
 * at any time from any thread or signal handler while the model exists. After DLCORE_ERROR_BUSY
 * dlcore_model_error says who has the model, on any thread, for as long as that call has it.
 *
 * Exceptions: a C++ exception or longjmp may leave a call out of your code that the call runs on
 * its own thread: a callback, a dataset's function, a schedule's function, a sink, a
 * dlcore_byte_writer_t, a dlcore_prediction_function_t. A training call that was left keeps the
 * model, and other calls answer DLCORE_ERROR_BUSY. dlcore_model_abandon_call gives the model back;
 * dlcore_model_free alone is fine, too. Call one of them first: after longjmp other calls cannot
 * always tell that the callback no longer runs. Until then a dataset with prefetch must exist.
 * Evaluate, predict and save do not keep the model but memory, which both release.
 * No exception or longjmp may leave code that runs on another thread (a dataset with prefetch), an
 * allocator, or a dlcore_byte_reader_t: catch it there and answer an error.
 *
 * Zeros: inputs that are zero in every row of a batch are left out of the first layer's products,
 * which changes no result but by rounding, and nothing with the native engine. (Zero times a weight
 * that becomes infinite or NaN in the midst of a call, or times an infinite gradient, is then zero,
 * not NaN.)
 *
 * Data: x is (batch, ...), float32, uint8 or int32; a sample's axes are flattened. y depends on the
 * loss. Both are borrowed for the call and never written; labels that the caller changes meanwhile,
 * to what is no class, give a loss of NaN. uint8 pixels are used as they are, cast
 * batch by batch.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_MODEL_H
#define DLCORE_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "api.h"
#include "callback.h"
#include "layer.h"
#include "loss.h"
#include "metric.h"
#include "optimizer.h"
#include "status.h"
#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct dlcore_model dlcore_model_t;
typedef struct dlcore_history dlcore_history_t;
struct dlcore_dataset;

/* ---- options: start from the ..._default(), then change fields. A zeroed struct is refused. ----
 */

#define DLCORE_THREADS_MAX 256

/* Who multiplies. Results of two engines agree up to rounding; each gives the same bits at any
 * number of threads. Weights in files and getters do not depend on it. */
typedef enum dlcore_engine {
    DLCORE_ENGINE_AUTO = 0, /* native where the CPU has one, else BLAS */
    DLCORE_ENGINE_BLAS,     /* the BLAS that dlcore was linked with */
    DLCORE_ENGINE_NATIVE    /* dlcore's own packed kernels: AVX-512, or AVX2 with FMA */
} dlcore_engine_t;
#define DLCORE_SEED_DEFAULT 20240229u

typedef struct dlcore_model_options {
    size_t structure_size; /* set by ..._default(); tells a zeroed struct from a filled one */
    dlcore_allocator_t allocator; /* malloc */
    uint64_t seed;                /* initial weights and shuffling; DLCORE_SEED_DEFAULT */
    /* Threads that one call may use, its own included; 1 creates none. 0, the default: the CPUs
     * this process may run on, where a step is big enough to gain; a container's CPU quota counts
     * like CPUs, halves rounded up. Results never depend on it. */
    size_t threads;
    /* Create fails with DLCORE_ERROR_UNSUPPORTED for an engine that this CPU has not. */
    dlcore_engine_t engine; /* DLCORE_ENGINE_AUTO */
    /* With DLCORE_ENGINE_BLAS: leave threads to BLAS, at the number that the host has set, instead
     * of running dlcore's own; false. Then bits depend on BLAS and its number of threads. */
    bool blas_threads;
    /* Treat numbers below 1.2e-38 as zero within calls, which keeps their speed; true. */
    bool flush_denormals;
    dlcore_error_record_t *error; /* where create writes its message; NULL: nowhere */
} dlcore_model_options_t;
DLCORE_API dlcore_model_options_t dlcore_model_options_default(void);

typedef struct dlcore_compile_options {
    size_t structure_size;        /* set by ..._default() */
    dlcore_optimizer_t optimizer; /* rmsprop */
    dlcore_loss_t loss;           /* none: must be set */
    /* Without and with the weights of samples and classes; the first metric_count and
     * weighted_metric_count count, together at most DLCORE_METRICS_MAX. 0 and 0.
     * DLCORE_ERROR_ARGUMENT where one behind them is set, as when the count was forgotten. */
    dlcore_metric_t metrics[DLCORE_METRICS_MAX];
    size_t metric_count;
    dlcore_metric_t weighted_metrics[DLCORE_METRICS_MAX];
    size_t weighted_metric_count;
} dlcore_compile_options_t;
DLCORE_API dlcore_compile_options_t dlcore_compile_options_default(void);

typedef struct dlcore_fit_options {
    size_t structure_size; /* set by ..._default() */
    size_t batch_size;     /* 32; the last batch of an epoch may be shorter */
    size_t epochs;         /* 1; the number of the last epoch, as in Keras */
    /* 0. From `epochs` on, and so with epochs 0, nothing is trained and DLCORE_OK answered, as in
     * Keras. */
    size_t initial_epoch;
    bool shuffle; /* true: a new order each epoch, from the seed and the model's epoch count */
    /* Batches in an epoch; 0: as many as the data has. Passes through the data go on from epoch to
     * epoch, and begin again when the data ends. */
    size_t steps_per_epoch;

    /* Share of the samples, taken from the end before shuffling, that is kept for validation:
     * 0 <= validation_split < 1. Or tensors, or a dataset (dlcore/dataset.h), of their own, not
     * both; these win. */
    double validation_split;
    bool shuffle_before_split; /* false; true: a random share, the same in every fit of a seed */
    const dlcore_tensor_t *validation_x;
    const dlcore_tensor_t *validation_y;
    const dlcore_tensor_t *validation_sample_weight; /* of validation_x; NULL: all 1 */
    const struct dlcore_dataset *validation_dataset;
    size_t validation_freq; /* 1: after every epoch; n: after every n-th; others have NaN */
    /* Rows of tensors computed at a time; 0: batch_size. And batches of validation_dataset, at most
     * and each time from the first of a pass; 0: all of it. A dataset that never ends needs them.
     * DLCORE_ERROR_ARGUMENT where there is nothing of the kind to validate with. */
    size_t validation_batch_size;
    size_t validation_steps;

    /* How much each sample counts in the loss and in weighted metrics: float32, (samples), finite
     * and 0 or more; NULL: all 1. And each class, (class_count), of training samples: that of an
     * integer label or of the largest of a row, or of 0 and 1 for one unit; classes from
     * class_count on count 1; NULL: all 1. Both multiply. */
    const dlcore_tensor_t *sample_weight;
    const float *class_weight;
    size_t class_count;

    /* Go on where the run stood that the model was loaded from, or that a callback or
     * model_request_stop ended, with the same data and options; false. To the same bits as if it
     * had never stopped: also where averages of the weights, or those of the best epoch, have taken
     * the place of the weights meanwhile, which files keep as well. set_learning_rate between is
     * followed. DLCORE_ERROR_STATE when there is no such run: what else changes weights or steps
     * gives it up (compile, a fit that begins anew, train_on_batch, set_weight, set_weights,
     * load_weights, adapt, set_trainable), calls that fail before they change anything do not. */
    bool resume;
    /* 0 silent (default), 1 progress line, 2 line per epoch. 1 also tells what dlcore_model_check
     * finds, in lines that begin with "note: ", before a model's first epoch. */
    int verbose;
    dlcore_sink_t sink;                 /* where verbose prints; write NULL: stdout */
    const dlcore_callback_t *callbacks; /* callback_count of them; copied; 0: NULL */
    size_t callback_count;
    /* Stop with DLCORE_ERROR_NOT_FINITE before the update when the loss of a batch is NaN or
     * infinite: the weights are those before that batch, and the message names the first number of
     * its x or y that is not finite, if there is one. The loss of validation is not looked at.
     * true. */
    bool stop_on_not_finite;
} dlcore_fit_options_t;
DLCORE_API dlcore_fit_options_t dlcore_fit_options_default(void);

typedef struct dlcore_evaluate_options {
    size_t structure_size; /* set by ..._default() */
    size_t batch_size;     /* 32; the result is the same up to rounding */
    size_t steps; /* batches of a dataset at most; 0: the whole pass, as for tensors it must be */
    const dlcore_tensor_t *sample_weight; /* float32, (samples); NULL: all 1 */
    int verbose;                          /* 0 silent, 1 progress line, 2 one line */
    dlcore_sink_t sink;                   /* write NULL: stdout */
    dlcore_error_record_t *error;         /* NULL: no message wanted */
} dlcore_evaluate_options_t;
DLCORE_API dlcore_evaluate_options_t dlcore_evaluate_options_default(void);

typedef struct dlcore_predict_options {
    size_t structure_size; /* set by ..._default() */
    size_t batch_size;     /* 0: chosen for speed; else rows computed at a time */
    size_t steps; /* batches of a dataset at most; 0: the whole pass, as for tensors it must be */
    dlcore_error_record_t *error; /* NULL: no message wanted */
} dlcore_predict_options_t;
DLCORE_API dlcore_predict_options_t dlcore_predict_options_default(void);

/* ---- life ---- */

/* An empty model. `options` NULL: the defaults. On failure *model is NULL. */
DLCORE_API dlcore_status dlcore_model_create(const dlcore_model_options_t *options,
                                             dlcore_model_t **model);
/* NULL is fine. Not while another thread uses the model. */
DLCORE_API void dlcore_model_free(dlcore_model_t *model);
/* A new model of the same layers, compile settings, options and, when built, weights; without
 * optimizer state. */
DLCORE_API dlcore_status dlcore_model_clone(const dlcore_model_t *model, dlcore_model_t **clone);
/* The message of the last call that failed ("dense: expects 784 inputs, got 512"), "" when it
 * succeeded. Borrowed until the next call. NULL gives a text, too. */
DLCORE_API const char *dlcore_model_error(const dlcore_model_t *model);

/* ---- building ---- */

DLCORE_API dlcore_status dlcore_model_add(dlcore_model_t *model, dlcore_layer_t layer);
/* Makes the weights, for samples of `input_width` numbers (0: the first layer's input_width). */
DLCORE_API dlcore_status dlcore_model_build(dlcore_model_t *model, size_t input_width);
/* Freezes a layer, or lets training move its weights again, from the next call that trains on; not
 * while fit runs. The optimizer's state stays. (In Keras this wants compile anew.) */
DLCORE_API dlcore_status dlcore_model_set_trainable(dlcore_model_t *model, size_t layer,
                                                    bool trainable);
/* Gives a normalization layer the mean and variance of x, as they are where it stands: only flatten
 * and rescaling layers may come before it. Builds the model when need be. x as in fit.
 * DLCORE_ERROR_RANGE, naming sample and number, for data that are not finite. */
DLCORE_API dlcore_status dlcore_model_adapt(dlcore_model_t *model, size_t layer,
                                            const dlcore_tensor_t *x);
/* The short form: one loss and one metric (or DLCORE_METRIC_NONE) with their defaults. Compiling
 * again is allowed and keeps the weights, but begins the optimizer's state anew. */
DLCORE_API dlcore_status dlcore_model_compile(dlcore_model_t *model,
                                              const dlcore_optimizer_t *optimizer,
                                              dlcore_loss_kind_t loss, dlcore_metric_kind_t metric);
/* The long form: several metrics, descriptors with their settings. */
DLCORE_API dlcore_status dlcore_model_compile_with(dlcore_model_t *model,
                                                   const dlcore_compile_options_t *options);

/* ---- training ---- */

/* Trains for epochs - initial_epoch epochs. `options` NULL: the defaults. When `history` is not
 * NULL, *history is a new record, also of a run that was stopped or failed on its way; NULL when
 * nothing was begun. Being stopped by a callback or model_request_stop is DLCORE_OK. */
DLCORE_API dlcore_status dlcore_model_fit(dlcore_model_t *model, const dlcore_tensor_t *x,
                                          const dlcore_tensor_t *y,
                                          const dlcore_fit_options_t *options,
                                          dlcore_history_t **history);
/* One step on the given samples, all at once. `result` (may be NULL) gets the loss and metrics of
 * this batch, before its update; on failure it is left alone, but for DLCORE_ERROR_NOT_FINITE, when
 * it says which loss that was. (Keras answers running means since the last reset.) */
DLCORE_API dlcore_status dlcore_model_train_on_batch(dlcore_model_t *model,
                                                     const dlcore_tensor_t *x,
                                                     const dlcore_tensor_t *y,
                                                     dlcore_evaluation_t *result);
/* The same with weights for samples and classes, as in dlcore_fit_options_t; NULL: all 1. */
DLCORE_API dlcore_status dlcore_model_train_on_batch_weighted(
    dlcore_model_t *model, const dlcore_tensor_t *x, const dlcore_tensor_t *y,
    const dlcore_tensor_t *sample_weight, const float *class_weight, size_t class_count,
    dlcore_evaluation_t *result);
/* The learning rate of the next step; NaN before the model is compiled. */
DLCORE_API double dlcore_model_learning_rate(const dlcore_model_t *model);
/* Changes it from the next step on: between calls, or from a callback during fit. At least 0 and
 * finite. DLCORE_ERROR_STATE when the optimizer has a schedule. */
DLCORE_API dlcore_status dlcore_model_set_learning_rate(dlcore_model_t *model,
                                                        double learning_rate);
/* The gradient of the mean loss over the given samples by every weight, in the order and layout of
 * dlcore_model_get_weights; nothing is updated. Layers work as in training; weights that training
 * does not move have 0. `loss` may be NULL. On failure both are left alone, but for
 * DLCORE_ERROR_NOT_FINITE, when *loss is set. For checks and for training loops of your own. */
DLCORE_API dlcore_status dlcore_model_gradients(dlcore_model_t *model, const dlcore_tensor_t *x,
                                                const dlcore_tensor_t *y, float *gradients,
                                                size_t count, double *loss);
/* Asks a running fit to return after the current batch. Callable from any thread and from signal
 * handlers. Cleared when a fit begins. */
DLCORE_API void dlcore_model_request_stop(dlcore_model_t *model);

/* Ends a call that an exception or longjmp has left: see "Exceptions" above. It joins the thread
 * that read ahead, releases what the call held, and gives the model back, with the weights and the
 * optimizer's state of the last finished step. Callbacks hear of nothing. Only when the frames of
 * the call are gone, so never from within the code of yours that the call runs. DLCORE_OK also
 * where no call was left; DLCORE_ERROR_BUSY while a call on another thread is at work. */
DLCORE_API dlcore_status dlcore_model_abandon_call(dlcore_model_t *model);

/* ---- using ---- */

/* Loss and metrics over x and y, 1 sample or more. `options` NULL: the defaults. */
DLCORE_API dlcore_status dlcore_model_evaluate(const dlcore_model_t *model,
                                               const dlcore_tensor_t *x, const dlcore_tensor_t *y,
                                               const dlcore_evaluate_options_t *options,
                                               dlcore_evaluation_t *result);
/* The model's outputs for x, written to `y_pred`: float32, writable, (batch, units), or (batch)
 * for one unit. x may have 0 samples. Needs weights, not compile. The model is const and keeps no
 * message: that of a failure goes to options.error of predict_with, from predict itself to nobody.
 */
DLCORE_API dlcore_status dlcore_model_predict(const dlcore_model_t *model, const dlcore_tensor_t *x,
                                              dlcore_tensor_t *y_pred);
DLCORE_API dlcore_status dlcore_model_predict_with(const dlcore_model_t *model,
                                                   const dlcore_tensor_t *x,
                                                   dlcore_tensor_t *y_pred,
                                                   const dlcore_predict_options_t *options);

/* Keras's names for one batch at once: evaluate and predict with its number of rows. */
DLCORE_API dlcore_status dlcore_model_test_on_batch(const dlcore_model_t *model,
                                                    const dlcore_tensor_t *x,
                                                    const dlcore_tensor_t *y,
                                                    dlcore_evaluation_t *result);
DLCORE_API dlcore_status dlcore_model_predict_on_batch(const dlcore_model_t *model,
                                                       const dlcore_tensor_t *x,
                                                       dlcore_tensor_t *y_pred);
/* The same with weights of samples, messages and what else the options say; batch_size is not
 * looked at. */
DLCORE_API dlcore_status dlcore_model_test_on_batch_with(const dlcore_model_t *model,
                                                         const dlcore_tensor_t *x,
                                                         const dlcore_tensor_t *y,
                                                         const dlcore_evaluate_options_t *options,
                                                         dlcore_evaluation_t *result);
DLCORE_API dlcore_status dlcore_model_predict_on_batch_with(
    const dlcore_model_t *model, const dlcore_tensor_t *x, dlcore_tensor_t *y_pred,
    const dlcore_predict_options_t *options);

/* ---- looking inside; getters borrow, and answer NULL or 0 for what is not there ---- */

DLCORE_API size_t dlcore_model_layer_count(const dlcore_model_t *model);
/* The descriptor as added, its name and, once built, its input_width filled in. */
DLCORE_API const dlcore_layer_t *dlcore_model_layer(const dlcore_model_t *model, size_t index);
/* The index of the layer of that name, "dense_1", as it is written. DLCORE_ERROR_NAME, with the
 * names there are in the message, when there is none; then *index is left alone. */
DLCORE_API dlcore_status dlcore_model_find_layer(const dlcore_model_t *model, const char *name,
                                                 size_t *index, dlcore_error_record_t *error);
/* Numbers per sample into and out of the model; 0 before it is built. */
DLCORE_API size_t dlcore_model_input_width(const dlcore_model_t *model);
DLCORE_API size_t dlcore_model_output_width(const dlcore_model_t *model);
/* What multiplies in this model: "native avx512", "native avx2", "openblas pthread", ... */
DLCORE_API const char *dlcore_model_engine(const dlcore_model_t *model);
/* Number of parameters, 0 before the model is built. */
DLCORE_API size_t dlcore_model_parameter_count(const dlcore_model_t *model);

/* One array: a kernel (inputs, units), a bias (units), ..., row-major as in Keras. */
typedef struct dlcore_weight {
    char name[DLCORE_NAME_SIZE + 16]; /* "dense/kernel" */
    size_t rank;
    size_t shape[2];
    size_t size;    /* product of the shape */
    bool trainable; /* training moves it */
} dlcore_weight_t;

DLCORE_API size_t dlcore_model_weight_count(const dlcore_model_t *model);
/* False when there is no such weight. */
DLCORE_API bool dlcore_model_weight(const dlcore_model_t *model, size_t index,
                                    dlcore_weight_t *weight);
/* The index of the weight of that name, "dense_1/kernel", as dlcore_model_find_layer finds layers.
 * DLCORE_ERROR_STATE before the model is built. */
DLCORE_API dlcore_status dlcore_model_find_weight(const dlcore_model_t *model, const char *name,
                                                  size_t *index, dlcore_error_record_t *error);
/* Copies of one weight out and in: float32, contiguous, `count` = its size. */
DLCORE_API dlcore_status dlcore_model_get_weight(const dlcore_model_t *model, size_t index,
                                                 float *values, size_t count);
DLCORE_API dlcore_status dlcore_model_set_weight(dlcore_model_t *model, size_t index,
                                                 const float *values, size_t count);
/* All of them, one after the other: `count` = dlcore_model_parameter_count. */
DLCORE_API dlcore_status dlcore_model_get_weights(const dlcore_model_t *model, float *values,
                                                  size_t count);
DLCORE_API dlcore_status dlcore_model_set_weights(dlcore_model_t *model, const float *values,
                                                  size_t count);

/* Writes the table that Keras prints, for a stream of 80 columns: with the column of its
 * show_trainable when a layer is frozen (Y: training moves its weights, N: not, -: it has none),
 * and with the optimizer's parameters, in the total too, once it has begun to train.
 * DLCORE_ERROR_IO when the stream fails. */
DLCORE_API dlcore_status dlcore_model_summary(const dlcore_model_t *model, FILE *stream);

/* ---- history: one row per epoch that ended; of a run that was resumed, also those before ---- */

DLCORE_API void dlcore_history_free(dlcore_history_t *history);
DLCORE_API size_t dlcore_history_epoch_count(const dlcore_history_t *history);
/* The number of the first row's epoch, from 0: the initial_epoch that the run began with. */
DLCORE_API size_t dlcore_history_first_epoch(const dlcore_history_t *history);
DLCORE_API size_t dlcore_history_value_count(const dlcore_history_t *history);
/* "loss", "accuracy", "val_loss", ...; NULL past the end. */
DLCORE_API const char *dlcore_history_name(const dlcore_history_t *history, size_t index);
/* The name is looked up as in dlcore_evaluation_value, behind "val_" too. NaN for a name or an
 * epoch (row, from 0) that is not there; the rows of a run that was resumed begin with that of its
 * first epoch. */
DLCORE_API double dlcore_history_value(const dlcore_history_t *history, const char *name,
                                       size_t epoch);
/* Whether a callback or model_request_stop ended the run early. */
DLCORE_API bool dlcore_history_stopped(const dlcore_history_t *history);

#ifdef __cplusplus
}
#endif

#endif
