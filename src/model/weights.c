/* Weights by number: names and shapes, copies out and in.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "base/error.h"
#include "engine/network_exchange.h"
#include "model/model.h"

size_t dlcore_model_weight_count(const dlcore_model_t *model)
{
    size_t count = 0;

    if (model == NULL || model->network.values == NULL)
        return 0;
    for (size_t i = 0; i < model->network.node_count; i++)
        count += model->network.nodes[i].parameter_count;
    return count;
}

bool dlcore_model_weight(const dlcore_model_t *model, size_t index, dlcore_weight_t *weight)
{
    const dlcore_node_t *node;
    const dlcore_parameter_t *parameter;

    if (model == NULL || weight == NULL)
        return false;
    parameter = dlcore_network_parameter(&model->network, index, &node);
    if (parameter == NULL)
        return false;
    *weight = (dlcore_weight_t){.rank = parameter->rank,
                                .shape = {parameter->shape[0], parameter->shape[1]},
                                .size = dlcore_parameter_size(parameter),
                                .trainable = node->layer.trainable && !parameter->is_statistic};
    snprintf(weight->name, sizeof weight->name, "%s/%s", node->layer.name, parameter->name);
    return true;
}

/* The index-th parameter, when `values` can hold it. */
static const dlcore_parameter_t *one(const dlcore_model_t *model, size_t index, const float *values,
                                     size_t count, dlcore_error_record_t *error)
{
    const dlcore_node_t *node;
    const dlcore_parameter_t *parameter = dlcore_network_parameter(&model->network, index, &node);

    if (values == NULL || parameter == NULL) {
        (void)dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "weight %zu: the model has %zu weights%s",
                          index, dlcore_model_weight_count(model),
                          values == NULL ? ", and values is NULL" : "");
        return NULL;
    }
    if (count != dlcore_parameter_size(parameter)) {
        (void)dlcore_fail(error, DLCORE_ERROR_SHAPE, "%s/%s: has %zu values, got %zu",
                          node->layer.name, parameter->name, dlcore_parameter_size(parameter),
                          count);
        return NULL;
    }
    return parameter;
}

static dlcore_status all(const dlcore_model_t *model, const float *values, size_t count,
                         dlcore_error_record_t *error)
{
    if (model->network.values == NULL)
        return dlcore_fail(error, DLCORE_ERROR_STATE, "model: has no weights before it is built");
    if (values == NULL && count > 0)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "weights: values is NULL");
    if (count != model->network.parameter_count)
        return dlcore_fail(error, DLCORE_ERROR_SHAPE, "weights: the model has %zu values, got %zu",
                           model->network.parameter_count, count);
    return DLCORE_OK;
}

void dlcore_model_import_weights(dlcore_model_t *model, const float *values)
{
    const dlcore_parameter_t *parameter;

    dlcore_model_weights_change(model);
    for (size_t i = 0; (parameter = dlcore_network_parameter(&model->network, i, NULL)) != NULL;
         i++) {
        dlcore_network_import(&model->network, parameter, values, model->network.values);
        values += dlcore_parameter_size(parameter);
    }
}

dlcore_status dlcore_model_get_weight(const dlcore_model_t *model, size_t index, float *values,
                                      size_t count)
{
    dlcore_error_record_t error = {0};
    const dlcore_parameter_t *parameter;

    if (model == NULL)
        return DLCORE_ERROR_ARGUMENT;
    parameter = one(model, index, values, count, &error);
    if (parameter == NULL)
        return error.status;
    dlcore_network_export(&model->network, parameter, model->network.values, values);
    return DLCORE_OK;
}

dlcore_status dlcore_model_set_weight(dlcore_model_t *model, size_t index, const float *values,
                                      size_t count)
{
    dlcore_status status = dlcore_model_begin_setting(model);
    const dlcore_parameter_t *parameter;

    if (status != DLCORE_OK)
        return status;
    parameter = one(model, index, values, count, &model->error);
    if (parameter == NULL)
        return dlcore_model_end_setting(model, model->error.status);
    dlcore_model_weights_change(model);
    dlcore_network_import(&model->network, parameter, values, model->network.values);
    return dlcore_model_end_setting(model, DLCORE_OK);
}

dlcore_status dlcore_model_get_weights(const dlcore_model_t *model, float *values, size_t count)
{
    const dlcore_parameter_t *parameter;
    dlcore_status status;

    if (model == NULL)
        return DLCORE_ERROR_ARGUMENT;
    status = all(model, values, count, NULL);
    for (size_t i = 0; status == DLCORE_OK &&
                       (parameter = dlcore_network_parameter(&model->network, i, NULL)) != NULL;
         i++) {
        dlcore_network_export(&model->network, parameter, model->network.values, values);
        values += dlcore_parameter_size(parameter);
    }
    return status;
}

dlcore_status dlcore_model_set_weights(dlcore_model_t *model, const float *values, size_t count)
{
    dlcore_status status = dlcore_model_begin_setting(model);

    if (status != DLCORE_OK)
        return status;
    status = all(model, values, count, &model->error);
    if (status == DLCORE_OK)
        dlcore_model_import_weights(model, values);
    return dlcore_model_end_setting(model, status);
}
