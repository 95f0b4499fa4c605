/* The Sequential model: add layers, compile, fit, evaluate, predict.
 *
 * Order of calls: create, add (one or more), compile, fit. build may come before or after compile.
 * Weights exist once the model is built: by dlcore_model_build; by compile, if the first layer has
 * its input_width; otherwise by the first fit or train_on_batch, from the data.
 *
 * Errors: a call on a model that is not const clears the model's message. If it fails,
 * dlcore_model_error has its message. Adding is sticky: the first layer with wrong settings is
 * remembered, and later adds, build and compile return its error, so you need not check each line.
 * A layer for which there was no memory is remembered, too: free the model and begin again. Whether
 * widths fit together is found when the model is built. Calls on a const model (evaluate, predict)
 * do not touch the model's message; they fill the dlcore_error_record_t of their options.
 *
 * Threads: evaluate, predict and the getters may run on one model on any number of threads at once,
 * while nothing writes to it. Any other call needs the model for itself: a second such call (fit,
 * compile, set_weights, ...) returns DLCORE_ERROR_BUSY, and dlcore_model_error then says who has
 * the model, on any thread, as long as that call has it. Exceptions: set_weight, set_weights and
 * set_learning_rate on the thread of a callback. model_request_stop may be called at any time from
 * any thread or signal handler while the model exists.
 *
 * Forks: after fork() parent and child both go on, each with its copies; the child makes threads of
 * its own. In the child, do not use or free a model that another thread of the parent was using. A
 * fit over a dataset with prefetch that runs at the fork ends in the child with DLCORE_ERROR_STATE.
 * After vfork or clone do not call dlcore.
 *
 * Exceptions: a C++ exception or longjmp may leave a call through code of yours that the call runs
 * on the calling thread: callbacks, the functions of a dataset or a schedule, a sink, a
 * dlcore_byte_writer_t, a dlcore_prediction_function_t. A training call that was left this way
 * keeps the model: other calls return DLCORE_ERROR_BUSY until you call dlcore_model_abandon_call or
 * dlcore_model_free. Do so next, above all after longjmp, because dlcore cannot always tell it from
 * a callback that is still running. Until then a dataset that was read ahead must exist. Evaluate,
 * predict and save keep only memory, which both calls release. No exception and no longjmp may
 * leave code on another thread (the functions of a dataset with prefetch), an allocator, or a
 * dlcore_byte_reader_t: catch it there and return an error.
 *
 * Zeros: inputs that are zero in every row of a batch are left out of the products of the first
 * layer. With the native engine this changes no bit, with BLAS only rounding. (If a weight becomes
 * infinite or NaN during a call, or a gradient is infinite, zero times it is then zero, not NaN.)
 *
 * Data: x is (batch, ...), float32, uint8 or int32; the axes of a sample are flattened. It may be a
 * sparse tensor (dlcore/sparse.h) in every call. The form of y depends on the loss. Both are
 * borrowed for the call and never written: do not free them meanwhile. uint8 pixels are cast batch
 * by batch. If you change labels during the call to numbers that are no class, the loss is NaN. If
 * you reshape a tensor, that is for the next call.
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
    /* Native where the CPU has one, else BLAS; in float32 BLAS where it is Accelerate. */
    DLCORE_ENGINE_AUTO = 0,
    DLCORE_ENGINE_BLAS,  /* the BLAS that dlcore was linked with */
    DLCORE_ENGINE_NATIVE /* dlcore's own packed kernels: AVX-512, AVX2 with FMA, or NEON */
} dlcore_engine_t;
#define DLCORE_SEED_DEFAULT 20240229u

