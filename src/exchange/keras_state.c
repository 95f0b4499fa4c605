/* The optimizer's state in files of Keras.
 *
 * SPDX-License-Identifier: MIT */
#include "exchange/keras_state.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/size.h"
#include "exchange/keras_weights.h"
#include "nn/optimizer.h"

/* ---- the order ---- */

static bool trains(const dlcore_node_t *node, const dlcore_parameter_t *parameter)
{
    return node->layer.trainable && !parameter->is_statistic;
}

static size_t count_state_weights(const dlcore_network_t *network)
{
    const dlcore_parameter_t *parameter;
    const dlcore_node_t *node;
    size_t count = 0;

    for (size_t i = 0; (parameter = dlcore_network_parameter(network, i, &node)) != NULL; i++)
        count += trains(node, parameter);
    return count;
}

static const dlcore_parameter_t *find_state_weight(const dlcore_network_t *network, size_t index)
{
    const dlcore_parameter_t *parameter;
    const dlcore_node_t *node;

    for (size_t i = 0; (parameter = dlcore_network_parameter(network, i, &node)) != NULL; i++) {
        if (trains(node, parameter) && index-- == 0)
            break;
    }
    return parameter;
}

/* What a state vector has of a weight, where it is not a number for each: a vector, or nothing,
 * for which Keras has a number that it does not use. */
static dlcore_parameter_t form_of(const dlcore_optimizer_t *optimizer, size_t slot,
                                  const dlcore_parameter_t *weight)
{
    dlcore_parameter_t form = *weight;

    if (dlcore_optimizer_slot_form(optimizer, slot) == DLCORE_SLOT_WHOLE)
        return form;
    form.shape[0] = dlcore_optimizer_slot_size(optimizer, slot, weight->rank, weight->shape);
    form.shape[1] = 1;
    form.rank = form.shape[0] > 0 ? 1 : 0;
    return form;
}

dlcore_keras_state_t dlcore_keras_state(const dlcore_model_t *model)
{
    const dlcore_optimizer_t *optimizer = &model->settings.optimizer;
    dlcore_keras_state_t state = {.model = model,
                                  .optimizer = optimizer,
                                  .type = dlcore_optimizer_type(optimizer->kind),
                                  .has_rate = optimizer->schedule.kind == DLCORE_SCHEDULE_NONE ||
                                              optimizer->schedule.kind == DLCORE_SCHEDULE_FUNCTION,
                                  .trainable = count_state_weights(&model->network)};

    state.first = state.has_rate ? 2 : 1;
    state.vectors = state.trainable * dlcore_optimizer_slots(optimizer);
    state.has_product = dlcore_optimizer_run(optimizer->kind)->product != NULL;
    state.count = state.first + state.vectors + state.has_product;
    return state;
}

dlcore_parameter_t dlcore_keras_state_vector(const dlcore_keras_state_t *state, size_t k,
                                             size_t *slot)
{
    size_t own = state->type->slots(state->optimizer),
           all = dlcore_optimizer_slots(state->optimizer);
    size_t together = state->is_legacy ? 0 : dlcore_size_min(state->type->side_by_side, own);
    size_t shared = all - own; /* average, sums: these come first */
    size_t index;

    if (k < shared * state->trainable && state->shared_together) {
        *slot = own + k % shared;
        index = k / shared;
    } else if (k < shared * state->trainable) {
        *slot = own + k / state->trainable;
        index = k % state->trainable;
    } else if (k - shared * state->trainable < together * state->trainable) {
        k -= shared * state->trainable;
        *slot = k % together;
        index = k / together;
    } else {
        k -= shared * state->trainable;
        *slot = k / state->trainable;
        index = k % state->trainable;
    }
    return form_of(state->optimizer, *slot, find_state_weight(&state->model->network, index));
}

/* How many vectors come before the optimizer's own. */
static size_t count_shared(const dlcore_keras_state_t *state)
{
    return state->trainable *
           (dlcore_optimizer_slots(state->optimizer) - state->type->slots(state->optimizer));
}

