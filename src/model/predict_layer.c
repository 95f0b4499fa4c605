/* Predicting with a part of the layers: up to an inner one, or from it on.
 *
 * SPDX-License-Identifier: MIT */
#include "base/error.h"
#include "base/traces.h"
#include "dlcore/steps.h"
#include "engine/network_part.h"
#include "model/evaluate.h"

/* Layers begin .. end-1; end 0: all. */
static dlcore_status predict_layers(const dlcore_model_t *model, const char *call, size_t begin,
                                    size_t end, const dlcore_tensor_t *x, dlcore_tensor_t *y,
                                    dlcore_error_record_t *error)
{
    dlcore_predict_options_t options = dlcore_predict_options_default();
    dlcore_network_t part;
    dlcore_status status;

    if (model == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "%s: model is NULL", call);
    status = dlcore_check_built(model, call, error);
    if (status == DLCORE_OK)
        status = dlcore_check_layer(model, end > 0 ? end - 1 : begin, call, error);
    if (status != DLCORE_OK)
        return status;
    part = dlcore_network_part(&model->network, begin, end > 0 ? end : model->network.node_count);
    options.error = error;
    return dlcore_predict_tensors(model, &part, x, y, &options);
}

dlcore_status dlcore_model_predict_layer(const dlcore_model_t *model, size_t layer,
                                         const dlcore_tensor_t *x, dlcore_tensor_t *y,
                                         dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();
    size_t end = layer < SIZE_MAX ? layer + 1 : layer;

    return dlcore_traces_end(before, predict_layers(model, "predict_layer", 0, end, x, y, error));
}

dlcore_status dlcore_model_predict_from(const dlcore_model_t *model, size_t layer,
                                        const dlcore_tensor_t *x, dlcore_tensor_t *y_pred,
                                        dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before,
                             predict_layers(model, "predict_from", layer, 0, x, y_pred, error));
}

size_t dlcore_model_layer_width(const dlcore_model_t *model, size_t layer)
{
    return model != NULL && layer < model->network.node_count
               ? model->network.nodes[layer].output_width
               : 0;
}
