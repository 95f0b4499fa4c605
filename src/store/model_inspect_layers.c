/* What a model file says of its layers, compile settings and training, without building anything.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "store/config_named.h"
#include "store/config_reading.h"
#include "store/model_config.h"
#include "store/model_inspect.h"
#include "store/run_state_json.h"

/* ---- layers ---- */

/* Those that were added: widths and parameters are known. */
static void put_added_layers(dlcore_inspecting_t *inspecting, const dlcore_network_t *network,
                             size_t width)
{
    dlcore_inspected_layer_t *layers =
        dlcore_inspecting_room(inspecting, network->node_count, sizeof *layers);
    dlcore_parameter_t parameters[DLCORE_LAYER_PARAMETERS_MAX];

    if (layers == NULL)
        return;
    inspecting->found.input_width = width;
    for (size_t i = 0; i < network->node_count; i++) {
        const dlcore_node_t *node = &network->nodes[i];
        size_t count =
            node->type->declare != NULL ? node->type->declare(&node->layer, width, parameters) : 0;

        width = node->type->output_width(&node->layer, width);
        layers[i] =
            (dlcore_inspected_layer_t){.name = dlcore_inspecting_text(inspecting, node->layer.name),
                                       .class_name = node->type->class_name,
                                       .is_known = true,
                                       .output_width = width,
                                       .trainable = node->layer.trainable};
        for (size_t p = 0; p < count; p++)
            layers[i].parameter_count += parameters[p].shape[0] * parameters[p].shape[1];
        inspecting->found.parameter_count += layers[i].parameter_count;
    }
    inspecting->found.layers = layers;
    inspecting->found.layer_count = network->node_count;
}

static void put_named_layer(dlcore_inspecting_t *inspecting, const dlcore_json_t *object,
                            dlcore_inspected_layer_t *layer)
{
    dlcore_json_t config = dlcore_named_member(object, "config");
    dlcore_json_t name = dlcore_named_member(&config, "name");
    char text[DLCORE_NAME_SIZE];

    (void)dlcore_json_string(&name, text, sizeof text);
    layer->name = dlcore_inspecting_text(inspecting, text);
    dlcore_named_thing(object, text);
    layer->class_name = dlcore_inspecting_text(inspecting, text);
    layer->is_known = dlcore_named_layer_is_known(text);
}

/* Where they cannot be added: names alone. */
static void put_named_layers(dlcore_inspecting_t *inspecting, const dlcore_json_t *model_config)
{
    dlcore_json_t config = dlcore_named_member(model_config, "config");
    dlcore_json_t list = dlcore_named_member(&config, "layers"), layer;
    dlcore_json_steps_t steps = dlcore_json_steps(&list);
    dlcore_inspected_layer_t *layers;
    size_t count = 0;

    while (count < DLCORE_LAYERS_MAX && dlcore_json_step(&steps, NULL, &layer))
        count++;
    layers = dlcore_inspecting_room(inspecting, count, sizeof *layers);
    if (layers == NULL)
        return;
    memset(layers, 0, count * sizeof *layers);
    steps = dlcore_json_steps(&list);
    for (size_t i = 0; i < count && dlcore_json_step(&steps, NULL, &layer); i++)
        put_named_layer(inspecting, &layer, &layers[i]);
    inspecting->found.layers = layers;
    inspecting->found.layer_count = count;
}

dlcore_status dlcore_model_inspect_layers(dlcore_inspecting_t *inspecting,
                                          dlcore_model_loading_t *loading)
{
    dlcore_error_record_t ignored = {0}, *error = loading->error;
    dlcore_json_t config;
    char *text;
    size_t width = 0;
    dlcore_status status = dlcore_model_loading_layers(loading, &width), again;

    if (status == DLCORE_OK || status == DLCORE_ERROR_NAME || status == DLCORE_ERROR_SHAPE ||
        status == DLCORE_ERROR_DTYPE) { /* the layers are all right, a tensor is not */
        put_added_layers(inspecting, &loading->model->network, width);
        return status;
    }
    loading->error = &ignored;
    again = dlcore_model_loading_json(loading, "model_config", &text, &config);
    if (again == DLCORE_OK)
        put_named_layers(inspecting, &config);
    loading->error = error;
    dlcore_release(&loading->reading.allocator, text);
    return again == DLCORE_ERROR_MEMORY ? again : status; /* no layers for want of memory */
}

