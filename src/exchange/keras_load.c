/* Loading models that Keras saved. Nothing is handed out before all of the file was right.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/traces.h"
#include "dlcore/keras.h"
#include "exchange/keras_config.h"
#include "exchange/keras_file.h"
#include "exchange/keras_state.h"
#include "exchange/keras_weights.h"
#include "model/model.h"
#include "store/model_config.h"
#include "store/note_members.h"

/* A model on its way out of a file. */
typedef struct keras_loading {
    dlcore_load_options_t options;
    dlcore_keras_file_t file;
    dlcore_model_t *model;
    dlcore_load_report_t report;
} keras_loading_t;

/* The model's own message, with the file's name. */
static dlcore_status with_file(const keras_loading_t *loading, dlcore_status status)
{
    if (status == DLCORE_OK)
        return status;
    return dlcore_fail(loading->options.error, status, "%s: %s", loading->file.name,
                       dlcore_model_error(loading->model));
}

static dlcore_status make_network(keras_loading_t *loading)
{
    dlcore_keras_file_t *file = &loading->file;
    dlcore_network_t *network = &loading->model->network;
    size_t width = 0;
    dlcore_status status;

    if (file->model.json.kind == DLCORE_JSON_NONE)
        return dlcore_fail(file->error, DLCORE_ERROR_FORMAT,
                           "%s: has only weights: keras_load_weights reads them", file->name);
    status = dlcore_model_config_read(&file->model.json, file->name, true, loading->model, &width,
                                      file->error);
    if (status == DLCORE_OK)
        status = dlcore_keras_config_check_layers(network, file->name, file->error);
    if (status == DLCORE_OK)
        status = dlcore_keras_weights_check(file, network, width);
    if (status == DLCORE_OK)
        status =
            with_file(loading, dlcore_network_build_unset(network, width, &loading->model->error));
    return status == DLCORE_OK ? dlcore_keras_weights_read(file, network, network->values) : status;
}

/* The settings of compile: of Keras 3 with the model, of Keras 2 a text of their own; an empty
 * object where the model was not compiled. */
static dlcore_status find_compile_config(const keras_loading_t *loading, dlcore_json_t *config)
{
    const dlcore_keras_file_t *file = &loading->file;
    dlcore_json_steps_t steps;
    dlcore_json_t name, value;

    *config = file->training.json;
    if (!file->by_name && !dlcore_json_member(&file->model.json, "compile_config", config))
        return dlcore_fail(file->error, DLCORE_ERROR_FORMAT, "%s: compile_config is there twice",
                           file->name);
    steps = dlcore_json_steps(config);
    if (config->kind != DLCORE_JSON_OBJECT || !dlcore_json_step(&steps, &name, &value))
        *config = (dlcore_json_t){.kind = DLCORE_JSON_NONE};
    return DLCORE_OK;
}

static dlcore_status compile_loaded(keras_loading_t *loading)
{
    const dlcore_allocator_t *allocator = &loading->file.allocator;
    dlcore_config_numbers_t numbers = {.allocator = allocator};
    dlcore_compile_options_t *settings;
    dlcore_json_t config;
    dlcore_status status = find_compile_config(loading, &config);

    if (status != DLCORE_OK || config.kind == DLCORE_JSON_NONE)
        return status;
    settings = dlcore_allocate(allocator, 1, sizeof *settings);
    if (settings == NULL)
        return dlcore_fail_memory(loading->options.error, "compile_config", sizeof *settings);
    status = dlcore_compile_config_read(&config, loading->file.name, settings, &numbers,
                                        loading->options.error);
    if (status == DLCORE_OK)
        status = with_file(loading, dlcore_model_compile_with(loading->model, settings));
    loading->report.compiled = status == DLCORE_OK;
    dlcore_release(allocator, numbers.block);
    dlcore_release(allocator, settings);
    return status;
}

static dlcore_status load_opened(keras_loading_t *loading)
{
    dlcore_status status = dlcore_model_create(&loading->options.model, &loading->model);

    if (status == DLCORE_OK)
        status = dlcore_note_members_read(&loading->file.metadata.json, loading->file.name,
                                          &loading->model->notes, &loading->model->allocator,
                                          loading->options.error);
    if (status == DLCORE_OK)
        status = make_network(loading);
    if (status == DLCORE_OK && loading->options.compile)
        status = compile_loaded(loading);
    if (status == DLCORE_OK && loading->report.compiled && loading->options.training_state)
        status = dlcore_keras_state_read(&loading->file, loading->model,
                                         &loading->report.training_state);
    snprintf(loading->report.library_version, sizeof loading->report.library_version, "%s",
             loading->file.version);
    return status;
}