/* Where the k-th vector stands in the list; and the product. */
static size_t vector_place(const dlcore_keras_state_t *state, size_t k)
{
    return state->first + k + (state->product_first && k >= count_shared(state));
}

static size_t product_place(const dlcore_keras_state_t *state)
{
    return state->product_first ? state->first + count_shared(state) : state->count - 1;
}

/* ---- reading ---- */

static dlcore_status find_arrays_of_state(dlcore_keras_file_t *file, dlcore_keras_arrays_t *arrays)
{
    return dlcore_keras_arrays_open(file, file->by_name ? "optimizer_weights" : "optimizer/vars",
                                    file->by_name, arrays);
}

/* Finds an array of one number of that kind; of kind OTHER: of any. */
static dlcore_status check_number(dlcore_keras_file_t *file, const dlcore_keras_arrays_t *arrays,
                                  size_t index, dlcore_hdf5_numbers_t numbers, const char *what,
                                  char path[DLCORE_HDF5_PATH_SIZE])
{
    dlcore_hdf5_array_t array;
    dlcore_status status = dlcore_keras_arrays_path(file, arrays, index, path);

    if (status == DLCORE_OK)
        status = dlcore_hdf5_look(&file->hdf5, path, &array);
    if (status == DLCORE_OK &&
        ((numbers != DLCORE_HDF5_OTHER && array.numbers != numbers) || array.count != 1))
        return dlcore_fail(file->error, DLCORE_ERROR_FORMAT, "%s: %.60s is %s, no %s", file->name,
                           path, array.shown, what);
    return status;
}

/* A number in 0 .. most. */
static dlcore_status read_number(dlcore_keras_file_t *file, const dlcore_keras_arrays_t *arrays,
                                 size_t index, double most, const char *what, double *number)
{
    char path[DLCORE_HDF5_PATH_SIZE];
    float value = 0.0f;
    dlcore_status status = check_number(file, arrays, index, DLCORE_HDF5_FLOAT32, what, path);

    if (status == DLCORE_OK)
        status = dlcore_hdf5_floats(&file->hdf5, path, &value, 1);
    if (status == DLCORE_OK && !((double)value >= 0.0 && (double)value <= most))
        return dlcore_fail(file->error, DLCORE_ERROR_FORMAT, "%s: the %s is %g, not in 0 .. %g",
                           file->name, what, (double)value, most);
    *number = (double)value;
    return status;
}

static size_t count_unused(const dlcore_keras_state_t *state)
{
    size_t count = 0, slot;

    for (size_t k = 0; k < state->vectors; k++)
        count += dlcore_keras_state_vector(state, k, &slot).rank == 0;
    return count;
}

/* A list of that many arrays is one of Keras 2: without nadam's product; without numbers that are
 * not used; or with a momentum of plain SGD, which is its last update. */
static bool is_list_of_keras_2(size_t count, dlcore_keras_state_t *state)
{
    size_t momenta = state->type->slots(state->optimizer) == 0 ? state->trainable : 0;

    if (state->has_rate)
        return false;
    if (state->has_product && count + 1 == state->count) {
        state->has_product = false;
        state->count--;
    } else if (count + count_unused(state) == state->count) {
        state->lacks_unused = true;
        state->count = count;
    }
    return count == state->count || (momenta > 0 && count == state->count + momenta);
}

