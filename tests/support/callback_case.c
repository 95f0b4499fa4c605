/* A small regression that callbacks watch.
 *
 * SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "support/callback_case.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/posix.h"

#include <errno.h>

#include "support/failing_io.h"
#include "support/folder.h"

enum { SAMPLES = 40, INPUTS = 3 };

dlcore_model_t *case_model(const dlcore_allocator_t *allocator, const dlcore_optimizer_t *optimizer,
                           double learning_rate)
{
    dlcore_model_options_t options = dlcore_model_options_default();
    dlcore_optimizer_t sgd = optimizer != NULL ? *optimizer : dlcore_optimizer_sgd();
    dlcore_layer_t hidden = dlcore_layer_dense(5, DLCORE_ACTIVATION_TANH);
    dlcore_model_t *model = NULL;

    if (allocator != NULL)
        options.allocator = *allocator;
    options.threads = 1;
    hidden.input_width = INPUTS;
    sgd.learning_rate = learning_rate;
    if (dlcore_model_create(&options, &model) != DLCORE_OK)
        return NULL;
    dlcore_model_add(model, hidden);
    dlcore_model_add(model, dlcore_layer_dense(1, DLCORE_ACTIVATION_LINEAR));
    if (dlcore_model_compile(model, &sgd, DLCORE_LOSS_MEAN_SQUARED_ERROR,
                             DLCORE_METRIC_MEAN_ABSOLUTE_ERROR) == DLCORE_OK)
        return model;
    dlcore_model_free(model);
    return NULL;
}

dlcore_fit_options_t case_options(const dlcore_callback_t *callbacks, size_t count, size_t epochs)
{
    dlcore_fit_options_t options = dlcore_fit_options_default();

    options.callbacks = callbacks;
    options.callback_count = count;
    options.epochs = epochs;
    options.batch_size = 8;
    options.validation_split = 0.2;
    return options;
}

dlcore_status case_fit(dlcore_model_t *model, const dlcore_fit_options_t *options,
                       dlcore_history_t **history)
{
    const size_t x_shape[2] = {SAMPLES, INPUTS}, y_shape[2] = {SAMPLES, 1};
    float x_values[SAMPLES * INPUTS], y_values[SAMPLES];
    dlcore_tensor_t *x = NULL, *y = NULL;
    dlcore_status status;

    for (int i = 0; i < SAMPLES; i++) {
        for (int j = 0; j < INPUTS; j++)
            x_values[INPUTS * i + j] = (float)((i * 7 + j * 5 + i * j) % 13) / 6.0f - 1.0f;
        y_values[i] = sinf(2.0f * x_values[INPUTS * i]) + x_values[INPUTS * i + 1];
    }
    status =
        dlcore_tensor_borrow_const(NULL, DLCORE_DTYPE_FLOAT32, 2, x_shape, x_values, 0, &x, NULL);
    if (status == DLCORE_OK)
        status = dlcore_tensor_borrow_const(NULL, DLCORE_DTYPE_FLOAT32, 2, y_shape, y_values, 0, &y,
                                            NULL);
    if (status == DLCORE_OK)
        status = dlcore_model_fit(model, x, y, options, history);
    dlcore_tensor_free(y);
    dlcore_tensor_free(x);
    return status;
}

dlcore_status case_run(dlcore_model_t *model, const dlcore_callback_t *callbacks, size_t count,
                       size_t epochs)
{
    dlcore_fit_options_t options = case_options(callbacks, count, epochs);

    return case_fit(model, &options, NULL);
}

dlcore_model_t *case_stopped(const dlcore_callback_t *callbacks, size_t count, size_t batches)
{
    dlcore_model_t *model = case_model(NULL, NULL, 0.1);
    case_witness_t stops = {.stop_batch = batches};
    dlcore_callback_t all[4] = {case_witness(&stops)};

    assert_true(count < 4);
    if (count > 0)
        memcpy(all + 1, callbacks, count * sizeof *callbacks);
    assert_int_equal(case_run(model, all, 1 + count, CASE_STOPPED_EPOCHS), DLCORE_OK);
    return model;
}

dlcore_status case_resume(dlcore_model_t *model, const dlcore_callback_t *callbacks, size_t count,
                          size_t epochs)
{
    dlcore_fit_options_t options = case_options(callbacks, count, epochs);

    options.resume = true;
    return case_fit(model, &options, NULL);
}

dlcore_early_stopping_t case_first_is_best(void)
{
    dlcore_early_stopping_t stopping = dlcore_early_stopping_default();

    stopping.monitor = "loss";
    stopping.mode = DLCORE_MONITOR_MODE_MAX;
    stopping.patience = CASE_STOPPED_EPOCHS;
    stopping.restore_best_weights = true;
    return stopping;
}

void case_weights(const dlcore_model_t *model, float weights[CASE_WEIGHTS])
{
    assert_int_equal(dlcore_model_get_weights(model, weights, CASE_WEIGHTS), DLCORE_OK);
}

/* ---- the witness ---- */

