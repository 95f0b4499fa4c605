/* Planning the training steps of a small network.
 *
 * SPDX-License-Identifier: MIT */
#include "engine/small_plan.h"

#include "nn/loss_masked.h"

bool dlcore_small_loss(const dlcore_objective_t *objective, dlcore_small_loss_t *loss)
{
    bool logits = objective->output == DLCORE_OUTPUT_FUSED ||
                  (objective->output == DLCORE_OUTPUT_LOGITS && objective->metric_count == 0);
    dlcore_label_mask_t mask = dlcore_loss_mask(&objective->loss_settings);

    if (dlcore_mask_is_any(&mask))
        return false;
    if (objective->loss == &dlcore_loss_type_mean_squared_error) {
        *loss = DLCORE_SMALL_SQUARED_ERROR;
        return true;
    }
    if (objective->loss == &dlcore_loss_type_binary_crossentropy)
        *loss = DLCORE_SMALL_BINARY_CROSSENTROPY;
    else if (objective->loss == &dlcore_loss_type_categorical_crossentropy ||
             objective->loss == &dlcore_loss_type_sparse_categorical_crossentropy)
        *loss = DLCORE_SMALL_CATEGORICAL_CROSSENTROPY;
    else
        return false;
    return logits;
}

dlcore_activation_t dlcore_small_activation(const dlcore_node_t *node,
                                            const dlcore_objective_t *objective, bool is_last)
{
    bool absorbed = is_last && objective->output == DLCORE_OUTPUT_FUSED;

    return absorbed ? DLCORE_ACTIVATION_LINEAR : node->layer.activation;
}

static dlcore_small_layer_t layer_of(const dlcore_node_t *node, const dlcore_objective_t *objective,
                                     bool is_last)
{
    bool has_bias = node->parameter_count > 1;

    return (dlcore_small_layer_t){
        .inputs = node->input_width,
        .units = node->output_width,
        .kernel = node->parameters[0].offset,
        .has_bias = has_bias,
        .bias = has_bias ? node->parameters[1].offset : 0,
        .activation = dlcore_small_activation(node, objective, is_last),
    };
}

void dlcore_small_settle(const dlcore_network_t *network, const dlcore_objective_t *objective,
                         dlcore_small_plan_t *plan)
{
    size_t count = network->node_count - network->first;

    plan->functions = dlcore_products_training(network->products)->small();
    (void)dlcore_small_loss(objective, &plan->net.loss);
    plan->net.layer_count = count;
    plan->net.is_narrow = true;
    for (size_t l = 0; l < count; l++) {
        plan->net.layers[l] =
            layer_of(&network->nodes[network->first + l], objective, l + 1 == count);
        plan->net.is_narrow &= plan->net.layers[l].units <= DLCORE_SMALL_WIDTH / 2;
    }
    plan->labels =
        dlcore_loss_smoothing(&objective->loss_settings, plan->net.layers[count - 1].units);
    plan->keeps_x = network->input_scale == 1.0f && network->input_offset == 0.0f;
    plan->keeps_t = objective->loss->labels != DLCORE_LABELS_CLASSES &&
                    plan->labels.scale == 1.0f && plan->labels.offset == 0.0f;
}

const dlcore_training_kernels_t *dlcore_small_kernels(const dlcore_network_t *network,
                                                      const dlcore_small_plan_t *plan)
{
    if (plan != NULL && plan->net.is_narrow && dlcore_kernels_avx2() != NULL)
        return dlcore_training_kernels(dlcore_kernels_avx2());
    return dlcore_training_kernels(network->kernels);
}
