/* dlcore behind plain arguments, for tests/peers/dlcore.py, which calls it by ctypes: models come
 * as the bytes of a model file, whose JSON is Keras's own, so that no struct has to be known in
 * Python.
 *
 * Functions return a dlcore_status; the message of a failure is at `message`, of MESSAGE_SIZE
 * bytes.
 *
 * SPDX-License-Identifier: MIT */
#include <dlcore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined _WIN32
#    define PEER __declspec(dllexport)
#else
#    define PEER __attribute__((visibility("default")))
#endif

enum { MESSAGE_SIZE = 512 };

/* A batch: x (rows, inputs), y (rows, labels), weights (rows) or NULL. */
typedef struct peer_batch {
    size_t rows, inputs, labels;
    const float *x;
    const float *y;       /* or NULL: */
    const int32_t *class; /* (rows) */
    const float *weights;
} peer_batch_t;

static void say(char *message, const char *text)
{
    snprintf(message, MESSAGE_SIZE, "%s", text);
}

static tensor_t *matrix(dtype_t dtype, size_t rows, size_t width, const void *data)
{
    tensor_t *tensor = NULL;
    if (data != NULL)
        tensor_borrow_const(NULL, dtype, 2, (size_t[]){rows, width}, data, 0, &tensor, NULL);
    return tensor;
}

static tensor_t *labels_of(const peer_batch_t *batch)
{
    if (batch->class != NULL)
        return matrix(DTYPE_INT32, batch->rows, 1, batch->class);
    return matrix(DTYPE_FLOAT32, batch->rows, batch->labels, batch->y);
}

static tensor_t *weights_of(const peer_batch_t *batch)
{
    tensor_t *tensor = NULL;
    if (batch->weights != NULL)
        tensor_borrow_const(NULL, DTYPE_FLOAT32, 1, &batch->rows, batch->weights, 0, &tensor, NULL);
    return tensor;
}

PEER int peer_load(const void *bytes, size_t size, void **model, char *message)
{
    error_record_t error = {0};
    load_options_t how = load_options_default();
    how.error = &error;
    how.model.threads = 1;
    dlcore_status status = model_load_memory(bytes, size, &how, (model_t **)model);
    say(message, error.message);
    return (int)status;
}

PEER void peer_free(void *model)
{
    model_free(model);
}

PEER int peer_reset(void *model, uint64_t seed, char *message)
{
    dlcore_status status = model_reset(model, seed);
    say(message, model_error(model));
    return (int)status;
}

PEER size_t peer_parameters(const void *model)
{
    return model_parameter_count(model);
}

PEER int peer_get_weights(const void *model, float *values)
{
    return (int)model_get_weights(model, values, model_parameter_count(model));
}

PEER int peer_set_weights(void *model, const float *values, char *message)
{
    dlcore_status status = model_set_weights(model, values, model_parameter_count(model));
    say(message, model_error(model));
    return (int)status;
}

PEER int peer_predict(const void *model, const peer_batch_t *batch, float *outputs, char *message)
{
    error_record_t error = {0};
    predict_options_t how = predict_options_default();
    tensor_t *x = matrix(DTYPE_FLOAT32, batch->rows, batch->inputs, batch->x), *y = NULL;
    how.error = &error;
    tensor_borrow(NULL, DTYPE_FLOAT32, 2, (size_t[]){batch->rows, model_output_width(model)},
                  outputs, 0, &y, NULL);
    dlcore_status status = model_predict_with(model, x, y, &how);
    say(message, error.message);
    tensor_free(x);
    tensor_free(y);
    return (int)status;
}

/* The loss, then the metrics, over all rows as one batch. */
PEER int peer_evaluate(const void *model, const peer_batch_t *batch, double *values, char *message)
{
    error_record_t error = {0};
    evaluation_t result = {0};
    evaluate_options_t how = evaluate_options_default();
    tensor_t *x = matrix(DTYPE_FLOAT32, batch->rows, batch->inputs, batch->x);
    tensor_t *y = labels_of(batch), *weights = weights_of(batch);
    how.error = &error;
    how.batch_size = batch->rows;
    how.sample_weight = weights;
    dlcore_status status = model_evaluate(model, x, y, &how, &result);
    values[0] = result.loss;
    for (size_t i = 0; i < result.metric_count; i++)
        values[i + 1] = result.metrics[i].value;
    say(message, error.message);
    tensor_free(x);
    tensor_free(y);
    tensor_free(weights);
    return (int)status;
}