/* ---- compile settings ---- */

/* "accuracy, auc" */
static const char *metric_names(dlcore_inspecting_t *inspecting,
                                const dlcore_compile_options_t *settings)
{
    char text[512] = "";
    size_t count = settings->metric_count + settings->weighted_metric_count, used = 0;

    for (size_t i = 0; i < count && used < sizeof text; i++) {
        bool plain = i < settings->metric_count;
        const dlcore_metric_t *metric =
            plain ? &settings->metrics[i] : &settings->weighted_metrics[i - settings->metric_count];
        int added = snprintf(text + used, sizeof text - used, "%s%s%s", i == 0 ? "" : ", ",
                             plain ? "" : "weighted ", dlcore_metric_name(metric->kind));

        used += added > 0 ? (size_t)added : 0;
    }
    return dlcore_inspecting_text(inspecting, text);
}

/* Where they cannot be read: names alone. */
static void put_named_settings(dlcore_inspecting_t *inspecting, const dlcore_json_t *config)
{
    dlcore_named_compile_t named;

    dlcore_named_compile_read(config, &named);
    inspecting->found.optimizer = dlcore_inspecting_text(inspecting, named.optimizer);
    inspecting->found.loss = dlcore_inspecting_text(inspecting, named.loss);
    inspecting->found.metrics = dlcore_inspecting_text(inspecting, named.metrics);
}

dlcore_status dlcore_model_inspect_compile(dlcore_inspecting_t *inspecting,
                                           dlcore_model_loading_t *loading)
{
    const dlcore_allocator_t *allocator = &loading->reading.allocator;
    dlcore_compile_options_t *settings = dlcore_allocate(allocator, 1, sizeof *settings);
    dlcore_config_numbers_t numbers = {.allocator = allocator};
    dlcore_json_t config;
    char *text = NULL;
    dlcore_status status;

    if (settings == NULL)
        return dlcore_fail_memory(loading->error, "compile_config", sizeof *settings);
    status = dlcore_model_loading_json(loading, "compile_config", &text, &config);
    if (status == DLCORE_OK && config.kind != DLCORE_JSON_NONE) {
        inspecting->found.compiled = true;
        status = dlcore_compile_config_read(&config, dlcore_model_loading_file(loading), settings,
                                            &numbers, loading->error);
        if (status == DLCORE_OK) {
            inspecting->found.optimizer = dlcore_optimizer_name(settings->optimizer.kind);
            inspecting->found.loss = dlcore_loss_name(settings->loss.kind);
            inspecting->found.metrics = metric_names(inspecting, settings);
        } else {
            put_named_settings(inspecting, &config);
        }
    }
    dlcore_release(allocator, numbers.block);
    dlcore_release(allocator, settings);
    dlcore_release(allocator, text);
    return status;
}

/* ---- training ---- */

dlcore_status dlcore_model_inspect_state(dlcore_inspecting_t *inspecting,
                                         dlcore_model_loading_t *loading)
{
    const char *file = dlcore_model_loading_file(loading);
    dlcore_inspection_t *found = &inspecting->found;
    dlcore_json_t state;
    char *text;
    dlcore_status status =
        dlcore_model_loading_json(loading, "dlcore.training_state", &text, &state);

    if (status == DLCORE_OK)
        status = dlcore_json_text_number(&state, "epochs_trained", UINT32_MAX,
                                         &found->epochs_trained, file, loading->error);
    if (status == DLCORE_OK)
        status = dlcore_json_text_number(&state, "steps_trained", UINT64_MAX, &found->steps_trained,
                                         file, loading->error);
    found->training_state = status == DLCORE_OK && state.kind == DLCORE_JSON_OBJECT;
    found->can_resume =
        found->training_state && dlcore_named_member(&state, "run").kind == DLCORE_JSON_OBJECT;
    dlcore_release(&loading->reading.allocator, text);
    return status;
}
