/* Single steps: training on one batch, and the gradients of one.
 *
 * SPDX-License-Identifier: MIT */
#include "base/allocator.h"
#include "base/error.h"
#include "engine/network_exchange.h"
#include "model/train.h"

/* One step on all rows of x and y at once. */
static dlcore_status single_step(dlcore_training_t *training, const dlcore_source_t *source)
{
    dlcore_scope_t scope = dlcore_scope_enter(training->model);

    training->step.source = *source;
    training->step.source.rows = dlcore_sample_count(source->x);
    dlcore_step_run(&training->step, training->workers);
    dlcore_scope_leave(scope);
    if (!training->step.finite)
        return dlcore_not_finite(training, "the batch", "");
    return DLCORE_OK;
}

static dlcore_status train_on_batch(dlcore_model_t *model, const dlcore_source_t *source,
                                    dlcore_evaluation_t *result)
{
    bool weighted = source->weights != NULL || source->class_weights != NULL;
    dlcore_training_t training;
    dlcore_update_sink_t update;
    dlcore_status status = dlcore_training_begin(&training, model, "train_on_batch", source->x,
                                                 source->y, SIZE_MAX, weighted);

    if (status != DLCORE_OK)
        return status;
    status = dlcore_check_sample_weights("sample_weight", source->weights,
                                         dlcore_sample_count(source->x), &model->error);
    if (status == DLCORE_OK)
        status = dlcore_check_class_weights("class_weight", source->class_weights,
                                            source->class_count, &model->error);
    if (status == DLCORE_OK)
        status = dlcore_training_set_update(&training, &update);
    if (status == DLCORE_OK)
        status = dlcore_training_prepare(&training, NULL);
    if (status != DLCORE_OK)
        goto end;
    training.step.number = model->steps_trained++;
    dlcore_model_weights_move(model);
    status = single_step(&training, source);
    if (status == DLCORE_OK)
        dlcore_training_advance(&training);
    if (result != NULL)
        dlcore_evaluation_set(model, &training.objective, &training.step.sums, result);
end:
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

static dlcore_status compute_gradients(dlcore_model_t *model, const dlcore_tensor_t *x,
                                       const dlcore_tensor_t *y, float *gradients, size_t count,
                                       double *loss)
{
    const dlcore_network_t *network = &model->network;
    dlcore_training_t training;
    dlcore_store_sink_t store = {.sink = {.take = dlcore_sink_store}};
    dlcore_status status =
        dlcore_training_begin(&training, model, "gradients", x, y, SIZE_MAX, false);

    if (status != DLCORE_OK)
        return status;
    if (gradients == NULL || count != network->parameter_count) {
        status = dlcore_fail(&model->error, DLCORE_ERROR_SHAPE,
                             "gradients: the model has %zu parameters, got room for %zu%s",
                             network->parameter_count, gradients != NULL ? count : 0,
                             gradients == NULL ? ": gradients is NULL" : "");
        goto end;
    }
    store.gradients = dlcore_allocate(&model->allocator, network->value_floats, sizeof(float));
    if (store.gradients == NULL) {
        status =
            dlcore_fail_memory(&model->error, "gradients", network->value_floats * sizeof(float));
        goto end;
    }
    training.step.moves_statistics = false;
    training.step.sink = &store.sink;
    status = single_step(&training, &(dlcore_source_t){.x = x, .y = y});
    if (status == DLCORE_OK)
        dlcore_update_add_penalty(&model->trainer.plan, network, store.gradients);
    if (loss != NULL)
        *loss = dlcore_sums_loss(&training.step.sums);
    if (status == DLCORE_OK)
        export_gradients(network, store.gradients, gradients);
end:
    dlcore_release(&model->allocator, store.gradients);
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
