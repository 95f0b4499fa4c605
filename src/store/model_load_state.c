/* What a model file has for training to go on: counts, the stopped run, the optimizer's state.
 *
 * SPDX-License-Identifier: MIT */
#include "base/allocator.h"
#include "base/error.h"
#include "base/size.h"
#include "model/place.h"
#include "nn/optimizer.h"
#include "store/model_loading.h"
#include "store/run_state_json.h"

static dlcore_status read_clock(dlcore_model_loading_t *loading, const dlcore_json_t *state)
{
    dlcore_optimizer_clock_t clock = dlcore_optimizer_clock_start();
    const char *file = dlcore_model_loading_file(loading);
    dlcore_json_t product;
    dlcore_status status = dlcore_json_text_number(state, "iterations", UINT64_MAX,
                                                   &clock.iterations, file, loading->error);

    if (status != DLCORE_OK)
        return status;
    if (!dlcore_json_member(state, "momentum_product", &product) ||
        (product.kind != DLCORE_JSON_NONE && (!dlcore_json_double(&product, &clock.product) ||
                                              !(clock.product >= 0.0 && clock.product <= 1.0))))
        return dlcore_fail(loading->error, DLCORE_ERROR_FORMAT,
                           "%s: training_state: momentum_product is not a number in 0 .. 1", file);
    loading->model->trainer.clock = clock;
    return DLCORE_OK;
}

dlcore_status dlcore_model_loading_counts(dlcore_model_loading_t *loading)
{
    dlcore_model_t *model = loading->model;
    dlcore_error_record_t *error = loading->error;
    const char *file = dlcore_model_loading_file(loading);
    uint64_t epochs = model->epochs_trained, steps = model->steps_trained;
    uint64_t seed = model->options.seed;
    dlcore_json_t state, run = {0};
    dlcore_status status = dlcore_model_loading_last_json(loading, "dlcore.training_state", &state);

    if (status == DLCORE_OK)
        status =
            dlcore_json_text_number(&state, "epochs_trained", UINT32_MAX, &epochs, file, error);
    if (status == DLCORE_OK)
        status = dlcore_json_text_number(&state, "steps_trained", UINT64_MAX, &steps, file, error);
    if (status == DLCORE_OK)
        status = dlcore_json_text_number(&state, "seed", UINT64_MAX, &seed, file, error);
    if (status == DLCORE_OK)
        status = read_clock(loading, &state);
    if (status == DLCORE_OK && !dlcore_json_member(&state, "run", &run))
        status = dlcore_fail(error, DLCORE_ERROR_FORMAT, "%s: run is there twice", file);
    if (status == DLCORE_OK)
        status = dlcore_run_state_read(&run, file, &model->allocator, &model->stopped, error);
    if (status == DLCORE_OK && state.kind != DLCORE_JSON_NONE) {
        model->epochs_trained = (uint32_t)epochs;
        model->steps_trained = steps;
        model->options.seed = seed;
        loading->report.training_state = true;
    }
    if (model->stopped != NULL)
        model->stopped->position.precision = loading->precision;
    return status;
}

void dlcore_model_loading_find_state(dlcore_model_loading_t *loading)
{
    dlcore_model_tensors_t *tensors = &loading->reading.tensors;
    const dlcore_optimizer_t *optimizer = &loading->model->settings.optimizer;
    size_t first = tensors->weight_count, end;

    if (!loading->model->compiled)
        return;
    dlcore_model_tensors_set_slots(tensors, dlcore_optimizer_slots(optimizer), NULL);
    end = first * (1 + tensors->slot_count);
    for (size_t i = first; i < end && !loading->has_state; i++) {
        loading->lacks_state |= dlcore_model_tensor_exists(tensors, i);
        loading->has_state = dlcore_model_reading_has(&loading->reading, i);
    }
    loading->lacks_state &= !loading->has_state && loading->model->trainer.clock.iterations > 0;
    if (!loading->has_state)
        tensors->slot_count = 0;
}

void dlcore_model_loading_forget_counts(dlcore_model_loading_t *loading)
{
    dlcore_model_t *model = loading->model;

    if (!loading->lacks_state)
        return;
    dlcore_run_state_free(&model->allocator, model->stopped);
    model->stopped = NULL;
    model->trainer.clock = dlcore_optimizer_clock_start();
    model->epochs_trained = 0;
    model->steps_trained = 0;
    model->options.seed = loading->options.model.seed;
    loading->report.training_state = false;
}

dlcore_status dlcore_model_loading_make_slots(dlcore_model_loading_t *loading)
{
    dlcore_model_t *model = loading->model;
    size_t count = loading->reading.tensors.slot_count, floats;

    if (!dlcore_size_multiply(count, model->network.value_floats, &floats))
        return dlcore_fail(loading->error, DLCORE_ERROR_OVERFLOW, "%s: too large",
                           dlcore_model_loading_file(loading));
    if (model->network.trainable_floats < model->network.value_floats) /* statistics have none */
        model->trainer.slots = dlcore_allocate_untouched(&model->allocator, floats, sizeof(float));
    else
        model->trainer.slots = dlcore_allocate_raw(&model->allocator, floats, sizeof(float));
    if (model->trainer.slots == NULL)
        return dlcore_fail_memory(loading->error, "optimizer state", floats * sizeof(float));
    for (size_t slot = 0; slot < count; slot++)
        dlcore_model_place(model, model->trainer.slots + slot * model->network.value_floats);
    model->trainer.slot_count = count;
    loading->reading.tensors.slots = model->trainer.slots;
    return DLCORE_OK;
}

static dlcore_status make_copy(dlcore_model_loading_t *loading, const char *what, float **weights)
{
    dlcore_model_t *model = loading->model;
    size_t floats = model->network.parameter_count;

    *weights = dlcore_allocate_raw(&model->allocator, floats, sizeof(float));
    if (*weights == NULL)
        return dlcore_fail_memory(loading->error, what, floats * sizeof(float));
    return DLCORE_OK;
}

dlcore_status dlcore_model_loading_make_copies(dlcore_model_loading_t *loading)
{
    dlcore_run_state_t *run = loading->model->stopped;
    dlcore_status status = DLCORE_OK;

    if (run != NULL && run->has_weights)
        status = make_copy(loading, "weights of the run", &run->weights);
    for (size_t i = 0; run != NULL && i < run->callback_count && status == DLCORE_OK; i++) {
        dlcore_callback_state_t *callback = &run->callbacks[i];

        if (callback->has_weights)
            status = make_copy(loading, callback->name, &callback->weights);
    }
    return status;
}
