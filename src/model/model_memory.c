/* The memory of models before it is spent.
 *
 * SPDX-License-Identifier: MIT */
#include "base/allocator.h"
#include "base/error.h"
#include "base/traces.h"
#include "dlcore/memory.h"
#include "model/indices.h"
#include "model/measured.h"
#include "model/model.h"

/* ---- a settled network ---- */

static dlcore_status measure_workspace(const dlcore_network_t *settled,
                                       const dlcore_objective_t *objective, size_t rows,
                                       size_t workers, size_t *bytes, dlcore_error_record_t *error)
{
    dlcore_network_t network = *settled;
    dlcore_workspace_t workspace = {0};
    dlcore_error_record_t found; /* of memory that was not there it says nothing to the caller */
    dlcore_status status;

    network.allocator = dlcore_refusing_allocator(bytes);
    status = dlcore_workspace_create(&network, objective, DLCORE_WORKSPACE_TRAIN, DLCORE_BATCH_ROWS,
                                     rows, workers, &workspace, &found);
    if (status == DLCORE_OK || status == DLCORE_ERROR_MEMORY)
        return DLCORE_OK;
    return dlcore_fail(error, status, "%s", found.message);
}

static size_t measure_plan(const dlcore_network_t *settled, const dlcore_optimizer_t *optimizer)
{
    dlcore_network_t network = *settled;
    dlcore_update_plan_t plan = {0};
    size_t bytes;

    network.allocator = dlcore_refusing_allocator(&bytes);
    network.revision = plan.key.revision + 1; /* no plan is made for it yet */
    (void)dlcore_update_plan_ensure(&network, optimizer, &plan, NULL);
    return bytes;
}

static dlcore_status measure_training(const dlcore_model_t *model, const dlcore_network_t *network,
                                      size_t batch_size, dlcore_model_memory_t *memory,
                                      dlcore_error_record_t *error)
{
    const dlcore_optimizer_t *optimizer = &model->settings.optimizer;
    dlcore_objective_t objective;
    size_t one = 0, two = 0;
    dlcore_status status = dlcore_model_objective(model, &objective, error);

    if (status == DLCORE_OK)
        status = measure_workspace(network, &objective, batch_size, 1, &one, error);
    if (status == DLCORE_OK)
        status = measure_workspace(network, &objective, batch_size, 2, &two, error);
    if (status != DLCORE_OK)
        return status;
    memory->optimizer =
        dlcore_asked_for(dlcore_optimizer_slots(optimizer) * network->value_floats, sizeof(float));
    memory->training = one + measure_plan(network, optimizer);
    if (dlcore_halves_bytes(network) > 0)
        memory->training += dlcore_asked_for(dlcore_halves_bytes(network), 1);
    memory->each_thread = two - one;
    return DLCORE_OK;
}

/* Of a model whose network is built, or settled as if it were. */
static dlcore_status measure_model(const dlcore_model_t *model, size_t batch_size,
                                   dlcore_model_memory_t *memory, dlcore_error_record_t *error)
{
    const dlcore_network_t *network = &model->network;
    dlcore_model_memory_t found = {
        .parameters = network->parameter_count,
        .layers = dlcore_asked_for(network->node_capacity, sizeof *network->nodes),
        .weights = dlcore_asked_for(network->value_floats, sizeof(float))};
    const dlcore_embeddings_t *tables = dlcore_network_tables(network);
    dlcore_status status = DLCORE_OK;

    if (tables != NULL)
        found.layers += dlcore_asked_for(tables->count, sizeof *tables->table);
    if (model->compiled)
        status = measure_training(model, network, batch_size, &found, error);
    if (status == DLCORE_OK)
        *memory = found;
    return status;
}

static dlcore_status measure_unbuilt(const dlcore_model_t *model, size_t input_width,
                                     size_t batch_size, dlcore_model_memory_t *memory,
                                     dlcore_error_record_t *error)
{
    float no_values = 0.0f; /* never read: it stands for weights that are there */
    dlcore_model_t *copy = NULL;
    dlcore_status status = dlcore_model_clone(model, &copy);

    if (status != DLCORE_OK)
        return dlcore_fail(error, status, "model_memory: the layers cannot be copied");
    status = dlcore_network_settle(&copy->network, input_width, error);
    if (status == DLCORE_OK) {
        copy->network.values = &no_values;
        copy->network.node_capacity = model->network.node_capacity;
        status = measure_model(copy, batch_size, memory, error);
        copy->network.values = NULL;
    }
    dlcore_model_free(copy);
    return status;
}

static dlcore_status measure_memory(const dlcore_model_t *model, size_t input_width,
                                    size_t batch_size, dlcore_model_memory_t *memory,
                                    dlcore_error_record_t *error)
{
    size_t width;

    if (model == NULL || memory == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "model_memory: %s is NULL",
                           model == NULL ? "model" : "memory");
    if (batch_size == 0)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "model_memory: batch_size is 0");
    if (model->ranks != NULL)
        return dlcore_fail(error, DLCORE_ERROR_UNSUPPORTED,
                           "model_memory: the model has a collective");
    if (model->first_error.status != DLCORE_OK)
        return dlcore_fail(error, model->first_error.status, "%s", model->first_error.message);
    if (model->network.values == NULL)
        return measure_unbuilt(model, input_width, batch_size, memory, error);
    width = dlcore_network_input_width(&model->network);
    if (input_width != 0 && input_width != width)
        return dlcore_fail(error, DLCORE_ERROR_SHAPE,
                           "model_memory: the model is built for %zu inputs, got %zu", width,
                           input_width);
    return measure_model(model, batch_size, memory, error);
}

dlcore_status dlcore_model_memory(const dlcore_model_t *model, size_t input_width,
                                  size_t batch_size, dlcore_model_memory_t *memory,
                                  dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, measure_memory(model, input_width, batch_size, memory, error));
}
