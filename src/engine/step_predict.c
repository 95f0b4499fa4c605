/* Layers one after the other, without training.
 *
 * SPDX-License-Identifier: MIT */
#include "engine/step_predict.h"

dlcore_layer_pass_t dlcore_predict_pass(const dlcore_network_t *network,
                                        dlcore_workspace_t *workspace, const dlcore_place_t *place,
                                        size_t i)
{
    const dlcore_node_t *node = &network->nodes[i];

    return (dlcore_layer_pass_t){
        .layer = &node->layer,
        .products = network->products,
        .kernels = network->kernels,
        .input_width = node->input_width,
        .output_width = node->output_width,
        .parameters = node->parameters,
        .values = network->values,
        .activation = dlcore_layer_activate(&node->layer),
        .worker = place->worker,
        .workers = place->workers,
        .scratch = workspace->scratch + place->worker * workspace->scratch_floats,
        .x = i > 0 ? &workspace->outputs[i - 1] : &workspace->input[workspace->batch],
        .y = &workspace->outputs[i],
    };
}

void dlcore_step_layer(const dlcore_layer_type_t *type,
                       void (*layer_forward)(const dlcore_layer_pass_t *pass),
                       const dlcore_layer_pass_t *pass, const dlcore_place_t *place)
{
    layer_forward(pass);
    dlcore_place_meet(place);
    if (dlcore_layer_has_rows(type, pass)) {
        type->forward_rows(pass);
        dlcore_place_meet(place);
    }
}

void dlcore_step_predict(const dlcore_network_t *network, dlcore_workspace_t *workspace,
                         const dlcore_place_t *place)
{
    for (size_t i = network->first; i < network->node_count; i++) {
        const dlcore_layer_type_t *type = network->nodes[i].type;
        dlcore_layer_pass_t pass;

        if (!dlcore_layer_runs(type, false))
            continue;
        pass = dlcore_predict_pass(network, workspace, place, i);
        dlcore_step_layer(type, type->forward, &pass, place);
    }
}