/* How a file's list differs from today's: of Keras 2 it has no learning rate. */
static dlcore_status settle_list(dlcore_keras_file_t *file, const dlcore_keras_arrays_t *arrays,
                                 dlcore_keras_state_t *state, bool *begun)
{
    char path[DLCORE_HDF5_PATH_SIZE];
    dlcore_hdf5_array_t second = {.rank = 1};
    dlcore_status status = DLCORE_OK;

    if (state->has_rate && arrays->count >= 2) {
        status = dlcore_keras_arrays_path(file, arrays, 1, path);
        if (status == DLCORE_OK)
            status = dlcore_hdf5_look(&file->hdf5, path, &second);
    }
    if (status == DLCORE_OK && state->has_rate && second.rank > 0) {
        state->has_rate = false;
        state->first--;
        state->count--;
    }
    *begun = arrays->count != state->first;
    if (status != DLCORE_OK || !*begun || arrays->count == state->count ||
        is_list_of_keras_2(arrays->count, state))
        return status;
    return dlcore_fail(file->error, DLCORE_ERROR_UNSUPPORTED,
                       "%s: the optimizer's state has %zu arrays, that of %s with these settings "
                       "and %zu weights that train has %zu: load without training_state",
                       file->name, arrays->count, state->type->name, state->trainable,
                       state->count);
}

/* Nadam's product after that many updates, as training makes it. Of the later factors float has
 * beta_1 alone. */
static double product_after(const dlcore_optimizer_t *optimizer, uint64_t updates)
{
    enum { WARM = 500 };
    dlcore_optimizer_clock_t clock = dlcore_optimizer_clock_start();

    for (; clock.iterations < updates && clock.iterations < WARM; clock.iterations++)
        clock.product = dlcore_optimizer_run(optimizer->kind)->product(optimizer, &clock);
    return clock.product * pow(optimizer->beta_1, (double)(updates - clock.iterations));
}

/* Where nadam's product is: no weight has the form of a single number. */
static dlcore_status settle_product(dlcore_keras_file_t *file, const dlcore_keras_arrays_t *arrays,
                                    dlcore_keras_state_t *state)
{
    char path[DLCORE_HDF5_PATH_SIZE];
    dlcore_hdf5_array_t array = {.rank = 1};
    dlcore_status status =
        dlcore_keras_arrays_path(file, arrays, state->first + count_shared(state), path);

    if (status == DLCORE_OK)
        status = dlcore_hdf5_look(&file->hdf5, path, &array);
    state->product_first = array.rank == 0;
    return status;
}

/* All of them are looked at before memory is asked for. */
static dlcore_status check_vectors(dlcore_keras_file_t *file, const dlcore_keras_state_t *state,
                                   const dlcore_keras_arrays_t *arrays)
{
    char path[DLCORE_HDF5_PATH_SIZE];
    dlcore_status status = DLCORE_OK;
    size_t lacking = 0;

    for (size_t k = 0; k < state->vectors && status == DLCORE_OK; k++) {
        size_t slot, place = vector_place(state, k - lacking);
        dlcore_parameter_t parameter = dlcore_keras_state_vector(state, k, &slot);

        if (parameter.rank == 0 && state->lacks_unused) {
            lacking++;
            continue;
        }
        status = dlcore_keras_arrays_path(file, arrays, place, path);
        if (status == DLCORE_OK && parameter.rank == 0)
            status = check_number(file, arrays, place, DLCORE_HDF5_OTHER, /* a float at first */
                                  "number that is not used", path);
        else if (status == DLCORE_OK)
            status = dlcore_keras_check_array(
                file, path, dlcore_optimizer_slot_name(state->optimizer, slot), &parameter);
    }
    return status;
}

static dlcore_status read_vectors(dlcore_keras_file_t *file, const dlcore_keras_state_t *state,
                                  const dlcore_keras_arrays_t *arrays, dlcore_model_t *model)
{
    char path[DLCORE_HDF5_PATH_SIZE];
    dlcore_status status = check_vectors(file, state, arrays);
    size_t lacking = 0;

    if (status == DLCORE_OK) {
        status = dlcore_trainer_begin(model);
        if (status != DLCORE_OK)
            return dlcore_fail(file->error, status, "%s: %s", file->name, model->error.message);
    }
    for (size_t k = 0; k < state->vectors && status == DLCORE_OK; k++) {
        size_t slot;
        dlcore_parameter_t parameter = dlcore_keras_state_vector(state, k, &slot);
        float *vector;

        lacking += parameter.rank == 0 && state->lacks_unused;
        if (parameter.rank == 0)
            continue;
        status = dlcore_keras_arrays_path(file, arrays, vector_place(state, k - lacking), path);
        if (status != DLCORE_OK)
            break;
        vector = model->trainer.slots + slot * model->network.value_floats;
        status = dlcore_keras_parameter_read(file, path, &model->network, &parameter, vector);
    }
    return status;
}

