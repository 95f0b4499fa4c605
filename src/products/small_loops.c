/* Training small networks, as far as it needs no vectors.
 *
 * SPDX-License-Identifier: MIT */
#include "products/small_loops.h"

bool dlcore_small_takes(dlcore_activation_t activation)
{
    return activation == DLCORE_ACTIVATION_LINEAR || activation == DLCORE_ACTIVATION_RELU ||
           activation == DLCORE_ACTIVATION_SIGMOID || activation == DLCORE_ACTIVATION_TANH;
}

size_t dlcore_small_work(const dlcore_small_t *net)
{
    /* per layer its outputs and a sum for each parameter; two gradients by outputs */
    size_t vectors = 2 * DLCORE_SMALL_WIDTH;

    for (size_t l = 0; l < net->layer_count; l++)
        vectors += net->layers[l].units + (net->layers[l].inputs + 1) * net->layers[l].units;
    return vectors * DLCORE_SMALL_LANES_MAX;
}
