/* The model that is saved in the middle of a run.
 *
 * SPDX-License-Identifier: MIT */
#include "support/running_model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dlcore/callbacks.h"

enum { SAMPLES = 24, BATCH = 6 };

static size_t layers_of(bool every_layer, dlcore_layer_t layers[16])
{
    size_t count = 0;

    if (every_layer) {
        layers[count++] = dlcore_layer_normalization();
        layers[count++] = dlcore_layer_flatten();
        layers[count++] = dlcore_layer_rescaling(0.5, 0.25);
        layers[count++] = dlcore_layer_gaussian_noise(0.05);
    }
    layers[count] = dlcore_layer_dense(4, DLCORE_ACTIVATION_RELU);
    layers[count++].kernel_regularizer = dlcore_regularizer_l2(1e-3);
    layers[count++] = dlcore_layer_batch_normalization();
    layers[count++] = dlcore_layer_dropout(0.25);
    if (every_layer) {
        layers[count] = dlcore_layer_dense(5, DLCORE_ACTIVATION_LEAKY_RELU);
        layers[count].negative_slope = 0.3;
        layers[count].kernel_regularizer = dlcore_regularizer_l1_l2(1e-4, 1e-3);
        layers[count].activity_regularizer = dlcore_regularizer_l1(1e-4);
        layers[count].kernel_constraint = dlcore_constraint_max_norm(2.0);
        layers[count++].bias_constraint = dlcore_constraint_non_neg();
        layers[count++] = dlcore_layer_layer_normalization();
        layers[count++] = dlcore_layer_prelu();
        layers[count++] = dlcore_layer_activation(DLCORE_ACTIVATION_GELU);
    }
    layers[count++] = dlcore_layer_dense(1, DLCORE_ACTIVATION_SIGMOID);
    return count;
}

static dlcore_compile_options_t settings_of(bool every_layer)
{
    dlcore_compile_options_t settings = dlcore_compile_options_default();
    dlcore_optimizer_t *adam = &settings.optimizer;

    *adam = dlcore_optimizer_adam();
    adam->amsgrad = every_layer;
    adam->use_ema = true;
    adam->ema_momentum = 0.9;
    adam->schedule = dlcore_schedule_exponential_decay(0.01, 4, 0.5);
    settings.loss = dlcore_loss_binary_crossentropy();
    settings.metrics[0] = dlcore_metric_default(DLCORE_METRIC_BINARY_ACCURACY);
    settings.metrics[1] = dlcore_metric_default(DLCORE_METRIC_AUC);
    settings.metrics[1].num_thresholds = 5;
    settings.metric_count = 2;
    return settings;
}

dlcore_model_t *running_model(const dlcore_model_options_t *options, bool every_layer)
{
    dlcore_compile_options_t settings = settings_of(every_layer);
    dlcore_layer_t layers[16];
    size_t count = layers_of(every_layer, layers);
    dlcore_model_t *model = NULL;

    if (dlcore_model_create(options, &model) != DLCORE_OK)
        return NULL;
    layers[0].input_width = RUNNING_INPUTS;
    for (size_t i = 0; i < count; i++)
        dlcore_model_add(model, layers[i]);
    if (dlcore_model_compile_with(model, &settings) == DLCORE_OK)
        return model;
    dlcore_model_free(model);
    return NULL;
}

static dlcore_callback_action_t on_batch_end(void *user, const dlcore_training_event_t *event)
{
    running_fit_t *fit = user;

    if (++fit->batches != fit->save_at)
        return DLCORE_CALLBACK_CONTINUE;
    if (fit->save != NULL) {
        fit->status = fit->save(fit, event->model);
    } else {
        dlcore_save_options_t how = dlcore_save_options_default();

        how.error = event->error;
        fit->status = dlcore_model_save_memory(event->model, &how, &fit->bytes, &fit->size);
    }
    if (fit->status != DLCORE_OK)
        return DLCORE_CALLBACK_FAIL;
    return fit->stops ? DLCORE_CALLBACK_STOP : DLCORE_CALLBACK_CONTINUE;
}

static dlcore_callback_action_t count_epochs(void *user, const dlcore_training_event_t *event)
{
    double *seen = user;

    seen[0] += 1.0;
    seen[1] += dlcore_training_value(event, "loss");
    return DLCORE_CALLBACK_CONTINUE;
}

static dlcore_status fit_tensors(dlcore_model_t *model, running_fit_t *fit, dlcore_tensor_t *x,
                                 dlcore_tensor_t *y)
{
    dlcore_fit_options_t how = dlcore_fit_options_default();
    dlcore_early_stopping_t stopping = dlcore_early_stopping_default();
    double seen[3] = {0.0, 0.0, 0.5};
    dlcore_callback_t callbacks[] = {
        dlcore_early_stopping_callback(&stopping),
        {.user = seen,
         .on_epoch_end = count_epochs,
         .name = "witness",
         .state = seen,
         .state_count = 3},
        {.user = fit, .on_batch_end = on_batch_end},
    };

    stopping.patience = RUNNING_EPOCHS;
    stopping.restore_best_weights = true;
    callbacks[0] = dlcore_early_stopping_callback(&stopping);
    how.batch_size = BATCH;
    how.epochs = RUNNING_EPOCHS;
    how.validation_split = 0.25;
    how.callbacks = callbacks;
    how.callback_count = 3;
    how.resume = fit->resume;
    fit->batches = 0;
    fit->status = DLCORE_OK;
    return dlcore_model_fit(model, x, y, &how, NULL);
}

dlcore_status running_model_fit(dlcore_model_t *model, running_fit_t *fit)
{
    const size_t x_shape[2] = {SAMPLES, RUNNING_INPUTS}, y_shape[2] = {SAMPLES, 1};
    float values[SAMPLES * RUNNING_INPUTS], labels[SAMPLES];
    dlcore_tensor_t *x = NULL, *y = NULL;
    dlcore_status status;

    for (int i = 0; i < SAMPLES; i++) {
        labels[i] = (float)(i * 5 % 3 == 0);
        for (int j = 0; j < RUNNING_INPUTS; j++)
            values[RUNNING_INPUTS * i + j] =
                (float)((i * 7 + j * 5) % 13) / 6.5f - 1.0f + labels[i] * 0.5f;
    }
    status =
        dlcore_tensor_borrow_const(NULL, DLCORE_DTYPE_FLOAT32, 2, x_shape, values, 0, &x, NULL);
    if (status == DLCORE_OK)
        status =
            dlcore_tensor_borrow_const(NULL, DLCORE_DTYPE_FLOAT32, 2, y_shape, labels, 0, &y, NULL);
    if (status == DLCORE_OK)
        status = fit_tensors(model, fit, x, y);
    dlcore_tensor_free(y);
    dlcore_tensor_free(x);
    return status;
}

unsigned char *running_model_file(bool every_layer, size_t *size)
{
    running_fit_t fit = {.save_at = RUNNING_BATCHES + 2, .stops = true};
    dlcore_model_t *model = running_model(NULL, every_layer);

    assert_non_null(model);
    if (running_model_fit(model, &fit) != DLCORE_OK)
        fail_msg("%s", dlcore_model_error(model));
    assert_non_null(fit.bytes);
    dlcore_model_free(model);
    *size = fit.size;
    return fit.bytes;
}