static dlcore_callback_action_t on_epoch_end(void *user, const dlcore_training_event_t *event)
{
    case_witness_t *witness = user;

    assert_true(event->epoch < 16);
    case_weights(event->model, witness->weights[event->epoch]);
    witness->rates[event->epoch] = dlcore_model_learning_rate(event->model);
    witness->epochs++;
    if (event->epoch + 1 == witness->poison) {
        float weights[CASE_WEIGHTS];

        for (int i = 0; i < CASE_WEIGHTS; i++)
            weights[i] = NAN;
        assert_int_equal(dlcore_model_set_weights(event->model, weights, CASE_WEIGHTS), DLCORE_OK);
    }
    return event->epoch + 1 == witness->stop_at ? DLCORE_CALLBACK_STOP : DLCORE_CALLBACK_CONTINUE;
}

static dlcore_callback_action_t on_batch_end(void *user, const dlcore_training_event_t *event)
{
    case_witness_t *witness = user;

    (void)event;
    witness->batches++;
    return witness->batches == witness->stop_batch ? DLCORE_CALLBACK_STOP
                                                   : DLCORE_CALLBACK_CONTINUE;
}

dlcore_callback_t case_witness(case_witness_t *witness)
{
    return (dlcore_callback_t){
        .user = witness, .on_epoch_end = on_epoch_end, .on_batch_end = on_batch_end};
}

/* With a message that begins with one text and has another in it. */
static void assert_refused(const dlcore_callback_t *callback, dlcore_status status,
                           const char *begins, const char *text)
{
    dlcore_model_t *model = case_model(NULL, NULL, 0.1);
    float before[CASE_WEIGHTS], after[CASE_WEIGHTS];

    assert_non_null(model);
    case_weights(model, before);
    assert_int_equal(case_run(model, callback, 1, 2), status);
    if (strncmp(dlcore_model_error(model), begins, strlen(begins)) != 0)
        fail_msg("\"%s\" does not begin with \"%s\"", dlcore_model_error(model), begins);
    if (strstr(dlcore_model_error(model), text) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", text, dlcore_model_error(model));
    case_weights(model, after);
    assert_memory_equal(before, after, sizeof before); /* nothing was trained */
    dlcore_model_free(model);
}

void case_assert_refused(const dlcore_callback_t *callback, dlcore_status status, const char *text)
{
    assert_refused(callback, status, "", text);
}

void case_assert_places_refused(const dlcore_callback_t *callback, const char *begins,
                                const char **path, const dlcore_system_t **system)
{
    const dlcore_system_t *before = *system;
    failing_io_t io;
    dlcore_system_t failing;

    folder_files(true);
    *path = folder_path("none/m");
    assert_refused(callback, DLCORE_ERROR_IO, begins,
                   "/none/m: cannot open its folder: No such file");
    *path = folder_path("");
    assert_refused(callback, DLCORE_ERROR_IO, begins, "Is a directory");
    *path = folder_path("pipe");
    assert_int_equal(mkfifo(*path, 0600), 0);
    assert_refused(callback, DLCORE_ERROR_IO, begins, "/pipe: not a regular file");
    failing_io_init(&io);
    io.only = "openat";
    io.fail_at = 1;
    io.error = EROFS;
    failing = failing_io(&io);
    *system = &failing;
    *path = folder_path("m");
    assert_refused(callback, DLCORE_ERROR_IO, begins,
                   "/m: cannot create a temporary file in its folder: Read-only file system");
    *system = before;
    assert_int_equal(folder_files(true), 1);
}
