/* Inspecting model files: their header is read and checked as for loading, and nothing else.
 *
 * SPDX-License-Identifier: MIT */
#include "store/model_inspect.h"

#include <stdio.h>
#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/traces.h"
#include "store/weight_match.h"
#include "store/weights_report.h"

dlcore_inspect_options_t dlcore_inspect_options_default(void)
{
    return (dlcore_inspect_options_t){.allocator = dlcore_allocator_default(),
                                      .structure_size = sizeof(dlcore_inspect_options_t)};
}

/* ---- parts ---- */

static void note_writer(dlcore_inspecting_t *inspecting, const dlcore_model_loading_t *loading)
{
    char text[48];

    snprintf(text, sizeof text, "dlcore %s", loading->report.library_version);
    if (loading->report.library_version[0] != '\0')
        inspecting->found.writer = dlcore_inspecting_text(inspecting, text);
}

/* The first of the model's problems is the inspection's; without memory there is none. */
static void note_problem(dlcore_inspecting_t *inspecting, dlcore_status status,
                         const dlcore_error_record_t *error)
{
    inspecting->failed = inspecting->failed || status == DLCORE_ERROR_MEMORY;
    if (status == DLCORE_OK || inspecting->found.status != DLCORE_OK)
        return;
    inspecting->found.status = status;
    inspecting->found.problem = dlcore_inspecting_text(inspecting, error->message);
}

static void inspect_model(dlcore_inspecting_t *inspecting, dlcore_model_loading_t *loading)
{
    dlcore_json_t config;

    inspecting->found.is_model =
        dlcore_json_member(&loading->reading.file.metadata, "model_config", &config) &&
        config.kind == DLCORE_JSON_STRING;
    note_problem(inspecting, dlcore_model_loading_version(loading), loading->error);
    note_writer(inspecting, loading);
    if (!inspecting->found.is_model)
        return;
    note_problem(inspecting, dlcore_model_create(&loading->options.model, &loading->model),
                 loading->error);
    if (loading->model == NULL)
        return;
    note_problem(inspecting, dlcore_model_inspect_layers(inspecting, loading), loading->error);
    note_problem(inspecting, dlcore_model_inspect_compile(inspecting, loading), loading->error);
    note_problem(inspecting, dlcore_model_inspect_state(inspecting, loading), loading->error);
}

static void inspect_weights(dlcore_inspecting_t *inspecting,
                            const dlcore_inspect_options_t *options,
                            const dlcore_model_loading_t *loading)
{
    dlcore_weights_options_t how =
        options->weights != NULL ? *options->weights : dlcore_weights_options_default();
    dlcore_matching_t matching = {.network = &options->model->network,
                                  .file = &loading->reading.file,
                                  .file_name = loading->reading.source->name,
                                  .options = &how,
                                  .allocator = &options->allocator,
                                  .error = loading->error};
    dlcore_status status = dlcore_matching_find(&matching);

    if (status == DLCORE_OK)
        status = dlcore_weights_report_make(&matching, &inspecting->weights);
    dlcore_matching_clear(&matching);
    inspecting->failed = inspecting->failed || status == DLCORE_ERROR_MEMORY;
    inspecting->found.weights = inspecting->weights;
    inspecting->found.weights_status = status;
    if (status != DLCORE_OK)
        inspecting->found.weights_problem =
            dlcore_inspecting_text(inspecting, loading->error->message);
}

/* ---- all of it ---- */

static dlcore_status inspect_header(const dlcore_inspect_options_t *options,
                                    dlcore_model_loading_t *loading,
                                    dlcore_inspection_t **inspection)
{
    dlcore_inspecting_t *inspecting = dlcore_inspecting_make(&options->allocator);

    if (inspecting == NULL)
        return dlcore_fail_memory(options->error, "inspection", sizeof *inspecting);
    inspecting->found.file_bytes = loading->reading.source->size;
    dlcore_model_inspect_tensors(inspecting, loading);
    dlcore_model_inspect_texts(inspecting, loading);
    inspect_model(inspecting, loading);
    if (options->model != NULL)
        inspect_weights(inspecting, options, loading);
    dlcore_model_free(loading->model);
    if (inspecting->failed) {
        dlcore_inspection_free(&inspecting->found);
        return dlcore_fail_memory(options->error, "inspection", loading->reading.file.text_size);
    }
    *inspection = &inspecting->found;
    return DLCORE_OK;
}

