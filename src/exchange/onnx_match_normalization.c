/* BatchNormalization in inference, and LayerNormalization.
 *
 * SPDX-License-Identifier: MIT */
#include <float.h>
#include <inttypes.h>

#include "exchange/onnx_match.h"

static dlcore_status onnx_check_epsilon(const dlcore_onnx_match_t *match,
                                        const dlcore_onnx_node_t *node, double *epsilon)
{
    *epsilon = dlcore_onnx_float(match, node, "epsilon", 1e-5);
    if (!(*epsilon > 0.0 && *epsilon <= (double)FLT_MAX))
        return dlcore_onnx_refuse(match, node, "epsilon is %g, it must be more than 0", *epsilon);
    return DLCORE_OK;
}

static dlcore_status onnx_match_batch(dlcore_onnx_match_t *match, const dlcore_onnx_node_t *node)
{
    static const char *const inputs[] = {"scale", "B", "mean", "variance"};
    dlcore_layer_t layer = dlcore_layer_batch_normalization();
    dlcore_status status = onnx_check_epsilon(match, node, &layer.epsilon);
    double momentum = dlcore_onnx_float(match, node, "momentum", 0.9);

    if (dlcore_onnx_int(match, node, "training_mode", 0) != 0)
        return dlcore_onnx_refuse(match, node,
                                  "training_mode is 1: the file is of a network in "
                                  "training, not one to predict with");
    if (dlcore_onnx_int(match, node, "spatial", 1) != 1)
        return dlcore_onnx_refuse(match, node, "spatial is 0");
    if (momentum >= 0.0 && momentum <= 1.0)
        layer.momentum = momentum;
    if (status == DLCORE_OK)
        status = dlcore_onnx_add_layer(match, node, &layer,
                                       dlcore_onnx_node_input(match->graph, node, 0));
    if (status != DLCORE_OK)
        return status;
    dlcore_onnx_step(match, match->steps.count - 1)->needs_rows = true;
    for (size_t i = 0; i < 4 && status == DLCORE_OK; i++)
        status = dlcore_onnx_read_vector(
            match, node, dlcore_onnx_node_input(match->graph, node, i + 1), inputs[i],
            &dlcore_onnx_step(match, match->steps.count - 1)->vectors[i]);
    return status;
}

static dlcore_status onnx_match_layer(dlcore_onnx_match_t *match, const dlcore_onnx_node_t *node)
{
    dlcore_layer_t layer = dlcore_layer_layer_normalization();
    dlcore_status status = onnx_check_epsilon(match, node, &layer.epsilon);
    int64_t axis = dlcore_onnx_int(match, node, "axis", -1);
    dlcore_onnx_step_t *step;

    if (axis != -1 && axis != 1)
        return dlcore_onnx_refuse(match, node, "axis is %" PRId64 ", not that of the units", axis);
    layer.center = dlcore_onnx_node_input(match->graph, node, 2) != DLCORE_ONNX_NONE;
    if (status == DLCORE_OK)
        status = dlcore_onnx_add_layer(match, node, &layer,
                                       dlcore_onnx_node_input(match->graph, node, 0));
    if (status != DLCORE_OK)
        return status;
    step = dlcore_onnx_step(match, match->steps.count - 1);
    step->needs_rows = true;
    status = dlcore_onnx_read_vector(match, node, dlcore_onnx_node_input(match->graph, node, 1),
                                     "scale", &step->vectors[0]);
    if (status == DLCORE_OK && layer.center)
        status = dlcore_onnx_read_vector(match, node, dlcore_onnx_node_input(match->graph, node, 2),
                                         "bias", &step->vectors[1]);
    return status;
}

const dlcore_onnx_operator_t dlcore_onnx_operators_normalization[] = {
    {"BatchNormalization",
     "",
     7,
     {"epsilon", "momentum", "training_mode", "spatial"},
     onnx_match_batch},
    {"LayerNormalization", "", 17, {"axis", "epsilon", "stash_type"}, onnx_match_layer},
    {0},
};
