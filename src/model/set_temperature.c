/* A temperature in the weights: logits divided by it.
 *
 * SPDX-License-Identifier: MIT */
#include <float.h>

#include "base/error.h"
#include "dlcore/judge.h"
#include "model/model.h"

static bool makes_probabilities(dlcore_activation_t activation)
{
    return activation == DLCORE_ACTIVATION_SOFTMAX || activation == DLCORE_ACTIVATION_SIGMOID;
}

/* The layer that makes the logits; NULL: none that is dense. */
static const dlcore_node_t *find_logits(const dlcore_network_t *network)
{
    const dlcore_node_t *last = &network->nodes[network->node_count - 1];

    if (last->layer.kind == DLCORE_LAYER_DENSE && makes_probabilities(last->layer.activation))
        return last;
    if (network->node_count > 1 && last->layer.kind == DLCORE_LAYER_ACTIVATION &&
        makes_probabilities(last->layer.activation) && last[-1].layer.kind == DLCORE_LAYER_DENSE &&
        last[-1].layer.activation == DLCORE_ACTIVATION_LINEAR)
        return last - 1;
    return NULL;
}

static dlcore_status set_temperature(dlcore_model_t *model, double temperature)
{
    dlcore_network_t *network = &model->network;
    const dlcore_node_t *node;
    dlcore_status status = dlcore_check_range("set_temperature", "temperature", temperature,
                                              (double)FLT_MIN, (double)FLT_MAX, &model->error);

    if (status != DLCORE_OK)
        return status;
    if (network->values == NULL)
        return dlcore_fail(&model->error, DLCORE_ERROR_STATE,
                           "set_temperature: the model has no weights; call model_build first");
    node = find_logits(network);
    if (node == NULL)
        return dlcore_fail(&model->error, DLCORE_ERROR_UNSUPPORTED,
                           "set_temperature: the model does not end in a dense layer with softmax "
                           "or sigmoid, but in %s",
                           network->nodes[network->node_count - 1].layer.name);
    dlcore_model_weights_change(model);
    for (size_t i = 0; i < node->parameter_count; i++)
        network->kernels->scale(network->values + node->parameters[i].offset,
                                node->parameters[i].floats, (float)(1.0 / temperature));
    return DLCORE_OK;
}

dlcore_status dlcore_model_set_temperature(dlcore_model_t *model, double temperature)
{
    dlcore_status status = dlcore_model_begin_setting(model);

    if (status != DLCORE_OK)
        return status;
    return dlcore_model_end_setting(model, set_temperature(model, temperature));
}