typedef struct outputs {
    float *to;
} outputs_t;

static void keep_outputs(const function_batch_t *batch, void *user)
{
    outputs_t *outputs = user;
    for (size_t row = 0; row < batch->rows; row++)
        batch->row_values[row] = 0;
    memcpy(outputs->to, batch->y_pred, batch->rows * batch->units * sizeof(float));
}

/* What the model gives for x while it trains; statistics of batches move, weights stay. */
PEER int peer_training_outputs(void *model, const peer_batch_t *batch, float *outputs,
                               char *message)
{
    outputs_t kept = {outputs};
    evaluation_t result = {0};
    compile_options_t how = compile_options_default();
    how.optimizer = optimizer_sgd();
    how.optimizer.learning_rate = 0;
    how.loss = loss_function(keep_outputs, &kept);
    dlcore_status status = model_compile_with(model, &how);
    tensor_t *x = matrix(DTYPE_FLOAT32, batch->rows, batch->inputs, batch->x), *y = NULL;
    size_t units = model_output_width(model);
    tensor_create(NULL, DTYPE_FLOAT32, 2, (size_t[]){batch->rows, units}, &y, NULL);
    if (status == DLCORE_OK)
        status = model_train_on_batch(model, x, y, &result);
    say(message, model_error(model));
    tensor_free(x);
    tensor_free(y);
    return (int)status;
}

PEER int peer_apply(void *model, const float *gradients, char *message)
{
    dlcore_status status = model_apply_gradients(model, gradients, model_parameter_count(model));
    say(message, model_error(model));
    return (int)status;
}

PEER int peer_set_rate(void *model, double rate, char *message)
{
    dlcore_status status = model_set_learning_rate(model, rate);
    say(message, model_error(model));
    return (int)status;
}

PEER int peer_adapt(void *model, size_t layer, const peer_batch_t *batch, char *message)
{
    tensor_t *x = matrix(DTYPE_FLOAT32, batch->rows, batch->inputs, batch->x);
    dlcore_status status = model_adapt(model, layer, x);
    say(message, model_error(model));
    tensor_free(x);
    return (int)status;
}

/* The learning rate of a step, which the optimizer's schedule has after as many steps. */
PEER int peer_rate(void *model, uint64_t step, float *zeros, double *rate, char *message)
{
    dlcore_status status = DLCORE_OK;
    for (uint64_t i = 0; i < step && status == DLCORE_OK; i++)
        status = model_apply_gradients(model, zeros, model_parameter_count(model));
    *rate = model_learning_rate(model);
    say(message, model_error(model));
    return (int)status;
}

/* What is in a safetensors file: a line for each tensor, with its name, type, bytes and lengths
 * between tabs. */
PEER int peer_inspect(const void *bytes, size_t size, char *text, size_t room, char *message)
{
    error_record_t error = {0};
    inspection_t *found = NULL;
    inspect_options_t how = inspect_options_default();
    size_t used = 0;
    how.error = &error;
    dlcore_status status = model_inspect_memory(bytes, size, &how, &found);
    say(message, error.message);
    if (status != DLCORE_OK)
        return (int)status;
    text[0] = '\0';
    for (size_t i = 0; i < found->tensor_count && used + 512 < room; i++) {
        const inspected_tensor_t *tensor = &found->tensors[i];
        used += (size_t)snprintf(text + used, room - used, "%.200s\t%s\t%zu", tensor->name,
                                 tensor->dtype, tensor->bytes);
        for (size_t axis = 0; axis < tensor->rank; axis++)
            used += (size_t)snprintf(text + used, room - used, "\t%zu", tensor->shape[axis]);
        used += (size_t)snprintf(text + used, room - used, "\n");
    }
    inspection_free(found);
    return (int)status;
}

/* ---- callbacks: what they decide at the end of an epoch ---- */

