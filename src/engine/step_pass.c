/* What a layer and a loss are given in a step.
 *
 * SPDX-License-Identifier: MIT */
#include "engine/step_pass.h"

#include "engine/step_predict.h"

/* The activation that node i applies itself in a run with this objective. */
static dlcore_activate_t activation_of(const dlcore_network_t *network,
                                       const dlcore_objective_t *objective, size_t i)
{
    if (objective != NULL && objective->output == DLCORE_OUTPUT_FUSED &&
        i + 1 == network->node_count)
        return dlcore_activate_linear();
    return dlcore_layer_activate(&network->nodes[i].layer);
}

/* What node i's activation was given, where that is kept: x itself, or a matrix of its own. */
static dlcore_matrix_t *kept_input(const dlcore_network_t *network, dlcore_workspace_t *workspace,
                                   size_t i)
{
    if (workspace->kept == NULL || !dlcore_network_keeps_input(network, i))
        return NULL;
    if (network->nodes[i].type->keeps_input)
        return &workspace->kept[i];
    return i > 0 ? &workspace->outputs[i - 1] : &workspace->input[workspace->batch];
}

dlcore_layer_pass_t dlcore_step_pass(const dlcore_network_t *network,
                                     const dlcore_objective_t *objective,
                                     dlcore_workspace_t *workspace, const dlcore_place_t *place,
                                     size_t i)
{
    const dlcore_node_t *node = &network->nodes[i];
    dlcore_layer_pass_t pass = dlcore_predict_pass(network, workspace, place, i);
    bool shares = workspace->shares && dlcore_layer_training(node->layer.kind)->shared != NULL &&
                  node->layer.trainable;

    pass.training_kernels = dlcore_training_kernels(network->kernels);
    pass.training_products = dlcore_products_training(network->products);
    pass.activation = activation_of(network, objective, i);
    pass.z = kept_input(network, workspace, i);
    pass.training = workspace->gradients != NULL;
    pass.first_row = workspace->first_row;
    pass.batch_rows = shares ? workspace->batch_rows : workspace->input[workspace->batch].rows;
    pass.shares = shares;
    pass.leads = workspace->leads;
    pass.key = workspace->keys != NULL ? workspace->keys[i] : 0;
    pass.state = workspace->states != NULL ? workspace->states[i] : NULL;
    return pass;
}

bool dlcore_step_folds(const dlcore_network_t *network, dlcore_activation_t activation, size_t i)
{
    return i + 1 < network->node_count && network->nodes[i + 1].type->can_fold_below &&
           !dlcore_network_has_penalty(network, i) && !dlcore_activate_takes_rows(activation) &&
           !dlcore_activate_needs_input(activation);
}

dlcore_activate_t dlcore_step_activation_below(const dlcore_network_t *network, size_t i)
{
    const dlcore_node_t *below = &network->nodes[i - 1];

    if (below->type->has_activation && dlcore_step_folds(network, below->layer.activation, i - 1))
        return dlcore_layer_activate(&below->layer);
    return dlcore_activate_linear();
}

dlcore_loss_pass_t dlcore_step_loss_pass(const dlcore_network_t *network,
                                         const dlcore_objective_t *objective,
                                         dlcore_workspace_t *workspace, size_t batch, bool gradient)
{
    size_t last = network->node_count - 1;

    return (dlcore_loss_pass_t){
        .kernels = network->kernels,
        .training_kernels = dlcore_training_kernels(network->kernels),
        .loss = &objective->loss_settings,
        .output = objective->output,
        .y = &workspace->outputs[last],
        .labels = &workspace->labels[batch],
        .targets = workspace->targets,
        .weights = dlcore_workspace_weights(objective, workspace, batch),
        .gradient = gradient,
        .dy = gradient ? &workspace->gradients[last] : &workspace->logits,
        .row_loss = workspace->row_loss,
        .first_row = workspace->first_row,
        .rows = workspace->function_rows,
        .slopes = workspace->function_slopes,
    };
}