/* What the matrix products of a training step multiply: of dense layers forward and of both
 * gradients.
 *
 * With bfloat16 both factors of every product are rounded to it (nearest, ties to even;
 * below 1.2e-38 is zero), and summed in float32. All else is float32: weights, of which rounded
 * copies are kept beside, biases, activations, normalization, loss, gradients as they come out,
 * optimizer. So are evaluate, predict, input_gradients and files, which use the weights as they
 * are; a first layer that reads a sparse tensor multiplies in float32, too. Small networks take the
 * general path.
 *
 * AMD's CPUs since Zen 4 then train wide networks about 1.7 times as fast; other CPUs get the same
 * numbers by slower means, no faster than float32; where the engine is BLAS, in plain C, many times
 * slower. The same seed gives the same bits at any number of threads.
 *
 *     options.precision = PRECISION_BFLOAT16; */
typedef struct dlcore_model_precision dlcore_model_precision_t;
#define DLCORE_PRECISION_FLOAT32 ((const dlcore_model_precision_t *)0)
#define DLCORE_PRECISION_BFLOAT16 dlcore_model_bfloat16()
/* Never NULL. A program that calls neither this nor model_load links none of it. */
DLCORE_API const dlcore_model_precision_t *dlcore_model_bfloat16(void);

typedef struct dlcore_model_options {
    size_t structure_size; /* set by ..._default(); tells a zeroed struct from a filled one */
    dlcore_allocator_t allocator; /* malloc */
    uint64_t seed;                /* initial weights and shuffling; DLCORE_SEED_DEFAULT */
    /* Threads that one call may use, its own included; 1 creates none. 0, the default: the CPUs
     * this process may run on, where a step is big enough to gain; a container's CPU quota counts
     * like CPUs, halves rounded up. Results never depend on it. */
    size_t threads;
    /* Create fails with DLCORE_ERROR_UNSUPPORTED for an engine that this CPU does not have. */
    dlcore_engine_t engine;                    /* DLCORE_ENGINE_AUTO */
    const dlcore_model_precision_t *precision; /* DLCORE_PRECISION_FLOAT32 */
    /* With DLCORE_ENGINE_BLAS: leave threads to BLAS, at the number that the host has set, instead
     * of running dlcore's own; false. Then bits depend on BLAS and its number of threads. */
    bool blas_threads;
    /* During calls, treat numbers below 1.2e-38 as zero: computing with them is slow; true. */
    bool flush_denormals;
    dlcore_error_record_t *error; /* where create writes its message; NULL: nowhere */
} dlcore_model_options_t;
DLCORE_API dlcore_model_options_t dlcore_model_options_default(void);