static dlcore_status check_keras_loading(const dlcore_load_options_t *options, const void *source,
                                         dlcore_model_t **model)
{
    dlcore_error_record_t *error = options != NULL ? options->error : NULL;

    if (model != NULL)
        *model = NULL;
    if (options != NULL && dlcore_check_options(options, "load", error) != DLCORE_OK)
        return DLCORE_ERROR_ARGUMENT;
    if (model == NULL || source == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "keras_load: %s is NULL",
                           model == NULL ? "model" : "what to load from");
    if (options != NULL && options->require_checksum)
        return dlcore_fail(error, DLCORE_ERROR_UNSUPPORTED,
                           "keras_load: Keras writes no checksum, which require_checksum asks for");
    return DLCORE_OK;
}

/* From a path, or from bytes with path NULL. */
static dlcore_status keras_load(const char *path, const void *bytes, size_t size,
                                const dlcore_load_options_t *options, dlcore_model_t **model)
{
    keras_loading_t loading = {.options =
                                   options != NULL ? *options : dlcore_load_options_default(),
                               .report = {.self_test_difference = (double)NAN}};
    dlcore_allocator_t allocator = loading.options.model.allocator;
    dlcore_error_record_t *error = loading.options.error;
    dlcore_status status =
        check_keras_loading(options, path != NULL ? path : (const char *)bytes, model);

    if (status != DLCORE_OK)
        return status;
    loading.options.model.error = error;
    if (path != NULL)
        status = dlcore_keras_file_open(&loading.file, path, &allocator, error);
    else
        status = dlcore_keras_file_open_memory(&loading.file, bytes, size, &allocator, error);
    if (status == DLCORE_OK)
        status = load_opened(&loading);
    dlcore_keras_file_close(&loading.file);
    if (status != DLCORE_OK) {
        dlcore_model_free(loading.model);
        return status;
    }
    if (loading.options.report != NULL)
        *loading.options.report = loading.report;
    *model = loading.model;
    return DLCORE_OK;
}

dlcore_status dlcore_keras_load(const char *path, const dlcore_load_options_t *options,
                                dlcore_model_t **model)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, keras_load(path, NULL, 0, options, model));
}

dlcore_status dlcore_keras_load_memory(const void *bytes, size_t size,
                                       const dlcore_load_options_t *options, dlcore_model_t **model)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, keras_load(NULL, bytes, size, options, model));
}

/* ---- weights alone ---- */

static dlcore_status read_into(dlcore_model_t *model, dlcore_keras_file_t *file)
{
    dlcore_network_t *network = &model->network;
    float *values;
    dlcore_status status =
        dlcore_keras_weights_check(file, network, dlcore_network_input_width(network));

    if (status != DLCORE_OK)
        return status;
    values = dlcore_allocate(&model->allocator, network->value_floats, sizeof *values);
    if (values == NULL)
        return dlcore_fail_memory(&model->error, "weights", network->value_floats * sizeof *values);
    status = dlcore_keras_weights_read(file, network, values);
    if (status == DLCORE_OK) {
        dlcore_model_weights_change(model);
        memcpy(network->values, values, network->value_floats * sizeof *values);
    }
    dlcore_release(&model->allocator, values);
    return status;
}

static dlcore_status keras_load_weights(dlcore_model_t *model, const char *path, const void *bytes,
                                        size_t size)
{
    dlcore_keras_file_t file;
    dlcore_status status;

    if (path == NULL && bytes == NULL)
        return dlcore_fail(&model->error, DLCORE_ERROR_ARGUMENT,
                           "keras_load_weights: what to load from is NULL");
    if (model->network.values == NULL)
        return dlcore_fail(&model->error, DLCORE_ERROR_STATE,
                           "keras_load_weights: the model has no weights before it is built");
    if (path != NULL)
        status = dlcore_keras_file_open(&file, path, &model->allocator, &model->error);
    else
        status =
            dlcore_keras_file_open_memory(&file, bytes, size, &model->allocator, &model->error);
    if (status == DLCORE_OK)
        status = read_into(model, &file);
    dlcore_keras_file_close(&file);
    return status;
}

dlcore_status dlcore_keras_load_weights(dlcore_model_t *model, const char *path)
{
    dlcore_status status = dlcore_model_begin(model);

    if (status != DLCORE_OK)
        return status;
    return dlcore_model_end(model, keras_load_weights(model, path, NULL, 0));
}

dlcore_status dlcore_keras_load_weights_memory(dlcore_model_t *model, const void *bytes,
                                               size_t size)
{
    dlcore_status status = dlcore_model_begin(model);

    if (status != DLCORE_OK)
        return status;
    return dlcore_model_end(model, keras_load_weights(model, NULL, bytes, size));
}
