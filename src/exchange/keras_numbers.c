/* Writing the numbers of a model as Keras 3 does.
 *
 * SPDX-License-Identifier: MIT */
#include "exchange/keras_numbers.h"

#include <stdio.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/size.h"
#include "engine/network_exchange.h"
#include "exchange/hdf5.h"
#include "exchange/keras_layers.h"
#include "exchange/keras_state.h"
#include "nn/optimizer.h"

/* Numbers on their way into a file. */
typedef struct keras_writing {
    const dlcore_model_t *model;
    dlcore_hdf5_t file;
    dlcore_error_record_t *error;
    float *rows;  /* room for the largest weight */
    float *fresh; /* a vector of state as training begins with it; NULL: not wanted */
} keras_writing_t;

static dlcore_status put_parameter(const keras_writing_t *writing, const char *path,
                                   const dlcore_parameter_t *parameter, const float *values)
{
    dlcore_network_export(&writing->model->network, parameter, values, writing->rows);
    return dlcore_hdf5_put_floats(&writing->file, path, parameter->rank, parameter->shape,
                                  writing->rows);
}

static dlcore_status put_layer_numbers(const keras_writing_t *writing, size_t index)
{
    const dlcore_network_t *network = &writing->model->network;
    const dlcore_node_t *node = &network->nodes[index];
    char name[DLCORE_NAME_SIZE], path[DLCORE_HDF5_PATH_SIZE];
    dlcore_status status;

    dlcore_keras_group_name(network, index, name);
    snprintf(path, sizeof path, "layers/%s/vars", name);
    status = dlcore_hdf5_put_group(&writing->file, path);
    for (size_t p = 0; p < node->parameter_count && status == DLCORE_OK; p++) {
        snprintf(path, sizeof path, "layers/%s/vars/%zu", name, p);
        status = put_parameter(writing, path, &node->parameters[p], network->values);
    }
    if (status == DLCORE_OK && node->type->counts_samples) {
        snprintf(path, sizeof path, "layers/%s/vars/%zu", name, node->parameter_count);
        status = dlcore_hdf5_put_count(&writing->file, path, 0);
    }
    return status;
}

/* ---- state ---- */

/* The state of an optimizer that has made no step. */
static void make_fresh(const keras_writing_t *writing, size_t slot)
{
    const dlcore_network_t *network = &writing->model->network;
    const dlcore_optimizer_t *optimizer = &writing->model->settings.optimizer;
    bool is_average =
        optimizer->use_ema && slot == dlcore_optimizer_type(optimizer->kind)->slots(optimizer);
    float value = dlcore_optimizer_slot_value(optimizer, slot);

    for (size_t i = 0; i < network->value_floats; i++)
        writing->fresh[i] = is_average ? network->values[i] : value;
}

/* Between two groups of accumulated steps Keras's sums are 0; here the next group begins them. */
static bool has_old_sums(const dlcore_model_t *model, size_t slot)
{
    const dlcore_optimizer_t *optimizer = &model->settings.optimizer;
    uint64_t steps = optimizer->gradient_accumulation_steps;

    return steps > 0 && slot + 1 == dlcore_optimizer_slots(optimizer) &&
           model->trainer.clock.iterations % steps == 0;
}

static const float *vector_of(const keras_writing_t *writing, size_t slot)
{
    const dlcore_model_t *model = writing->model;

    if (model->trainer.slots != NULL && !has_old_sums(model, slot))
        return model->trainer.slots + slot * model->network.value_floats;
    make_fresh(writing, slot);
    return writing->fresh;
}

/* That no state would be lost: Keras has none of weights that do not train. */
static dlcore_status check_frozen(const keras_writing_t *writing)
{
    const dlcore_model_t *model = writing->model;
    size_t slots = model->trainer.slots != NULL ? model->trainer.slot_count : 0;
    const dlcore_parameter_t *parameter;
    const dlcore_node_t *node;

    for (size_t slot = 0; slot < slots; slot++) {
        const float *vector = vector_of(writing, slot);

        make_fresh(writing, slot);
        for (size_t i = 0;
             (parameter = dlcore_network_parameter(&model->network, i, &node)) != NULL; i++) {
            bool differs = false;

            if (node->layer.trainable || parameter->is_statistic)
                continue;
            for (size_t k = 0; k < parameter->floats; k++)
                differs |= vector[parameter->offset + k] != writing->fresh[parameter->offset + k];
            if (differs)
                return dlcore_fail(writing->error, DLCORE_ERROR_UNSUPPORTED,
                                   "keras_save: %s is frozen, but the optimizer keeps its %s: "
                                   "Keras's files have no place for that; save without "
                                   "training_state, or compile again",
                                   node->layer.name,
                                   dlcore_optimizer_slot_name(&model->settings.optimizer, slot));
        }
    }
    return DLCORE_OK;
}

