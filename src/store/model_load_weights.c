/* Loading weights by name into a model that is there already: all of them, or none.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "dlcore/file.h"
#include "store/model_reading.h"

/* Reads into new memory, which takes the place of the old numbers when all is well. */
static dlcore_status read_new_weights(dlcore_model_t *model, dlcore_model_reading_t *reading)
{
    dlcore_network_t *network = &model->network;
    size_t count = dlcore_model_weight_count(model);
    float *values;
    dlcore_status status = DLCORE_OK;

    reading->tensors = dlcore_model_tensors(model);
    reading->model = model;
    for (size_t i = 0; i < count && status == DLCORE_OK; i++)
        status = dlcore_model_reading_want(reading, i);
    if (status != DLCORE_OK)
        return status;
    values = dlcore_allocate_raw(&model->allocator, network->value_floats, sizeof *values);
    if (values == NULL)
        return dlcore_fail_memory(&model->error, "weights", network->value_floats * sizeof *values);
    reading->tensors.values = values;
    status = dlcore_model_reading_data(reading);
    if (status == DLCORE_OK) {
        dlcore_model_weights_change(model);
        memcpy(network->values, values, network->value_floats * sizeof *values);
    }
    dlcore_release(&model->allocator, values);
    return status;
}

static dlcore_status load_weights(dlcore_model_t *model, dlcore_byte_source_t *source)
{
    dlcore_model_reading_t reading;
    dlcore_status status =
        dlcore_model_reading_open(&reading, source, &model->allocator, &model->error);

    if (status == DLCORE_OK)
        status = read_new_weights(model, &reading);
    dlcore_model_reading_close(&reading);
    return status;
}

static dlcore_status check_load_weights(dlcore_model_t *model, const void *from)
{
    if (from == NULL)
        return dlcore_fail(&model->error, DLCORE_ERROR_ARGUMENT,
                           "load_weights: what to load from is NULL");
    if (model->network.values == NULL)
        return dlcore_fail(&model->error, DLCORE_ERROR_STATE,
                           "load_weights: the model has no weights before it is built");
    return DLCORE_OK;
}

dlcore_status dlcore_model_load_weights(dlcore_model_t *model, const char *path)
{
    dlcore_status status = dlcore_model_begin(model);
    dlcore_byte_source_t source;
    dlcore_input_t input;

    if (status != DLCORE_OK)
        return status;
    status = check_load_weights(model, path);
    if (status == DLCORE_OK)
        status = dlcore_input_open(&input, path, &model->error);
    if (status == DLCORE_OK) {
        source = dlcore_byte_source_of_input(&input);
        status = load_weights(model, &source);
        dlcore_input_close(&input);
    }
    return dlcore_model_end(model, status);
}

dlcore_status dlcore_model_load_weights_memory(dlcore_model_t *model, const void *bytes,
                                               size_t size)
{
    dlcore_status status = dlcore_model_begin(model);
    dlcore_byte_source_t source;
    dlcore_input_t input;

    if (status != DLCORE_OK)
        return status;
    status = check_load_weights(model, bytes);
    if (status == DLCORE_OK) {
        dlcore_input_from_memory(&input, bytes, size, "memory");
        source = dlcore_byte_source_of_input(&input);
        status = load_weights(model, &source);
    }
    return dlcore_model_end(model, status);
}
