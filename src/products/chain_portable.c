/* Chains of small layers for plain C: any target. Loops over whole layers, without the register
 * blocks of chain_template.h, which only vectors are worth.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/size.h"
#include "kernels/kernels.h"
#include "products/chain.h"

static void activate_row(dlcore_activation_t activation, float *y, size_t units)
{
    const dlcore_kernels_t *kernels = dlcore_kernels_portable();

    if (activation == DLCORE_ACTIVATION_RELU)
        kernels->relu(y, units);
    else if (activation == DLCORE_ACTIVATION_SIGMOID)
        kernels->sigmoid(y, units);
    else if (activation == DLCORE_ACTIVATION_TANH)
        kernels->tanh(y, units);
    else if (activation == DLCORE_ACTIVATION_SOFTMAX)
        kernels->softmax(y, units, NULL);
}

/* y = activation(x kernel + bias); x and y do not overlap. */
static void chain_run_layer(const dlcore_chain_layer_t *layer, const float *x, float *y)
{
    size_t width = dlcore_size_round_up(layer->units, DLCORE_CHAIN_BLOCK);
    const float *weights = layer->weights;

    memcpy(y, weights, layer->units * sizeof *y);
    for (size_t i = 0; i < layer->inputs; i++) {
        weights += width;
        for (size_t u = 0; u < layer->units; u++)
            y[u] += x[i] * weights[u];
    }
    activate_row(layer->activation, y, layer->units);
}

/* One row, in turns[0], through all layers. */
static void chain_run_row(const dlcore_chain_t *chain, float turns[2][DLCORE_CHAIN_WIDTH], float *y)
{
    for (size_t i = 0; i < chain->inputs && chain->rescales; i++) {
        float product = turns[0][i] * chain->scale;
        turns[0][i] = product + chain->offset;
    }
    for (size_t l = 0; l < chain->layer_count; l++)
        chain_run_layer(&chain->layers[l], turns[l % 2], turns[(l + 1) % 2]);
    memcpy(y, turns[chain->layer_count % 2], chain->units * sizeof *y);
}

static void chain_run(const dlcore_chain_t *chain, const float *x, size_t rows, float *y)
{
    float turns[2][DLCORE_CHAIN_WIDTH];

    for (; rows > 0; rows--, x += chain->inputs, y += chain->units) {
        memcpy(turns[0], x, chain->inputs * sizeof *x);
        chain_run_row(chain, turns, y);
    }
}

static void chain_run_uint8(const dlcore_chain_t *chain, const uint8_t *x, size_t rows, float *y)
{
    float turns[2][DLCORE_CHAIN_WIDTH];

    for (; rows > 0; rows--, x += chain->inputs, y += chain->units) {
        for (size_t i = 0; i < chain->inputs; i++)
            turns[0][i] = (float)x[i];
        chain_run_row(chain, turns, y);
    }
}

/* The thread's mode sees to denormals. */
static const dlcore_chain_functions_t chain_functions = {
    .run = chain_run, .run_uint8 = chain_run_uint8, .flushes = false};

const dlcore_chain_functions_t *dlcore_chain_portable(void)
{
    return &chain_functions;
}
