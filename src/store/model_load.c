/* Loading whole models, part by part (model_loading.h). Nothing is handed out before all of the
 * file was right.
 *
 * SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "store/model_config.h"
#include "store/model_load.h"
#include "store/model_loading.h"
#include "store/note_members.h"

dlcore_load_options_t dlcore_load_options_default(void)
{
    return (dlcore_load_options_t){.model = dlcore_model_options_default(),
                                   .compile = true,
                                   .training_state = true,
                                   .precision = true,
                                   .structure_size = sizeof(dlcore_load_options_t)};
}

dlcore_status dlcore_model_loading_error(const dlcore_model_loading_t *loading,
                                         dlcore_status status)
{
    if (status == DLCORE_OK)
        return status;
    return dlcore_fail(loading->error, status, "%s: %s", dlcore_model_loading_file(loading),
                       dlcore_model_error(loading->model));
}

/* ---- the network ---- */

/* That the file has every weight of the layers, before memory is asked for. */
static dlcore_status check_weights(dlcore_model_loading_t *loading, size_t width)
{
    const dlcore_network_t *network = &loading->model->network;
    dlcore_parameter_t parameters[DLCORE_LAYER_PARAMETERS_MAX];
    char name[DLCORE_MODEL_TENSOR_NAME_SIZE];
    dlcore_safetensors_entry_t *entry;
    dlcore_status status;

    if (width > INT_MAX)
        return dlcore_fail(loading->error, DLCORE_ERROR_OVERFLOW, "%s: %zu inputs are more than %d",
                           dlcore_model_loading_file(loading), width, INT_MAX);
    for (size_t i = 0; i < network->node_count; i++) {
        const dlcore_node_t *node = &network->nodes[i];
        size_t count;

        if (node->type->check_build != NULL) {
            status = node->type->check_build(&node->layer, width, &loading->model->error);
            if (status != DLCORE_OK)
                return dlcore_model_loading_error(loading, status);
        }
        count =
            node->type->declare != NULL ? node->type->declare(&node->layer, width, parameters) : 0;

        for (size_t p = 0; p < count; p++) {
            snprintf(name, sizeof name, "%s/%s", node->layer.name, parameters[p].name);
            status = dlcore_model_reading_find(&loading->reading, name, parameters[p].rank,
                                               parameters[p].shape, &entry);
            if (status != DLCORE_OK)
                return status;
        }
        width = node->type->output_width(&node->layer, width);
    }
    return DLCORE_OK;
}

dlcore_status dlcore_model_loading_layers(dlcore_model_loading_t *loading, size_t *width)
{
    char *text;
    dlcore_json_t config;
    dlcore_status status = dlcore_model_loading_json(loading, "model_config", &text, &config);

    *width = 0;
    if (status == DLCORE_OK && config.kind == DLCORE_JSON_NONE)
        status =
            dlcore_fail(loading->error, DLCORE_ERROR_FORMAT,
                        "%s: has no model_config, only tensors: add and build the layers, then "
                        "model_load_weights reads them",
                        dlcore_model_loading_file(loading));
    if (status == DLCORE_OK)
        status = dlcore_model_config_read(&config, dlcore_model_loading_file(loading), false,
                                          loading->model, width, loading->error);
    dlcore_release(&loading->reading.allocator, text);
    return status == DLCORE_OK ? check_weights(loading, *width) : status;
}

static dlcore_status make_loaded_network(dlcore_model_loading_t *loading)
{
    size_t width;
    dlcore_status status = dlcore_model_loading_layers(loading, &width);

    if (status == DLCORE_OK)
        status = dlcore_model_loading_error(
            loading,
            dlcore_network_build_unset(&loading->model->network, width, &loading->model->error));
    return status;
}

/* ---- all of it ---- */

