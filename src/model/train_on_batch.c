/* Single steps: training on one batch, and the gradients of one.
 *
 * SPDX-License-Identifier: MIT */
#include "base/allocator.h"
#include "base/error.h"
#include "engine/network_exchange.h"
#include "model/rank_calls.h"
#include "model/single_step.h"

static dlcore_status prepare_batch(dlcore_training_t *training, dlcore_update_sink_t *update,
                                   const dlcore_source_t *source)
{
    dlcore_model_t *model = training->model;
    dlcore_status status = dlcore_check_sample_weights(
        "sample_weight", source->weights, dlcore_sample_count(source->x), &model->error);

    if (status == DLCORE_OK)
        status = dlcore_check_class_weights("class_weight", source->class_weights,
                                            source->class_count, &model->error);
    if (status == DLCORE_OK)
        status = dlcore_training_set_update(training, update);
    if (status == DLCORE_OK)
        status = dlcore_training_prepare(training, NULL);
    return status;
}

static dlcore_status train_on_batch(dlcore_model_t *model, const dlcore_source_t *source,
                                    dlcore_evaluation_t *result)
{
    bool weighted = source->weights != NULL || source->class_weights != NULL;
    dlcore_meeting_t meeting = {.point = DLCORE_MEETING_TRAIN_ON_BATCH};
    dlcore_training_t training;
    dlcore_update_sink_t update;
    dlcore_status status = dlcore_single_begin(model, "train_on_batch");
    bool begun;

    if (status != DLCORE_OK)
        return status;
    status = dlcore_training_begin(&training, model, "train_on_batch", source->x, source->y,
                                   SIZE_MAX, weighted);
    begun = status == DLCORE_OK;

    if (begun)
        status = prepare_batch(&training, &update, source);
    status = dlcore_single_meet(&training, &meeting, source, status);
    if (status == DLCORE_OK) {
        training.step.number = model->steps_trained++;
        dlcore_model_weights_move(model);
        status = dlcore_single_step(&training, source, &meeting);
        status = dlcore_single_settle(&training, meeting.point, status);
        if (status == DLCORE_OK)
            dlcore_training_advance(&training);
        if (status == DLCORE_OK && training.ranks != NULL)
            training.ranks->code->set_checked(model);
        if (result != NULL && (status == DLCORE_OK || status == DLCORE_ERROR_NOT_FINITE))
            dlcore_evaluation_set(model, &training.objective, &training.step.sums, result);
    }
    if (begun)
        dlcore_training_end(&training);
    return status;
}

dlcore_status dlcore_model_train_on_batch_weighted(dlcore_model_t *model, const dlcore_tensor_t *x,
                                                   const dlcore_tensor_t *y,
                                                   const dlcore_tensor_t *sample_weight,
                                                   const float *class_weight, size_t class_count,
                                                   dlcore_evaluation_t *result)
{
    dlcore_source_t source = {.x = x,
                              .y = y,
                              .weights = sample_weight,
                              .class_weights = class_weight,
                              .class_count = class_count};
    dlcore_status status = dlcore_model_begin(model);

    if (status != DLCORE_OK)
        return status;
    return dlcore_model_end(model, train_on_batch(model, &source, result));
}

dlcore_status dlcore_model_train_on_batch(dlcore_model_t *model, const dlcore_tensor_t *x,
                                          const dlcore_tensor_t *y, dlcore_evaluation_t *result)
{
    return dlcore_model_train_on_batch_weighted(model, x, y, NULL, NULL, 0, result);
}

static void export_gradients(const dlcore_network_t *network, const float *flat, float *gradients)
{
    const dlcore_parameter_t *parameter;

    for (size_t i = 0; (parameter = dlcore_network_parameter(network, i, NULL)) != NULL; i++) {
        dlcore_network_export(network, parameter, flat, gradients);
        gradients += dlcore_parameter_size(parameter);
    }
}

/* Room for the gradients, in the caller's memory and in the layout of the weights. */
static dlcore_status prepare_gradients(dlcore_training_t *training, dlcore_store_sink_t *store,
                                       const float *gradients, size_t count)
{
    dlcore_model_t *model = training->model;
    const dlcore_network_t *network = &model->network;

    if (gradients == NULL || count != network->parameter_count)
        return dlcore_fail(&model->error, DLCORE_ERROR_SHAPE,
                           "gradients: the model has %zu parameters, got room for %zu%s",
                           network->parameter_count, gradients != NULL ? count : 0,
                           gradients == NULL ? ": gradients is NULL" : "");
    store->gradients = dlcore_allocate(&model->allocator, network->value_floats, sizeof(float));
    if (store->gradients == NULL)
        return dlcore_fail_memory(&model->error, "gradients",
                                  network->value_floats * sizeof(float));
    training->step.moves_statistics = false;
    training->step.sink = &store->sink;
    return DLCORE_OK;
}

static dlcore_status compute_gradients(dlcore_model_t *model, const dlcore_tensor_t *x,
                                       const dlcore_tensor_t *y, float *gradients, size_t count,
                                       double *loss)
{
    const dlcore_network_t *network = &model->network;
    const dlcore_source_t source = {.x = x, .y = y};
    dlcore_meeting_t meeting = {.point = DLCORE_MEETING_GRADIENTS};
    dlcore_training_t training;
    dlcore_store_sink_t store = {.sink = {.take = dlcore_sink_store}};
    dlcore_status status = dlcore_single_begin(model, "gradients");
    bool begun;

    if (status != DLCORE_OK)
        return status;
    status = dlcore_training_begin(&training, model, "gradients", x, y, SIZE_MAX, false);
    begun = status == DLCORE_OK;

    if (begun)
        status = prepare_gradients(&training, &store, gradients, count);
    status = dlcore_single_meet(&training, &meeting, &source, status);
    if (status == DLCORE_OK) {
        status = dlcore_single_step(&training, &source, &meeting);
        status = dlcore_single_settle(&training, meeting.point, status);
        if (loss != NULL && (status == DLCORE_OK || status == DLCORE_ERROR_NOT_FINITE))
            *loss = dlcore_sums_loss(&training.step.sums);
    }
    if (status == DLCORE_OK) {
        dlcore_update_add_penalty(&model->trainer.plan, network, store.gradients);
        export_gradients(network, store.gradients, gradients);
    }
    if (status == DLCORE_OK && training.ranks != NULL)
        training.ranks->code->set_checked(model);
    dlcore_release(&model->allocator, store.gradients);
    if (begun)
        dlcore_training_end(&training);
    return status;
}

dlcore_status dlcore_model_gradients(dlcore_model_t *model, const dlcore_tensor_t *x,
                                     const dlcore_tensor_t *y, float *gradients, size_t count,
                                     double *loss)
{
    dlcore_status status = dlcore_model_begin(model);

    if (status != DLCORE_OK)
        return status;
    return dlcore_model_end(model, compute_gradients(model, x, y, gradients, count, loss));
}
