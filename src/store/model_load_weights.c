/* Loading weights into a model that is there already: all that are matched, or none.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "dlcore/weights.h"
#include "store/model_reading.h"
#include "store/weight_match.h"
#include "store/weights_report.h"

dlcore_weights_options_t dlcore_weights_options_default(void)
{
    return (dlcore_weights_options_t){.structure_size = sizeof(dlcore_weights_options_t)};
}

/* ---- reading ---- */

/* Of the network's values, with what is not loaded as it is. */
static float *new_values(const dlcore_model_t *model, const dlcore_matching_t *matching)
{
    size_t floats = model->network.value_floats;
    float *values = dlcore_allocate_raw(&model->allocator, floats, sizeof *values);
    bool all = true;

    for (size_t i = 0; i < matching->count; i++)
        all = all && dlcore_matched_is_loaded(&matching->matched[i]);
    if (values != NULL && !all)
        memcpy(values, model->network.values, floats * sizeof *values);
    return values;
}

/* Reads into new memory, which takes the place of the old numbers when all is well. */
static dlcore_status read_new_weights(dlcore_model_t *model, dlcore_model_reading_t *reading,
                                      const dlcore_matching_t *matching)
{
    dlcore_network_t *network = &model->network;
    float *values = new_values(model, matching);
    dlcore_status status;

    if (values == NULL)
        return dlcore_fail_memory(&model->error, "weights", network->value_floats * sizeof *values);
    for (size_t i = 0; i < matching->count; i++) {
        if (dlcore_matched_is_loaded(&matching->matched[i]))
            reading->file.entries[matching->matched[i].entry - 1].use = (uint32_t)i + 1;
    }
    reading->model = model;
    reading->tensors = dlcore_model_tensors(model);
    reading->tensors.values = values;
    reading->tensors.forms = matching->forms;
    status = dlcore_model_reading_data(reading);
    if (status == DLCORE_OK) {
        dlcore_model_weights_change(model);
        memcpy(network->values, values, network->value_floats * sizeof *values);
    }
    dlcore_release(&model->allocator, values);
    return status;
}

static dlcore_status match_and_read(dlcore_model_t *model, dlcore_model_reading_t *reading,
                                    const dlcore_weights_options_t *options)
{
    dlcore_matching_t matching = {.network = &model->network,
                                  .file = &reading->file,
                                  .file_name = reading->source->name,
                                  .options = options,
                                  .allocator = &model->allocator,
                                  .error = &model->error};
    dlcore_weights_report_t *report = NULL;
    dlcore_status status = dlcore_matching_find(&matching);

    if (status == DLCORE_OK && options->report != NULL)
        status = dlcore_weights_report_make(&matching, &report);
    if (status == DLCORE_OK)
        status = read_new_weights(model, reading, &matching);
    dlcore_matching_clear(&matching);
    if (status == DLCORE_OK && options->report != NULL)
        *options->report = report;
    else
        dlcore_weights_report_free(report);
    return status;
}

static dlcore_status load_weights(dlcore_model_t *model, dlcore_byte_source_t *source,
                                  const dlcore_weights_options_t *options)
{
    dlcore_model_reading_t reading;
    dlcore_status status =
        dlcore_model_reading_open(&reading, source, &model->allocator, &model->error);

    if (status == DLCORE_OK)
        status = match_and_read(model, &reading, options);
    dlcore_model_reading_close(&reading);
    return status;
}

/* ---- calls ---- */

static dlcore_status check_load_weights(dlcore_model_t *model, const void *from,
                                        const dlcore_weights_options_t *options)
{
    dlcore_error_record_t *error = &model->error;
    dlcore_status status = dlcore_check_options(options, "load_weights", error);

    if (status != DLCORE_OK)
        return status;
    if (options->report != NULL)
        *options->report = NULL;
    if (from == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "load_weights: what to load from is NULL");
    if (model->network.values == NULL)
        return dlcore_fail(error, DLCORE_ERROR_STATE,
                           "load_weights: the model has no weights before it is built");
    return dlcore_check_weights_options(options, error);
}

static dlcore_status load_weights_of_path(dlcore_model_t *model, const char *path,
                                          const dlcore_weights_options_t *options)
{
    dlcore_status status = dlcore_model_begin(model);
    dlcore_byte_source_t source;
    dlcore_input_t input;

    if (status != DLCORE_OK)
        return status;
    status = check_load_weights(model, path, options);
    if (status == DLCORE_OK)
        status = dlcore_input_open(&input, path, &model->error);
    if (status == DLCORE_OK) {
        source = dlcore_byte_source_of_input(&input);
        status = load_weights(model, &source, options);
        dlcore_input_close(&input);
    }
    return dlcore_model_end(model, status);
}

dlcore_status dlcore_model_load_weights_with(dlcore_model_t *model, const char *path,
                                             const dlcore_weights_options_t *options)
{
    dlcore_weights_options_t defaults = dlcore_weights_options_default();

    return load_weights_of_path(model, path, options != NULL ? options : &defaults);
}

dlcore_status dlcore_model_load_weights(dlcore_model_t *model, const char *path)
{
    return dlcore_model_load_weights_with(model, path, NULL);
}

static dlcore_status load_weights_of_memory(dlcore_model_t *model, const void *bytes, size_t size,
                                            const dlcore_weights_options_t *options)
{
    dlcore_status status = dlcore_model_begin(model);
    dlcore_byte_source_t source;
    dlcore_input_t input;

    if (status != DLCORE_OK)
        return status;
    status = check_load_weights(model, bytes, options);
    if (status == DLCORE_OK) {
        dlcore_input_from_memory(&input, bytes, size, "memory");
        source = dlcore_byte_source_of_input(&input);
        status = load_weights(model, &source, options);
    }
    return dlcore_model_end(model, status);
}

dlcore_status dlcore_model_load_weights_memory_with(dlcore_model_t *model, const void *bytes,
                                                    size_t size,
                                                    const dlcore_weights_options_t *options)
{
    dlcore_weights_options_t defaults = dlcore_weights_options_default();

    return load_weights_of_memory(model, bytes, size, options != NULL ? options : &defaults);
}

dlcore_status dlcore_model_load_weights_memory(dlcore_model_t *model, const void *bytes,
                                               size_t size)
{
    return dlcore_model_load_weights_memory_with(model, bytes, size, NULL);
}