typedef struct peer_callback {
    model_t *model;
    early_stopping_t stopping;
    reduce_lr_on_plateau_t reduce;
    callback_t callback;
} peer_callback_t;

static const char *const monitors[] = {"loss"};

/* One of a fit in which the value that is watched is called "loss". */
static peer_callback_t *new_callback(void)
{
    peer_callback_t *peer = calloc(1, sizeof *peer);
    optimizer_t sgd = optimizer_sgd();
    if (peer == NULL || model_create(NULL, &peer->model) != DLCORE_OK ||
        model_add(peer->model, layer_dense(1, ACTIVATION_LINEAR)) != DLCORE_OK ||
        model_build(peer->model, 1) != DLCORE_OK ||
        model_compile(peer->model, &sgd, LOSS_MEAN_SQUARED_ERROR, METRIC_NONE) != DLCORE_OK)
        abort();
    return peer;
}

static int call_back(peer_callback_t *peer, callback_function_t function, size_t epoch,
                     double value, char *message)
{
    error_record_t error = {0};
    training_event_t event = {.model = peer->model,
                              .epoch = epoch,
                              .epochs = SIZE_MAX,
                              .batches = 1,
                              .value_count = 1,
                              .names = monitors,
                              .values = &value,
                              .error = &error};
    callback_action_t action = function(peer->callback.user, &event);
    say(message, error.message);
    return (int)action;
}

PEER void *peer_stopping(int above, double min_delta, size_t patience, double baseline,
                         size_t start_from_epoch, char *message)
{
    peer_callback_t *peer = new_callback();
    peer->stopping = early_stopping_default();
    peer->stopping.monitor = monitors[0];
    peer->stopping.mode = above ? MONITOR_MODE_MAX : MONITOR_MODE_MIN;
    peer->stopping.min_delta = min_delta;
    peer->stopping.patience = patience;
    peer->stopping.baseline = baseline;
    peer->stopping.start_from_epoch = start_from_epoch;
    peer->callback = early_stopping_callback(&peer->stopping);
    (void)call_back(peer, peer->callback.on_train_begin, 0, 0.0, message);
    return peer;
}

PEER void *peer_reducing(int above, double min_delta, size_t patience, double factor,
                         size_t cooldown, double min_lr, char *message)
{
    peer_callback_t *peer = new_callback();
    peer->reduce = reduce_lr_on_plateau_default();
    peer->reduce.monitor = monitors[0];
    peer->reduce.mode = above ? MONITOR_MODE_MAX : MONITOR_MODE_MIN;
    peer->reduce.min_delta = min_delta;
    peer->reduce.patience = patience;
    peer->reduce.factor = factor;
    peer->reduce.cooldown = cooldown;
    peer->reduce.min_lr = min_lr;
    peer->callback = reduce_lr_on_plateau_callback(&peer->reduce);
    (void)call_back(peer, peer->callback.on_train_begin, 0, 0.0, message);
    return peer;
}

/* What the callback answers; results: best, epochs since, the best epoch, the one that stopped. */
PEER int peer_stopping_epoch(void *callback, size_t epoch, double value, double results[4],
                             char *message)
{
    peer_callback_t *peer = callback;
    int action = call_back(peer, peer->callback.on_epoch_end, epoch, value, message);
    results[0] = peer->stopping.best;
    results[1] = (double)peer->stopping.wait;
    results[2] = (double)peer->stopping.best_epoch;
    results[3] = (double)peer->stopping.stopped_epoch;
    return action;
}

/* results: the learning rate, before and then after; best, epochs since. */
PEER int peer_reducing_epoch(void *callback, size_t epoch, double value, double results[3],
                             char *message)
{
    peer_callback_t *peer = callback;
    int action = (int)CALLBACK_FAIL;
    if (model_set_learning_rate(peer->model, results[0]) == DLCORE_OK)
        action = call_back(peer, peer->callback.on_epoch_end, epoch, value, message);
    results[0] = model_learning_rate(peer->model);
    results[1] = peer->reduce.best;
    results[2] = (double)peer->reduce.wait;
    return action;
}

PEER void peer_callback_free(void *callback)
{
    peer_callback_t *peer = callback;
    model_free(peer->model);
    free(peer);
}
