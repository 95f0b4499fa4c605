/* What a model in a file will take: its layers and settings are read, its numbers are not.
 *
 * SPDX-License-Identifier: MIT */
#include "base/error.h"
#include "base/traces.h"
#include "dlcore/memory.h"
#include "files/input.h"
#include "store/model_load.h"
#include "store/model_loading.h"

static dlcore_status measure_loading(dlcore_model_loading_t *loading, size_t batch_size,
                                     dlcore_model_memory_t *memory)
{
    size_t width;
    dlcore_status status = dlcore_model_create(&loading->options.model, &loading->model);

    if (status == DLCORE_OK)
        status = dlcore_model_loading_version(loading);
    if (status == DLCORE_OK)
        status = dlcore_model_loading_layers(loading, &width);
    if (status == DLCORE_OK)
        status = loading->training->compile(loading);
    if (status == DLCORE_OK)
        status = dlcore_model_memory(loading->model, width, batch_size, memory, loading->error);
    dlcore_model_free(loading->model);
    return status;
}

static dlcore_status measure_file(const char *path, const dlcore_load_options_t *options,
                                  size_t batch_size, dlcore_model_memory_t *memory)
{
    dlcore_model_loading_t loading = {.training = &dlcore_model_loading_training,
                                      .options = options != NULL ? *options
                                                                 : dlcore_load_options_default()};
    dlcore_byte_source_t source;
    dlcore_input_t input;
    dlcore_status status = dlcore_check_options(&loading.options, "load", loading.options.error);

    loading.error = loading.options.model.error = loading.options.error;
    if (status == DLCORE_OK && (path == NULL || memory == NULL))
        status = dlcore_fail(loading.error, DLCORE_ERROR_ARGUMENT, "load_memory: %s is NULL",
                             path == NULL ? "the path" : "memory");
    if (status == DLCORE_OK)
        status = dlcore_check_allocator(&loading.options.model.allocator, loading.error);
    if (status == DLCORE_OK)
        status = dlcore_input_open(&input, path, loading.error);
    if (status != DLCORE_OK)
        return status;
    source = dlcore_byte_source_of_input(&input);
    status = dlcore_model_reading_open(&loading.reading, &source, &loading.options.model.allocator,
                                       loading.error);
    if (status == DLCORE_OK)
        status = measure_loading(&loading, batch_size, memory);
    dlcore_model_reading_close(&loading.reading);
    dlcore_input_close(&input);
    return status;
}

dlcore_status dlcore_load_memory(const char *path, const dlcore_load_options_t *options,
                                 size_t batch_size, dlcore_model_memory_t *memory)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, measure_file(path, options, batch_size, memory));
}