typedef struct dlcore_compile_options {
    size_t structure_size;        /* set by ..._default() */
    dlcore_optimizer_t optimizer; /* rmsprop */
    dlcore_loss_t loss;           /* none: must be set */
    /* Metrics that ignore the weights of samples and classes, and metrics that use them. The first
     * metric_count and weighted_metric_count are used, together at most DLCORE_METRICS_MAX; 0, 0. A
     * metric set beyond its count, as when the count was forgotten, is DLCORE_ERROR_ARGUMENT. */
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
    /* 0. If it is `epochs` or more, nothing is trained and fit returns DLCORE_OK, as in Keras. */
    size_t initial_epoch;
    bool shuffle; /* true: a new order each epoch, from the seed and the model's epoch count */
    /* Batches in an epoch; 0: as many as the data has. The next epoch goes on in the data where the
     * last one ended; at the end of the data it starts again. */
    size_t steps_per_epoch;

    /* Share of the samples that is kept for validation, taken from the end before shuffling: 0 <=
     * validation_split < 1. Instead you may give tensors, or a dataset (dlcore/dataset.h), but not
     * both; they take precedence over the split. */
    double validation_split;
    bool shuffle_before_split; /* false; true: a random share, the same for the same seed */
    const dlcore_tensor_t *validation_x;
    const dlcore_tensor_t *validation_y;
    const dlcore_tensor_t *validation_sample_weight; /* of validation_x; NULL: all 1 */
    const struct dlcore_dataset *validation_dataset;
    size_t validation_freq; /* 1: after every epoch; n: after every n-th; other epochs have NaN */
    /* validation_batch_size: rows of tensors computed at a time; 0: batch_size. validation_steps:
     * at most so many batches of validation_dataset, each time from the start of a pass; 0: all. An
     * endless dataset needs it. DLCORE_ERROR_ARGUMENT if there is no such validation data. */
    size_t validation_batch_size;
    size_t validation_steps;

    /* sample_weight: how much each sample counts in the loss and in weighted metrics; float32,
     * (samples), finite, also below 0 (which weighted metrics make no sense of); NULL: all 1.
     * class_weight: the same, 0 or more, for each class of the
     * training samples, (class_count) numbers; NULL: all 1. The class is the integer label, or the
     * largest label of a row, or with one unit the label 0 or 1. Classes from class_count on have
     * weight 1. Both weights are multiplied. */
    const dlcore_tensor_t *sample_weight;
    const float *class_weight;
    size_t class_count;

    /* Resume the run that a callback or model_request_stop ended, or that the model was loaded
     * from, with the same data and options; false. The result is bit-identical to a run that was
     * not interrupted, also if averages of the weights or the weights of the best epoch have
     * replaced the weights since then. A set_learning_rate in between is followed.
     * DLCORE_ERROR_STATE if there is no run to resume. Calls that change weights or steps drop it:
     * compile, a new fit, train_on_batch, set_weight, set_weights, load_weights, adapt,
     * set_trainable. A call that fails before it changes anything does not. */
    bool resume;
    /* 0 silent (default), 1 progress line, 2 line per epoch. 1 also tells what dlcore_model_check
     * finds, in lines that begin with "note: ", before a model's first epoch. */
    int verbose;
    dlcore_sink_t sink;                 /* where verbose prints; write NULL: stdout */
    const dlcore_callback_t *callbacks; /* callback_count of them; copied; 0: NULL */
    size_t callback_count;
    /* Stop with DLCORE_ERROR_NOT_FINITE before the update when the loss of a batch is NaN or
     * infinite; true. The weights are then those before that batch, and the message names the first
     * number of its x or y that is not finite, if there is one. Validation losses do not count. */
    bool stop_on_not_finite;
} dlcore_fit_options_t;
DLCORE_API dlcore_fit_options_t dlcore_fit_options_default(void);

typedef struct dlcore_evaluate_options {
    size_t structure_size; /* set by ..._default() */
    size_t batch_size;     /* 32; the result is the same up to rounding */
    size_t steps; /* of a dataset: at most so many batches; 0: the whole pass. For tensors: 0 */
    const dlcore_tensor_t *sample_weight; /* float32, (samples); NULL: all 1 */
    int verbose;                          /* 0 silent, 1 progress line, 2 one line */
    dlcore_sink_t sink;                   /* write NULL: stdout */
    dlcore_error_record_t *error;         /* NULL: no message wanted */
} dlcore_evaluate_options_t;
DLCORE_API dlcore_evaluate_options_t dlcore_evaluate_options_default(void);

