/* An ONNX graph made from a model.
 *
 * SPDX-License-Identifier: MIT */
#include "base/allocator.h"
#include "base/error.h"
#include "exchange/onnx_put.h"

static const dlcore_onnx_name_t onnx_graph_input = {NULL, "input"};
static const dlcore_onnx_name_t onnx_graph_output = {NULL, "output"};

static dlcore_status onnx_put_layers(dlcore_onnx_putting_t *putting)
{
    const dlcore_network_t *network = &putting->model->network;

    for (size_t i = 0; i < network->node_count; i++) {
        const char *lacks = dlcore_onnx_put_lacks(&network->nodes[i]);

        putting->layer = &network->nodes[i];
        if (lacks != NULL)
            return dlcore_fail(putting->error, DLCORE_ERROR_UNSUPPORTED,
                               "onnx_save: layer \"%s\" (%s) has a %s that has no form in ONNX",
                               putting->layer->layer.name, putting->layer->type->class_name, lacks);
        if (!dlcore_onnx_put_layer(putting))
            return dlcore_fail(putting->error, DLCORE_ERROR_UNSUPPORTED,
                               "onnx_save: layer \"%s\" (%s, activation %s) has no form in ONNX",
                               putting->layer->layer.name, putting->layer->type->class_name,
                               dlcore_activation_name(putting->layer->layer.activation));
    }
    putting->layer = NULL;
    if (putting->node_count == 0)
        dlcore_onnx_put_node(putting, "Identity", "output");
    putting->nodes[putting->node_count - 1].output = onnx_graph_output;
    return DLCORE_OK;
}

dlcore_status dlcore_onnx_put_model(dlcore_onnx_putting_t *putting, const dlcore_model_t *model,
                                    dlcore_error_record_t *error)
{
    size_t room = model->network.node_count * DLCORE_ONNX_PUTS_MAX + 1;

    *putting = (dlcore_onnx_putting_t){
        .model = model, .error = error, .opset = 13, .value = onnx_graph_input};
    putting->nodes = dlcore_allocate(&model->allocator, room, sizeof *putting->nodes);
    putting->tensors = dlcore_allocate(&model->allocator, room, sizeof *putting->tensors);
    if (putting->nodes == NULL || putting->tensors == NULL)
        return dlcore_fail_memory(error, "onnx_save", room * sizeof *putting->nodes);
    return onnx_put_layers(putting);
}

void dlcore_onnx_put_end(dlcore_onnx_putting_t *putting)
{
    if (putting->model == NULL)
        return;
    dlcore_release(&putting->model->allocator, putting->nodes);
    dlcore_release(&putting->model->allocator, putting->tensors);
}