static dlcore_status inspect_source(dlcore_byte_source_t *source,
                                    const dlcore_inspect_options_t *options,
                                    dlcore_inspection_t **inspection)
{
    dlcore_error_record_t error = {.message = ""};
    dlcore_model_loading_t loading = {.options = dlcore_load_options_default(), .error = &error};
    dlcore_status status =
        dlcore_model_reading_open(&loading.reading, source, &options->allocator, options->error);

    loading.options.model.allocator = options->allocator;
    loading.options.model.error = loading.reading.error = &error;
    if (status == DLCORE_OK)
        status = inspect_header(options, &loading, inspection);
    dlcore_model_reading_close(&loading.reading);
    return status;
}

static dlcore_status check_inspect(const void *from, const dlcore_inspect_options_t *options,
                                   dlcore_inspection_t **inspection)
{
    dlcore_status status = dlcore_check_options(options, "inspect", options->error);

    if (inspection != NULL)
        *inspection = NULL;
    if (status == DLCORE_OK)
        status = dlcore_check_allocator(&options->allocator, options->error);
    if (status == DLCORE_OK && (from == NULL || inspection == NULL))
        return dlcore_fail(options->error, DLCORE_ERROR_ARGUMENT, "inspect: %s is NULL",
                           from == NULL ? "what to inspect" : "inspection");
    if (status == DLCORE_OK && options->model != NULL && options->model->network.values == NULL)
        return dlcore_fail(options->error, DLCORE_ERROR_STATE,
                           "inspect: the model has no weights before it is built");
    if (status == DLCORE_OK && options->weights != NULL) {
        status = dlcore_check_options(options->weights, "load_weights", options->error);
        if (status == DLCORE_OK)
            status = dlcore_check_weights_options(options->weights, options->error);
    }
    return status;
}

static dlcore_status inspect_path(const char *path, const dlcore_inspect_options_t *options,
                                  dlcore_inspection_t **inspection)
{
    dlcore_status status = check_inspect(path, options, inspection);
    dlcore_byte_source_t source;
    dlcore_input_t input;

    if (status == DLCORE_OK)
        status = dlcore_input_open(&input, path, options->error);
    if (status != DLCORE_OK)
        return status;
    source = dlcore_byte_source_of_input(&input);
    status = inspect_source(&source, options, inspection);
    dlcore_input_close(&input);
    return status;
}

dlcore_status dlcore_model_inspect(const char *path, const dlcore_inspect_options_t *options,
                                   dlcore_inspection_t **inspection)
{
    dlcore_inspect_options_t defaults = dlcore_inspect_options_default();
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before,
                             inspect_path(path, options != NULL ? options : &defaults, inspection));
}

static dlcore_status inspect_memory(const void *bytes, size_t size,
                                    const dlcore_inspect_options_t *options,
                                    dlcore_inspection_t **inspection)
{
    dlcore_status status = check_inspect(bytes, options, inspection);
    dlcore_byte_source_t source;
    dlcore_input_t input;

    if (status != DLCORE_OK)
        return status;
    dlcore_input_from_memory(&input, bytes, size, "memory");
    source = dlcore_byte_source_of_input(&input);
    return inspect_source(&source, options, inspection);
}

dlcore_status dlcore_model_inspect_memory(const void *bytes, size_t size,
                                          const dlcore_inspect_options_t *options,
                                          dlcore_inspection_t **inspection)
{
    dlcore_inspect_options_t defaults = dlcore_inspect_options_default();
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(
        before, inspect_memory(bytes, size, options != NULL ? options : &defaults, inspection));
}