static dlcore_status compare_checksum(dlcore_model_loading_t *loading)
{
    const char *text = loading->checksum;
    char computed[32];

    snprintf(computed, sizeof computed, "xxh64:%016" PRIx64, loading->reading.sum);
    if (text[0] != '\0')
        loading->report.checksum =
            strcmp(text, computed) == 0 ? DLCORE_CHECKSUM_MATCHES : DLCORE_CHECKSUM_DIFFERS;
    if (!loading->options.require_checksum || loading->report.checksum == DLCORE_CHECKSUM_MATCHES)
        return DLCORE_OK;
    if (text[0] == '\0')
        return dlcore_fail(loading->error, DLCORE_ERROR_FORMAT,
                           "%s: has no checksum, which require_checksum asks for",
                           dlcore_model_loading_file(loading));
    return dlcore_fail(loading->error, DLCORE_ERROR_FORMAT,
                       "%s: damaged or edited: the tensors do not match the checksum (the file "
                       "says %s, they have %s)",
                       dlcore_model_loading_file(loading), text, computed);
}

static dlcore_status read_tensor_data(dlcore_model_loading_t *loading)
{
    dlcore_model_reading_t *reading = &loading->reading;
    dlcore_status status;
    size_t count;

    reading->tensors = dlcore_model_tensors(loading->model);
    reading->model = loading->model;
    reading->sum_wanted = loading->options.report != NULL || loading->options.require_checksum;
    if (loading->training != NULL)
        loading->training->find(loading);
    status = dlcore_model_loading_find_self_test(loading);
    count = dlcore_model_tensors_count(&reading->tensors);
    for (size_t i = 0; i < count && status == DLCORE_OK; i++) {
        if (dlcore_model_tensor_exists(&reading->tensors, i))
            status = dlcore_model_reading_want(reading, i);
    }
    if (status == DLCORE_OK && loading->training != NULL)
        status = loading->training->make_room(loading);
    if (status == DLCORE_OK)
        status = dlcore_model_reading_data(reading);
    if (status == DLCORE_OK)
        status = compare_checksum(loading);
    return status;
}

static dlcore_status load_model(dlcore_model_loading_t *loading)
{
    dlcore_status status = dlcore_model_create(&loading->options.model, &loading->model);

    if (status == DLCORE_OK)
        status = dlcore_model_loading_version(loading);
    if (status == DLCORE_OK)
        status = dlcore_note_members_read(
            &loading->reading.file.metadata, dlcore_model_loading_file(loading),
            &loading->model->notes, &loading->model->allocator, loading->error);
    if (status == DLCORE_OK)
        status = make_loaded_network(loading);
    if (status == DLCORE_OK && loading->training != NULL)
        status = loading->training->compile(loading);
    if (status == DLCORE_OK)
        status = read_tensor_data(loading);
    if (status == DLCORE_OK && loading->self_test != NULL)
        status = dlcore_model_loading_self_test(loading);
    if (status == DLCORE_OK)
        dlcore_model_keep_run(loading->model);
    return status;
}

dlcore_status dlcore_model_load_source(dlcore_byte_source_t *source,
                                       const dlcore_load_options_t *options,
                                       const dlcore_model_loading_training_t *training,
                                       dlcore_model_t **model)
{
    dlcore_model_loading_t loading = {.training = training,
                                      .options = options != NULL ? *options
                                                                 : dlcore_load_options_default(),
                                      .report = {.self_test_difference = (double)NAN}};
    dlcore_allocator_t allocator = loading.options.model.allocator;
    dlcore_status status;

    loading.error = loading.options.model.error = loading.options.error;
    if (allocator.allocate == NULL || allocator.release == NULL)
        return dlcore_fail(loading.error, DLCORE_ERROR_ARGUMENT,
                           "load: the allocator needs both allocate and release");
    status = dlcore_model_reading_open(&loading.reading, source, &allocator, loading.error);
    if (status == DLCORE_OK)
        status = load_model(&loading);
    dlcore_release(&allocator, loading.self_test);
    dlcore_model_reading_close(&loading.reading);
    if (status != DLCORE_OK) {
        dlcore_model_free(loading.model);
        return status;
    }
    if (loading.options.report != NULL)
        *loading.options.report = loading.report;
    *model = loading.model;
    return DLCORE_OK;
}
