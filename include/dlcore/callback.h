/* Callbacks: your code at the seams of model_fit. And the sink for what fit prints.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_CALLBACK_H
#define DLCORE_CALLBACK_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct dlcore_model;

/* What a callback answers. STOP ends fit after this batch or epoch; the model stays valid. */
typedef enum dlcore_callback_action {
    DLCORE_CALLBACK_CONTINUE = 0,
    DLCORE_CALLBACK_STOP = 1
} dlcore_callback_action_t;

/* Where training stands. Borrowed for the call. Names and values: "loss" first, then the metrics,
 * then at the end of an epoch "val_loss" and the validation metrics; means since the epoch began.
 * None at the beginning of an epoch or batch. */
typedef struct dlcore_training_event {
    /* Weights may be read and set; predict, evaluate and new predictors see those of this moment.
     * fit, train_on_batch and compile answer DLCORE_ERROR_BUSY; never free it here. */
    struct dlcore_model *model;
    size_t epoch;   /* from 0; initial_epoch at first */
    size_t epochs;  /* fit_options.epochs */
    size_t batch;   /* from 0 within the epoch */
    size_t batches; /* batches in an epoch */
    size_t value_count;
    const char *const *names;
    const double *values;
} dlcore_training_event_t;

/* The value under a name; NaN for a name that is not there. */
double dlcore_training_value(const dlcore_training_event_t *event, const char *name);

typedef dlcore_callback_action_t (*dlcore_callback_function_t)(
    void *user, const dlcore_training_event_t *event);

/* A struct of function pointers; any may be NULL. They run on the thread that called fit, in the
 * order of the list. Zero it, then set what you need. */
typedef struct dlcore_callback {
    void *user;
    dlcore_callback_function_t on_epoch_begin;
    dlcore_callback_function_t on_epoch_end; /* after validation */
    dlcore_callback_function_t on_batch_begin;
    dlcore_callback_function_t on_batch_end;
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
