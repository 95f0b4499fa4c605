/* Choosing the way numbers go.
 *
 * SPDX-License-Identifier: MIT */
#include "engine/path.h"

#include <stdint.h>
#include <string.h>

#include "base/size.h"
#include "engine/small_plan.h"
#include "products/chain.h"
#include "products/products_native.h"

/* ---- who multiplies ---- */

/* BLAS that are faster than a native engine, which then is only taken when it is asked for. Apple's
 * multiplies on matrix units of the CPU that nothing else reaches. */
static const struct {
    dlcore_products_engine_t native;
    const char *blas;
} faster[] = {{DLCORE_PRODUCTS_NATIVE_NEON, "accelerate"}};

static bool has_faster_blas(const dlcore_products_t *native)
{
    for (size_t i = 0; i < sizeof faster / sizeof *faster; i++) {
        if (native->engine == faster[i].native &&
            strcmp(dlcore_products_blas()->name(), faster[i].blas) == 0)
            return true;
    }
    return false;
}

const dlcore_products_t *dlcore_path_products(dlcore_engine_t engine, bool rounds)
{
    const dlcore_products_t *native = dlcore_products_native(0);

    if (engine == DLCORE_ENGINE_NATIVE)
        return native;
    if (engine == DLCORE_ENGINE_BLAS || native == NULL || (!rounds && has_faster_blas(native)))
        return dlcore_products_blas();
    return native;
}

/* ---- training ---- */

static bool is_small_layer(const dlcore_node_t *node, const dlcore_objective_t *objective,
                           bool is_last)
{
    return node->type == &dlcore_layer_type_dense && node->layer.trainable &&
           node->input_width <= DLCORE_SMALL_WIDTH && node->output_width <= DLCORE_SMALL_WIDTH &&
           dlcore_small_takes(dlcore_small_activation(node, objective, is_last));
}

dlcore_path_t dlcore_path_train(const dlcore_network_t *network,
                                const dlcore_objective_t *objective)
{
    size_t count = network->node_count - network->first;
    dlcore_small_loss_t loss;

    if (network->half != NULL || count > DLCORE_SMALL_LAYERS ||
        dlcore_products_training(network->products)->small == NULL ||
        dlcore_products_training(network->products)->small() == NULL ||
        !dlcore_small_loss(objective, &loss) || dlcore_network_has_penalties(network))
        return DLCORE_PATH_LAYERS;
    for (size_t l = 0; l < count; l++) {
        if (!is_small_layer(&network->nodes[network->first + l], objective, l + 1 == count))
            return DLCORE_PATH_LAYERS;
    }
    return DLCORE_PATH_SMALL;
}

/* ---- predicting ---- */

/* A chain whose weights are more than stay in the first-level cache runs fewer rows than an engine
 * that reads them once for several. */
#define CACHED_FLOATS 6144
#define ROWS_UNCACHED 3

/* Whether a layer is no more than the activation of the linear one before it. */
static bool is_activation_of(const dlcore_node_t *node, dlcore_activation_t before)
{
    return node->layer.kind == DLCORE_LAYER_ACTIVATION && before == DLCORE_ACTIVATION_LINEAR;
}

/* Narrow dense layers, with activations in or after them, and nothing else. */
static bool is_chain(const dlcore_network_t *network)
{
    dlcore_activation_t before = DLCORE_ACTIVATION_UNKNOWN;

    if (network->nodes[0].input_width > DLCORE_CHAIN_WIDTH)
        return false;
    for (size_t i = network->first; i < network->node_count; i++) {
        const dlcore_node_t *node = &network->nodes[i];

        if (!dlcore_layer_runs(node->type, false))
            continue;
        if (node->output_width > DLCORE_CHAIN_WIDTH ||
            !dlcore_chain_takes(node->layer.activation) ||
            (node->layer.kind != DLCORE_LAYER_DENSE && !is_activation_of(node, before)))
            return false;
        before = node->layer.activation;
    }
    return before != DLCORE_ACTIVATION_UNKNOWN;
}

size_t dlcore_path_chain_floats(const dlcore_network_t *network)
{
    size_t floats = 0;

    for (size_t i = network->first; i < network->node_count; i++) {
        const dlcore_node_t *node = &network->nodes[i];
        if (node->layer.kind == DLCORE_LAYER_DENSE)
            floats += dlcore_chain_floats(node->input_width, node->output_width);
    }
    return floats;
}

size_t dlcore_path_chain_rows(const dlcore_network_t *network, size_t capacity, bool rounded)
{
    if (rounded || !is_chain(network))
        return 0;
    return dlcore_path_chain_floats(network) <= CACHED_FLOATS ? capacity : ROWS_UNCACHED;
}

/* Lists skip zeros; the engine's product multiplies by them, too, but reads weights once for all
 * rows. The shares were found by measuring. */
size_t dlcore_path_list_share(size_t rows, size_t units, bool has_products)
{
    bool narrow = units <= DLCORE_NATIVE_NARROW, few = rows < 4;

    if (rows == 1 || (narrow && few) || !has_products)
        return SIZE_MAX;
    return narrow ? 12 : few ? 9 : 7;
}

size_t dlcore_path_word_share(size_t rows)
{
    return rows == 1 ? SIZE_MAX : 5;
}
