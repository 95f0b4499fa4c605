/* Networks that are a part of another.
 *
 * SPDX-License-Identifier: MIT */
#include "engine/network_part.h"

#include "base/allocator.h"
#include "base/error.h"

dlcore_network_t dlcore_network_part(const dlcore_network_t *network, size_t begin, size_t end)
{
    dlcore_network_t part = *network;

    part.nodes += begin;
    part.node_count = end - begin;
    dlcore_network_settle_input(&part);
    return part;
}

static void make_still(dlcore_node_t *node)
{
    node->layer.trainable = false;
    node->layer.activity_regularizer = (dlcore_regularizer_t){.l1 = 0.0};
    if (node->type->only_trains)
        node->type = &dlcore_layer_type_flatten;
}

dlcore_status dlcore_network_differentiable(const dlcore_network_t *network, dlcore_network_t *made,
                                            dlcore_error_record_t *error)
{
    size_t count = network->node_count + 1;

    *made = *network;
    made->half = NULL; /* its gradients are those of the weights as they are */
    made->halves = NULL;
    made->nodes = dlcore_allocate(&network->allocator, count, sizeof *made->nodes);
    if (made->nodes == NULL)
        return dlcore_fail_memory(error, "layers", count * sizeof *made->nodes);
    made->node_count = made->node_capacity = count;
    made->nodes[0] = (dlcore_node_t){.layer = dlcore_layer_activation(DLCORE_ACTIVATION_LINEAR),
                                     .type = &dlcore_layer_type_activation,
                                     .input_width = network->nodes[0].input_width,
                                     .output_width = network->nodes[0].input_width};
    for (size_t i = 1; i < count; i++) {
        made->nodes[i] = network->nodes[i - 1];
        make_still(&made->nodes[i]);
    }
    made->first = 0;
    made->input_scale = 1.0f;
    made->input_offset = 0.0f;
    return DLCORE_OK;
}

void dlcore_network_free_differentiable(dlcore_network_t *made)
{
    dlcore_release(&made->allocator, made->nodes);
}
