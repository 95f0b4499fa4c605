/* Names, shapes and rows of what a model is in a file.
 *
 * SPDX-License-Identifier: MIT */
#include "store/model_tensors.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/random.h"
#include "base/size.h"
#include "engine/network_exchange.h"
#include "model/indices.h"

dlcore_model_tensors_t dlcore_model_tensors(const dlcore_model_t *model)
{
    return (dlcore_model_tensors_t){
        .network = &model->network,
        .optimizer = &model->settings.optimizer,
        .weight_count = dlcore_model_weight_count(model),
        .values = model->network.values,
    };
}

static dlcore_model_tensor_t self_test_tensor(const dlcore_model_tensors_t *tensors, bool output)
{
    dlcore_model_tensor_t tensor = {
        .rank = 2,
        .shape = {tensors->self_test_rows, output ? dlcore_network_output_width(tensors->network)
                                                  : dlcore_network_input_width(tensors->network)},
        .at = output ? tensors->self_test_y : tensors->self_test_x};

    snprintf(tensor.name, sizeof tensor.name, "dlcore/self_test/%s", output ? "y" : "x");
    return tensor;
}

static bool run_keeps_weights(const dlcore_run_state_t *run)
{
    return run->weights != NULL || run->has_weights;
}

static bool keeps_weights(const dlcore_callback_state_t *callback)
{
    return callback->weights != NULL || callback->has_weights;
}

size_t dlcore_model_tensors_copies(const dlcore_model_tensors_t *tensors)
{
    const dlcore_run_state_t *run = tensors->run;
    size_t copies = run != NULL && run_keeps_weights(run);

    for (size_t i = 0; run != NULL && i < run->callback_count; i++)
        copies += keeps_weights(&run->callbacks[i]);
    return copies;
}

/* A weight of the `copy`-th copy; `name` is the weight's. */
static void set_copy(const dlcore_model_tensors_t *tensors, size_t copy, const char *name,
                     dlcore_model_tensor_t *tensor)
{
    const dlcore_callback_state_t *callback = tensors->run->callbacks;
    float *weights = tensors->run->weights;

    if (run_keeps_weights(tensors->run) && copy-- == 0) {
        snprintf(tensor->name, sizeof tensor->name, "run/%s", name);
    } else {
        while (!keeps_weights(callback) || copy-- > 0)
            callback++;
        weights = callback->weights;
        snprintf(tensor->name, sizeof tensor->name, "callback/%s/%s", callback->name, name);
    }
    tensor->at = weights != NULL ? weights + tensor->parameter->place : NULL;
    tensor->parameter = NULL;
}

bool dlcore_model_tensor_exists(const dlcore_model_tensors_t *tensors, size_t index)
{
    const dlcore_parameter_t *parameter;

    if (index < tensors->weight_count || index >= tensors->weight_count * (1 + tensors->slot_count))
        return true;
    parameter = dlcore_network_parameter(tensors->network, index % tensors->weight_count, NULL);
    return tensors->slot_tensors->exists(tensors, index / tensors->weight_count - 1, parameter);
}

/* Its shape becomes the file's. */
static void set_form(dlcore_model_tensor_t *tensor, dlcore_tensor_form_t form)
{
    tensor->form = form;
    if (form.transposed) {
        tensor->shape[0] = tensor->parameter->shape[1];
        tensor->shape[1] = tensor->parameter->shape[0];
    }
    if (form.repeated)
        tensor->shape[0] = 1;
}

dlcore_model_tensor_t dlcore_model_tensor(const dlcore_model_tensors_t *tensors, size_t index)
{
    const dlcore_network_t *network = tensors->network;
    size_t vectors = 1 + tensors->slot_count + dlcore_model_tensors_copies(tensors);
    size_t weight = tensors->weight_count > 0 ? index % tensors->weight_count : 0;
    size_t vector = tensors->weight_count > 0 ? index / tensors->weight_count : vectors;
    const dlcore_node_t *node = NULL;
    dlcore_model_tensor_t tensor = {.network = network};
    char name[DLCORE_NAME_SIZE + 16];

    if (vector >= vectors)
        return self_test_tensor(tensors, index > tensors->weight_count * vectors);
    tensor.parameter = dlcore_network_parameter(network, weight, &node);
    tensor.rank = tensor.parameter->rank;
    memcpy(tensor.shape, tensor.parameter->shape, sizeof tensor.shape);
    snprintf(name, sizeof name, "%s/%s", node->layer.name, tensor.parameter->name);
    if (vector == 0) {
        tensor.at = tensors->values;
        memcpy(tensor.name, name, sizeof name);
        if (tensors->forms != NULL)
            set_form(&tensor, tensors->forms[weight]);
    } else if (vector <= tensors->slot_count) {
        tensors->slot_tensors->set(tensors, vector - 1, name, &tensor);
    } else {
        set_copy(tensors, vector - 1 - tensors->slot_count, name, &tensor);
    }
    return tensor;
}

