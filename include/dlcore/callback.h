/* Callbacks: functions of yours that model_fit calls as training, epochs and batches begin and end.
 * And the sink: where fit prints.
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

#include "api.h"
#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

struct dlcore_model;

/* What a callback returns. STOP ends fit after this batch or epoch; fit returns DLCORE_OK and the
 * model stays valid. FAIL ends fit at once; fit returns the status and message of event->error, or
 * DLCORE_ERROR_STATE if the callback did not set it. A status without a message is enough. Of
 * several failures fit returns the first. Any other number, such as a dlcore_status, ends fit with
 * DLCORE_ERROR_ARGUMENT. */
typedef enum dlcore_callback_action {
    DLCORE_CALLBACK_CONTINUE = 0,
    DLCORE_CALLBACK_STOP = 1,
    DLCORE_CALLBACK_FAIL = 2
} dlcore_callback_action_t;

/* Where training stands. Borrowed for the call.
 *
 * names and values: "loss" first, then the metrics; they are means since the epoch began. At the
 * end of an epoch that was validated, "val_loss" and the validation metrics follow. At the
 * beginning of training, of an epoch or of a batch there are none. At the end of training they are
 * those of the last epoch. */
typedef struct dlcore_training_event {
    /* A callback may read weights and the learning rate, and set them on the thread that called it.
     * predict, evaluate and new predictors use the current weights. model_save with training state
     * saves where this run stands. fit, train_on_batch and compile return DLCORE_ERROR_BUSY. Do not
     * free the model here. */
    struct dlcore_model *model;
    size_t epoch;   /* from 0; the first is initial_epoch. At the end of training: the epoch that
                       would come next, or the one that was not finished */
    size_t epochs;  /* fit_options.epochs */
    size_t batch;   /* from 0 within the epoch. At the end of an epoch or of training: the number of
                       batches done */
    size_t batches; /* batches in an epoch; 0: not known yet (a dataset) */
    size_t value_count;
    const char *const *names;
    const double *values;
    bool stopping;        /* a callback or model_request_stop has asked to stop */
    dlcore_status status; /* at the end of training: its result so far, earlier callbacks included;
                             before that DLCORE_OK */
    dlcore_error_record_t *error;
} dlcore_training_event_t;

/* The value of that name; NaN if there is none. Names are looked up as in dlcore_evaluation_value,
 * also after "val_". */
DLCORE_API double dlcore_training_value(const dlcore_training_event_t *event, const char *name);

typedef dlcore_callback_action_t (*dlcore_callback_function_t)(
    void *user, const dlcore_training_event_t *event);

/* A struct of function pointers; any may be NULL. Set it to zero, then set what you need. They run
 * on the thread that called fit, in the order of the list; those with runs_last run after all
 * others. For exceptions and longjmp out of a callback see "Exceptions" in dlcore/model.h. */
typedef struct dlcore_callback {
    void *user;
    dlcore_callback_function_t on_train_begin;
    /* Called after an error, too, and when on_train_begin failed; not called when on_train_begin
     * was not called. */
    dlcore_callback_function_t on_train_end;
    dlcore_callback_function_t on_epoch_begin;
    dlcore_callback_function_t on_epoch_end; /* after validation */
    dlcore_callback_function_t on_batch_begin;
    dlcore_callback_function_t on_batch_end;

    /* State of the callback that is saved with the run: in a file saved while fit runs, and in a
     * run that was stopped. When fit resumes, the state is put back after on_train_begin. It is
     * `state_count` numbers at `state` and, when `weights` and *weights are not NULL, as many
     * floats as dlcore_model_get_weights gives. Memory for weights must therefore exist when
     * on_train_begin returns: a run with weights for a callback without them, or the reverse, is
     * refused. A callback that the run does not know, or whose state_count differs, starts anew.
     * State of a callback that is no longer in the list is dropped. `name` must be unique in the
     * list; NULL: no state is saved. */
    const char *name;
    double *state;
    size_t state_count;
    float **weights;
    /* Called when fit resumes: after all callbacks have their states back, and before the weights
     * of training return where a stop had replaced them. Check the numbers here: those of a file
     * may be anything. */
    dlcore_callback_function_t on_resume;

    bool runs_last; /* runs after all others, so that what it saves includes their changes */
} dlcore_callback_t;

/* Where printed text goes. `write` gets pieces of UTF-8 text, not terminated, in order, on the
 * calling thread. With `terminal` the progress line redraws itself with carriage returns, in
 * colour. With `write` NULL the text goes to stdout, and dlcore finds out whether that is a
 * terminal. */
typedef struct dlcore_sink {
    void (*write)(void *user, const char *text, size_t length);
    void *user;
    bool terminal;
} dlcore_sink_t;

#ifdef __cplusplus
}
#endif

#endif