typedef struct dlcore_predict_options {
    size_t structure_size; /* set by ..._default() */
    size_t batch_size;     /* 0: chosen for speed; else rows computed at a time */
    size_t steps; /* of a dataset: at most so many batches; 0: the whole pass. For tensors: 0 */
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
/* Freezes a layer (false), or lets training change its weights again (true), from the next training
 * call on; not while fit runs. The optimizer's state is kept. (Keras needs a new compile.) */
DLCORE_API dlcore_status dlcore_model_set_trainable(dlcore_model_t *model, size_t layer,
                                                    bool trainable);
/* Sets the mean and variance of a normalization layer from x (as in fit), as the layer sees it:
 * only flatten and rescaling layers may come before it. Builds the model if it is not built.
 * DLCORE_ERROR_RANGE, naming sample and number, for data that are not finite. */
DLCORE_API dlcore_status dlcore_model_adapt(dlcore_model_t *model, size_t layer,
                                            const dlcore_tensor_t *x);
/* The short form: one loss and one metric (or DLCORE_METRIC_NONE) with their defaults. You may
 * compile again: the weights are kept, the optimizer's state is reset. */
DLCORE_API dlcore_status dlcore_model_compile(dlcore_model_t *model,
                                              const dlcore_optimizer_t *optimizer,
                                              dlcore_loss_kind_t loss, dlcore_metric_kind_t metric);
/* The long form: several metrics, descriptors with their settings. */
DLCORE_API dlcore_status dlcore_model_compile_with(dlcore_model_t *model,
                                                   const dlcore_compile_options_t *options);

/* ---- training ---- */

/* Trains for epochs - initial_epoch epochs. `options` NULL: the defaults. When `history` is not
 * NULL, *history is a new record, also after a run that was stopped or failed; it is NULL if
 * training did not begin. A run that a callback or model_request_stop stops returns DLCORE_OK. */
DLCORE_API dlcore_status dlcore_model_fit(dlcore_model_t *model, const dlcore_tensor_t *x,
                                          const dlcore_tensor_t *y,
                                          const dlcore_fit_options_t *options,
                                          dlcore_history_t **history);
/* One step on the given samples, all at once. `result` (may be NULL) gets the loss and metrics of
 * this batch, before its update. On failure it is unchanged, except that after
 * DLCORE_ERROR_NOT_FINITE it has that loss. (Keras gives running means since the last reset.) */
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
/* The gradient of the mean loss over the given samples with respect to every weight, in the order
 * and layout of dlcore_model_get_weights. Nothing is updated. Layers work as in training. Weights
 * that training does not change have gradient 0. `loss` may be NULL. On failure both are unchanged,
 * except that after DLCORE_ERROR_NOT_FINITE *loss is set. For checks and your own training loops.
 */
DLCORE_API dlcore_status dlcore_model_gradients(dlcore_model_t *model, const dlcore_tensor_t *x,
                                                const dlcore_tensor_t *y, float *gradients,
                                                size_t count, double *loss);
/* Asks a running fit to return after the current batch, from any thread or signal handler. A new
 * fit clears the request. */
DLCORE_API void dlcore_model_request_stop(dlcore_model_t *model);

/* Ends a call that an exception or longjmp has left: see "Exceptions" above. It joins the thread
 * that read ahead, releases what the call held, and gives the model back, with the weights and the
 * optimizer's state of the last finished step. No callback is called. Never call it while the call
 * may still return from your code, on any thread; dlcore cannot detect that. DLCORE_OK also where
 * no call was left. DLCORE_ERROR_BUSY while a call is at work outside of your code. */
DLCORE_API dlcore_status dlcore_model_abandon_call(dlcore_model_t *model);

/* ---- using ---- */

/* Loss and metrics over x and y, 1 sample or more. `options` NULL: the defaults. */
DLCORE_API dlcore_status dlcore_model_evaluate(const dlcore_model_t *model,
                                               const dlcore_tensor_t *x, const dlcore_tensor_t *y,
                                               const dlcore_evaluate_options_t *options,
                                               dlcore_evaluation_t *result);
/* The model's outputs for x, written to `y_pred`: float32, writable, (batch, units), or (batch)
 * for one unit. x may have 0 samples. y_pred may be x, or share its memory if the bytes from one
 * row to the next are the same and no row of y_pred touches the place of another sample (columns of
 * one table); any other overlap is DLCORE_ERROR_ARGUMENT. Needs weights, not compile. The model is
 * const and keeps no message: that of a failure goes to options.error of predict_with, from predict
 * itself to nobody.
 */
DLCORE_API dlcore_status dlcore_model_predict(const dlcore_model_t *model, const dlcore_tensor_t *x,
                                              dlcore_tensor_t *y_pred);
DLCORE_API dlcore_status dlcore_model_predict_with(const dlcore_model_t *model,
                                                   const dlcore_tensor_t *x,
                                                   dlcore_tensor_t *y_pred,
                                                   const dlcore_predict_options_t *options);

/* Keras's names for one batch: evaluate and predict with all of its rows at a time. */
DLCORE_API dlcore_status dlcore_model_test_on_batch(const dlcore_model_t *model,
                                                    const dlcore_tensor_t *x,
                                                    const dlcore_tensor_t *y,
                                                    dlcore_evaluation_t *result);
DLCORE_API dlcore_status dlcore_model_predict_on_batch(const dlcore_model_t *model,
                                                       const dlcore_tensor_t *x,
                                                       dlcore_tensor_t *y_pred);
/* The same with options; batch_size is ignored. */
DLCORE_API dlcore_status dlcore_model_test_on_batch_with(const dlcore_model_t *model,
                                                         const dlcore_tensor_t *x,
                                                         const dlcore_tensor_t *y,
                                                         const dlcore_evaluate_options_t *options,
                                                         dlcore_evaluation_t *result);
DLCORE_API dlcore_status dlcore_model_predict_on_batch_with(
    const dlcore_model_t *model, const dlcore_tensor_t *x, dlcore_tensor_t *y_pred,
    const dlcore_predict_options_t *options);

/* ---- looking inside; getters borrow, and return NULL or 0 for what is not there ---- */

DLCORE_API size_t dlcore_model_layer_count(const dlcore_model_t *model);
/* The descriptor as added, its name and, once built, its input_width filled in. */
DLCORE_API const dlcore_layer_t *dlcore_model_layer(const dlcore_model_t *model, size_t index);
/* The index of the layer with exactly that name, "dense_1". If there is none: DLCORE_ERROR_NAME
 * with the existing names in the message, and *index is unchanged. */
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
/* All weights, one after the other: `count` = dlcore_model_parameter_count. */
DLCORE_API dlcore_status dlcore_model_get_weights(const dlcore_model_t *model, float *values,
                                                  size_t count);
DLCORE_API dlcore_status dlcore_model_set_weights(dlcore_model_t *model, const float *values,
                                                  size_t count);

/* Writes the table that Keras prints, 80 columns wide. If a layer is frozen it has the column of
 * Keras's show_trainable (Y: training changes its weights, N: it does not, -: it has none). Once
 * training has begun, the optimizer's parameters are listed and counted in the total.
 * DLCORE_ERROR_IO when the stream fails. */
DLCORE_API dlcore_status dlcore_model_summary(const dlcore_model_t *model, FILE *stream);

/* ---- history: one row per finished epoch; after a resume also the epochs before it ---- */

DLCORE_API void dlcore_history_free(dlcore_history_t *history);
DLCORE_API size_t dlcore_history_epoch_count(const dlcore_history_t *history);
/* The number of the first row's epoch, from 0: the initial_epoch that the run began with. */
DLCORE_API size_t dlcore_history_first_epoch(const dlcore_history_t *history);
DLCORE_API size_t dlcore_history_value_count(const dlcore_history_t *history);
/* "loss", "accuracy", "val_loss", ...; NULL past the end. */
DLCORE_API const char *dlcore_history_name(const dlcore_history_t *history, size_t index);
/* The value of that name in row `epoch`, from 0; NaN if there is no such name or row. Names are
 * looked up as in dlcore_evaluation_value, also after "val_". Row 0 of a resumed run is the first
 * epoch of the whole run. */
DLCORE_API double dlcore_history_value(const dlcore_history_t *history, const char *name,
                                       size_t epoch);
/* Whether a callback or model_request_stop ended the run early. */
DLCORE_API bool dlcore_history_stopped(const dlcore_history_t *history);

#ifdef __cplusplus
}
#endif

#endif