/* The file has an optimizer's variables, which are `arrays`. */
static dlcore_status read_state(dlcore_keras_file_t *file, const dlcore_keras_arrays_t *arrays,
                                bool is_legacy, dlcore_model_t *model)
{
    dlcore_keras_state_t state = dlcore_keras_state(model);
    dlcore_optimizer_clock_t clock = dlcore_optimizer_clock_start();
    double rate = model->settings.optimizer.learning_rate;
    char path[DLCORE_HDF5_PATH_SIZE];
    bool begun; /* else it has made no step yet */
    dlcore_status status =
        check_number(file, arrays, 0, DLCORE_HDF5_INTEGER, "count of steps", path);

    state.is_legacy = is_legacy;
    state.shared_together = dlcore_keras_file_is_before(file, 3, 10);
    if (status == DLCORE_OK)
        status = dlcore_hdf5_count(&file->hdf5, path, &clock.iterations);
    if (status == DLCORE_OK)
        status = settle_list(file, arrays, &state, &begun);
    if (status == DLCORE_OK && state.has_rate)
        status = read_number(file, arrays, 1, FLT_MAX, "learning rate", &rate);
    if (status == DLCORE_OK && begun &&
        dlcore_optimizer_run(state.optimizer->kind)->product != NULL)
        clock.product = product_after(state.optimizer, clock.iterations);
    if (status == DLCORE_OK && begun && state.has_product) {
        status = settle_product(file, arrays, &state);
        if (status == DLCORE_OK)
            status = read_number(file, arrays, product_place(&state), 1.0, "product of momenta",
                                 &clock.product);
    }
    if (status == DLCORE_OK && begun)
        status = read_vectors(file, &state, arrays, model);
    if (status != DLCORE_OK)
        return status;
    model->settings.optimizer.learning_rate = rate;
    model->trainer.clock = clock;
    model->steps_trained = clock.iterations;
    return DLCORE_OK;
}

/* Before Keras 2.11, and in tf.keras.optimizers.legacy, rules and the order of state were others.
 */
static bool is_of_legacy_optimizer(const dlcore_keras_file_t *file,
                                   const dlcore_keras_arrays_t *arrays)
{
    size_t length = arrays->names != NULL ? strlen(arrays->names) : 0;

    return (length >= 7 && strcmp(arrays->names + length - 7, "/iter:0") == 0) ||
           (file->by_name && dlcore_keras_file_is_before(file, 2, 11));
}

/* Of these the rules are today's. */
static bool trains_as_before(const dlcore_model_t *model)
{
    const dlcore_optimizer_t *optimizer = &model->settings.optimizer;

    return optimizer->kind == DLCORE_OPTIMIZER_SGD || optimizer->kind == DLCORE_OPTIMIZER_ADAM;
}

dlcore_status dlcore_keras_state_read(dlcore_keras_file_t *file, dlcore_model_t *model,
                                      bool *restored)
{
    dlcore_keras_arrays_t arrays;
    dlcore_status status = find_arrays_of_state(file, &arrays);

    *restored = false;
    if (status != DLCORE_OK)
        return status;
    if (arrays.count > 0 && is_of_legacy_optimizer(file, &arrays) && !trains_as_before(model)) {
        status = dlcore_fail(file->error, DLCORE_ERROR_UNSUPPORTED,
                             "%s: the optimizer's state is that of Keras before 2.11, which "
                             "trained by other rules: load without training_state",
                             file->name);
    } else if (arrays.count > 0) {
        status = read_state(file, &arrays, is_of_legacy_optimizer(file, &arrays), model);
        *restored = status == DLCORE_OK;
    }
    dlcore_keras_arrays_close(file, &arrays);
    return status;
}