size_t dlcore_model_tensor_bytes(const dlcore_model_tensor_t *tensor)
{
    return tensor->shape[0] * tensor->shape[1] * sizeof(float);
}

size_t dlcore_model_tensor_buffer(const dlcore_model_tensor_t *tensor, size_t floats)
{
    size_t width = tensor->shape[1];

    return dlcore_size_max(width, dlcore_size_min(floats, tensor->shape[0] * width));
}

void dlcore_model_tensor_get(const dlcore_model_tensor_t *tensor, size_t first, size_t count,
                             float *rows)
{
    if (tensor->parameter == NULL)
        memcpy(rows, tensor->at + first * tensor->shape[1],
               count * tensor->shape[1] * sizeof *rows);
    else if (tensor->form.transposed)
        dlcore_network_export_columns(tensor->network, tensor->parameter, first, count, tensor->at,
                                      rows);
    else
        dlcore_network_export_rows(tensor->network, tensor->parameter, first, count, tensor->at,
                                   rows);
}

static void set_repeated(const dlcore_model_tensor_t *tensor, const float *number)
{
    for (size_t i = 0; i < tensor->parameter->shape[0]; i++)
        dlcore_network_import_rows(tensor->network, tensor->parameter, i, 1, number, tensor->at);
}

void dlcore_model_tensor_set(const dlcore_model_tensor_t *tensor, size_t first, size_t count,
                             const float *rows)
{
    if (tensor->parameter == NULL)
        memcpy(tensor->at + first * tensor->shape[1], rows,
               count * tensor->shape[1] * sizeof *rows);
    else if (tensor->form.repeated)
        set_repeated(tensor, rows);
    else if (tensor->form.transposed)
        dlcore_network_import_columns(tensor->network, tensor->parameter, first, count, rows,
                                      tensor->at);
    else
        dlcore_network_import_rows(tensor->network, tensor->parameter, first, count, rows,
                                   tensor->at);
}

dlcore_hash_t dlcore_model_tensor_hash(const dlcore_model_tensor_t *tensor)
{
    dlcore_hash_t hash = dlcore_hash_begin();

    dlcore_hash_add(&hash, tensor->name, strlen(tensor->name) + 1);
    return hash;
}

/* ---- the self-test ---- */

void dlcore_self_test_input(const dlcore_model_t *model, float *x, size_t rows)
{
    const dlcore_embeddings_t *tables = dlcore_network_tables(&model->network);
    size_t width = dlcore_model_input_width(model);

    for (size_t r = 0; r < rows; r++) {
        dlcore_random_t random =
            dlcore_random_stream(0, DLCORE_RANDOM_SELF_TEST, (uint32_t)r & 0xffffffu, 0);

        for (size_t i = 0; i < width; i++)
            x[r * width + i] = (float)(dlcore_random_next(&random) >> 8) * 0x1p-24f;
        for (size_t i = 0; tables != NULL && i < tables->count; i++) { /* below 1: a row of each */
            float *index = &x[r * width + tables->table[i].column];

            *index = (float)floor((double)*index * (double)tables->table[i].count);
        }
    }
}

dlcore_status dlcore_self_test_run(const dlcore_model_t *model, const float *x, size_t rows,
                                   float *y, dlcore_error_record_t *error)
{
    size_t x_shape[2] = {rows, dlcore_model_input_width(model)};
    size_t y_shape[2] = {rows, dlcore_model_output_width(model)};
    dlcore_predict_options_t options = dlcore_predict_options_default();
    dlcore_tensor_t *input = NULL, *output = NULL;
    dlcore_status status = dlcore_tensor_borrow_const(&model->allocator, DLCORE_DTYPE_FLOAT32, 2,
                                                      x_shape, x, 0, &input, error);

    if (status == DLCORE_OK)
        status = dlcore_tensor_borrow(&model->allocator, DLCORE_DTYPE_FLOAT32, 2, y_shape, y, 0,
                                      &output, error);
    options.error = error;
    if (status == DLCORE_OK)
        status = dlcore_model_predict_with(model, input, output, &options);
    dlcore_tensor_free(output);
    dlcore_tensor_free(input);
    return status;
}
