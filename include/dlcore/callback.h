/* Callbacks: your code at the seams of model_fit. And the sink for what fit prints.
 *
 *     static callback_action_t report(void *user, const training_event_t *event)
 *     {
 *         printf("epoch %zu: loss %g\n", event->epoch, training_value(event, "loss"));
 *         return CALLBACK_CONTINUE;
 *     }
 *     ...
 *     callback_t callbacks[] = {{.on_epoch_end = report}};
 *     how.callbacks = callbacks; how.callback_count = 1;
 *
 * Ready-made ones are in dlcore/callbacks.h.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_CALLBACK_H
#define DLCORE_CALLBACK_H

#include <stdbool.h>
#include <stddef.h>

#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

struct dlcore_model;

/* What a callback answers. STOP ends fit after this batch or epoch; the model stays valid and fit
 * answers DLCORE_OK. FAIL ends it at once with the status and message of event->error, or, where
 * the callback left that alone, DLCORE_ERROR_STATE; of several failures fit answers the first. */
typedef enum dlcore_callback_action {
    DLCORE_CALLBACK_CONTINUE = 0,
    DLCORE_CALLBACK_STOP = 1,
    DLCORE_CALLBACK_FAIL = 2
} dlcore_callback_action_t;

/* Where training stands. Borrowed for the call. Names and values: "loss" first, then the metrics,
 * then at the end of an epoch "val_loss" and the validation metrics, when the epoch was validated;
 * means since the epoch began. None at the beginning of training, an epoch or a batch; at the end
 * of training, those of the last epoch. */
typedef struct dlcore_training_event {
    /* Weights and the learning rate may be read, and set by the thread that called; predict,
     * evaluate and new predictors see the weights of this moment; model_save with training state
     * keeps where this run stands. fit, train_on_batch and compile answer DLCORE_ERROR_BUSY; never
     * free it here. */
    struct dlcore_model *model;
    size_t epoch;   /* from 0; initial_epoch at first; at the end of training the epoch that would
                       come next, or the one that was left in its middle */
    size_t epochs;  /* fit_options.epochs */
    size_t batch;   /* from 0 within the epoch; at the ends of an epoch and of training how many
                       batches were done */
    size_t batches; /* batches in an epoch; 0: not known yet, of a dataset */
    size_t value_count;
    const char *const *names;
    const double *values;
    bool stopping;        /* somebody has asked to stop */
    dlcore_status status; /* at the end of training: how it went, callbacks before included;
                             DLCORE_OK before */
    dlcore_error_record_t *error;
} dlcore_training_event_t;

/* The value under a name, which is looked up as in dlcore_evaluation_value, behind "val_" too; NaN
 * for one that is not there. */
double dlcore_training_value(const dlcore_training_event_t *event, const char *name);

typedef dlcore_callback_action_t (*dlcore_callback_function_t)(
    void *user, const dlcore_training_event_t *event);

/* A struct of function pointers; any may be NULL. They run on the thread that called fit, in the
 * order of the list, those that run last after all others. Zero it, then set what you need. What an
 * exception or longjmp out of one leaves behind: see "Exceptions" in dlcore/model.h. */
typedef struct dlcore_callback {
    void *user;
    dlcore_callback_function_t on_train_begin;
    /* Also after an error; also when on_train_begin failed, but not when its turn did not come. */
    dlcore_callback_function_t on_train_end;
    dlcore_callback_function_t on_epoch_begin;
    dlcore_callback_function_t on_epoch_end; /* after validation */
    dlcore_callback_function_t on_batch_begin;
    dlcore_callback_function_t on_batch_end;

    /* What a file that is saved while fit runs, or a run that was stopped, keeps of the callback,
     * and gives back when fit goes on from it, after on_train_begin: `state_count` numbers at
     * `state`, and, when `weights` and *weights are not NULL, as many floats as
     * dlcore_model_get_weights gives. So memory for weights must be there when on_train_begin is
     * over: a run that has weights where the callback of that name has none, or the other way
     * round, is refused. A callback that the run does not know, or with another state_count, begins
     * anew; one that the run had and that is gone is dropped. `name` must then be unique in the
     * list; NULL: nothing is kept. */
    const char *name;
    double *state;
    size_t state_count;
    float **weights;
    /* When fit goes on from a run, after all callbacks have their states again, and before the
     * weights of training come back where a stop had put others in their place. Numbers of a file
     * may be anything: here they are to be checked. */
    dlcore_callback_function_t on_resume;

    bool runs_last; /* after all others, so that what it saves has their changes */
} dlcore_callback_t;

/* Where printed text goes. `write` gets UTF-8 pieces, not terminated, in order, on the calling
 * thread. With `terminal` the progress line redraws itself by carriage returns, in colour. With
 * `write` NULL text goes to stdout, and whether that is a terminal is found out. */
typedef struct dlcore_sink {
    void (*write)(void *user, const char *text, size_t length);
    void *user;
    bool terminal;
} dlcore_sink_t;

#ifdef __cplusplus
}
#endif

#endif
