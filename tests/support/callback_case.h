/* A small regression that callbacks watch, and made-up events for those that are fed by hand.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TESTS_CALLBACK_CASE_H
#define DLCORE_TESTS_CALLBACK_CASE_H

#include "dlcore/callbacks.h"

enum { CASE_BATCHES = 4 /* in an epoch */ };

/* 3 inputs, dense 5 tanh, dense 1; built, compiled with mean_squared_error and mean_absolute_error,
 * sgd of that learning rate unless `optimizer` says otherwise. NULL without memory. */
dlcore_model_t *case_model(const dlcore_allocator_t *allocator, const dlcore_optimizer_t *optimizer,
                           double learning_rate);
/* The options of case_fit: these callbacks, that many epochs, a validation split. */
dlcore_fit_options_t case_options(const dlcore_callback_t *callbacks, size_t count, size_t epochs);
/* Fits it to 40 samples of its own, of which 8 validate. */
dlcore_status case_fit(dlcore_model_t *model, const dlcore_fit_options_t *options,
                       dlcore_history_t **history);
/* With the shorthand of the usual options. */
dlcore_status case_run(dlcore_model_t *model, const dlcore_callback_t *callbacks, size_t count,
                       size_t epochs);
/* All of its weights; CASE_WEIGHTS of them. */
enum { CASE_WEIGHTS = 3 * 5 + 5 + 5 + 1 };
void case_weights(const dlcore_model_t *model, float weights[CASE_WEIGHTS]);

/* A callback that writes down the weights at the end of each epoch, 16 at most, and stops or fails
 * where it is told. */
typedef struct case_witness {
    float weights[16][CASE_WEIGHTS];
    double rates[16];
    size_t epochs;              /* that it saw */
    size_t stop_at;             /* stops at the end of this epoch, counted from 1; 0: never */
    size_t poison;              /* makes the weights NaN at the end of this epoch, counted from 1 */
    size_t batches, stop_batch; /* likewise for batches of the whole run */
} case_witness_t;
dlcore_callback_t case_witness(case_witness_t *witness);

/* A model whose run of CASE_STOPPED_EPOCHS was stopped after that many batches, with up to three
 * callbacks; and going on with it. */
enum { CASE_STOPPED_EPOCHS = 6 };
dlcore_model_t *case_stopped(const dlcore_callback_t *callbacks, size_t count, size_t batches);
dlcore_status case_resume(dlcore_model_t *model, const dlcore_callback_t *callbacks, size_t count,
                          size_t epochs);
/* Never stops such a run; the best epoch is the first, whose weights take the place of those that
 * training goes on with. */
dlcore_early_stopping_t case_first_is_best(void);

/* Fails the test unless fit answers `status` with a message that has `text` in it. */
void case_assert_refused(const dlcore_callback_t *callback, dlcore_status status, const char *text);
/* Fails the test unless fit refuses to begin, leaving nothing behind, wherever the callback's file
 * cannot be written, with messages that begin with that text. `path` and `system` are the
 * callback's. In the folder of a test. */
void case_assert_places_refused(const dlcore_callback_t *callback, const char *begins,
                                const char **path, const struct dlcore_system **system);

#endif