static dlcore_status put_state_number(const keras_writing_t *writing, const char *path,
                                      double number)
{
    float value = (float)number;

    return dlcore_hdf5_put_floats(&writing->file, path, 0, NULL, &value);
}

static dlcore_status put_vectors(const keras_writing_t *writing, const dlcore_keras_state_t *state)
{
    char path[64];
    dlcore_status status = DLCORE_OK;

    for (size_t k = 0; k < state->vectors && status == DLCORE_OK; k++) {
        size_t slot;
        dlcore_parameter_t parameter = dlcore_keras_state_vector(state, k, &slot);

        snprintf(path, sizeof path, "optimizer/vars/%zu", state->first + k);
        if (parameter.rank == 0)
            status = dlcore_hdf5_put_count(&writing->file, path, 0);
        else
            status = put_parameter(writing, path, &parameter, vector_of(writing, slot));
    }
    return status;
}

static dlcore_status put_state(const keras_writing_t *writing)
{
    const dlcore_model_t *model = writing->model;
    dlcore_keras_state_t state = dlcore_keras_state(model);
    char path[64];
    dlcore_status status = check_frozen(writing);

    if (status == DLCORE_OK)
        status = dlcore_hdf5_put_group(&writing->file, "optimizer/vars");
    if (status == DLCORE_OK)
        status = dlcore_hdf5_put_count(&writing->file, "optimizer/vars/0",
                                       model->trainer.clock.iterations);
    if (status == DLCORE_OK && state.has_rate)
        status = put_state_number(writing, "optimizer/vars/1", dlcore_model_learning_rate(model));
    if (status == DLCORE_OK)
        status = put_vectors(writing, &state);
    snprintf(path, sizeof path, "optimizer/vars/%zu", state.count - 1);
    if (status == DLCORE_OK && dlcore_optimizer_run(state.optimizer->kind)->product != NULL)
        status = put_state_number(writing, path, model->trainer.clock.product);
    return status;
}

/* ---- all of it ---- */

static dlcore_status make_room(keras_writing_t *writing, bool with_state,
                               const dlcore_allocator_t *allocator)
{
    const dlcore_network_t *network = &writing->model->network;
    const dlcore_parameter_t *parameter;
    size_t floats = 1;

    for (size_t i = 0; (parameter = dlcore_network_parameter(network, i, NULL)) != NULL; i++)
        floats = dlcore_size_max(floats, dlcore_parameter_size(parameter));
    writing->rows = dlcore_allocate_raw(allocator, floats, sizeof(float));
    if (with_state)
        writing->fresh = dlcore_allocate_raw(allocator, network->value_floats, sizeof(float));
    if (writing->rows == NULL || (with_state && writing->fresh == NULL))
        return dlcore_fail_memory(writing->error, "keras_save", floats * sizeof(float));
    return DLCORE_OK;
}

/* The model itself has no numbers, but Keras before 3.10 looks for its group. */
static dlcore_status put_numbers(const keras_writing_t *writing, bool with_state)
{
    dlcore_status status = dlcore_hdf5_put_group(&writing->file, "vars");

    for (size_t i = 0; i < writing->model->network.node_count && status == DLCORE_OK; i++)
        status = put_layer_numbers(writing, i);
    return status == DLCORE_OK && with_state ? put_state(writing) : status;
}

dlcore_status dlcore_keras_numbers_make(const dlcore_model_t *model, bool with_state,
                                        const dlcore_allocator_t *allocator, void **bytes,
                                        size_t *size, dlcore_error_record_t *error)
{
    keras_writing_t writing = {.model = model, .file = {.file = -1}, .error = error};
    size_t expected = model->network.value_floats * sizeof(float);
    dlcore_status status = make_room(&writing, with_state, allocator);

    *bytes = NULL;
    if (status == DLCORE_OK)
        status = dlcore_hdf5_create(&writing.file, expected, "keras_save", error);
    if (status == DLCORE_OK)
        status = put_numbers(&writing, with_state);
    if (status == DLCORE_OK)
        status = dlcore_hdf5_bytes(&writing.file, allocator, bytes, size);
    dlcore_hdf5_close(&writing.file);
    dlcore_release(allocator, writing.rows);
    dlcore_release(allocator, writing.fresh);
    return status;
}
