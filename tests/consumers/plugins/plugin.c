/* A plugin with a copy of dlcore inside. PLUGIN_TRAIN is the name of its only function.
 *
 * SPDX-License-Identifier: MIT */
#include <dlcore.h>

#include <math.h>

#include "plugin.h"

#define SAMPLES 256
#define WIDTH 32

/* Wide enough for workers, whose team is state of the copy. */
static float train(float factor)
{
    static const size_t shape[2] = {SAMPLES, WIDTH}, one[2] = {SAMPLES, 1};
    static float inputs[SAMPLES * WIDTH], outputs[SAMPLES];
    model_options_t options = model_options_default();
    fit_options_t how = fit_options_default();
    optimizer_t sgd = optimizer_sgd();
    model_t *network = NULL;
    tensor_t *x = NULL, *y = NULL;
    float learnt[WIDTH + 1] = {NAN};

    for (size_t i = 0; i < SAMPLES * WIDTH; i++)
        inputs[i] = (float)(i * i * 2654435761u / 65536 % 1024) / 512.0f - 1.0f;
    for (size_t i = 0; i < SAMPLES; i++)
        outputs[i] = factor * inputs[i * WIDTH];
    options.threads = 2;
    how.epochs = 300;
    sgd.learning_rate = 0.1;
    if (tensor_borrow_const(NULL, DTYPE_FLOAT32, 2, shape, inputs, 0, &x, NULL) != DLCORE_OK ||
        tensor_borrow_const(NULL, DTYPE_FLOAT32, 2, one, outputs, 0, &y, NULL) != DLCORE_OK ||
        model_create(&options, &network) != DLCORE_OK ||
        model_add(network, layer_dense(1, ACTIVATION_LINEAR)) != DLCORE_OK ||
        model_compile(network, &sgd, LOSS_MEAN_SQUARED_ERROR, METRIC_NONE) != DLCORE_OK ||
        model_fit(network, x, y, &how, NULL) != DLCORE_OK ||
        model_get_weights(network, learnt, WIDTH + 1) != DLCORE_OK)
        learnt[0] = NAN;
    model_free(network);
    tensor_free(x);
    tensor_free(y);
    return learnt[0];
}

plugin_train_t PLUGIN_TRAIN;

plugin_answer_t PLUGIN_TRAIN(float factor)
{
    return (plugin_answer_t){.version = dlcore_version_string(),
                             .copy = (void (*)(void))dlcore_model_fit,
                             .weight = train(factor)};
}
