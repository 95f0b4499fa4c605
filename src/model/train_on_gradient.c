/* Steps by gradients that the caller has: of the outputs, or of the weights.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdint.h>

#include "base/allocator.h"
#include "base/error.h"
#include "dlcore/steps.h"
#include "engine/network_exchange.h"
#include "model/given_gradient.h"
#include "model/rank_calls.h"
#include "model/single_step.h"

/* ---- of the outputs ---- */

static dlcore_status train_on_gradient(dlcore_model_t *model, const dlcore_tensor_t *x,
                                       const dlcore_tensor_t *dy)
{
    dlcore_training_t training;
    dlcore_update_sink_t update;
    const dlcore_source_t source = {.x = x, .y = dy};
    dlcore_meeting_t meeting = {.point = DLCORE_MEETING_TRAIN_ON_GRADIENT};
    dlcore_status status = dlcore_single_begin(model, "train_on_gradient");
    bool begun;

    if (status != DLCORE_OK)
        return status;
    status = dlcore_training_begin_as(&training, model, "train_on_gradient", x, dy, SIZE_MAX, false,
                                      dlcore_objective_set_given);
    begun = status == DLCORE_OK;
    if (begun)
        status = dlcore_training_set_update(&training, &update);
    if (status == DLCORE_OK)
        status = dlcore_training_prepare(&training, NULL);
    status = dlcore_single_meet(&training, &meeting, &source, status);
    if (status == DLCORE_OK) {
        training.step.number = model->steps_trained++;
        dlcore_model_weights_move(model);
        status = dlcore_single_step(&training, &source, &meeting);
        status = dlcore_single_settle(&training, meeting.point, status);
        if (status == DLCORE_OK)
            dlcore_training_advance(&training);
        if (status == DLCORE_OK && training.ranks != NULL)
            training.ranks->code->set_checked(model);
    }
    if (begun)
        dlcore_training_end(&training);
    return status;
}

dlcore_status dlcore_model_train_on_gradient(dlcore_model_t *model, const dlcore_tensor_t *x,
                                             const dlcore_tensor_t *dy)
{
    dlcore_status status = dlcore_model_begin(model);

    if (status != DLCORE_OK)
        return status;
    return dlcore_model_end(model, train_on_gradient(model, x, dy));
}

/* ---- of the weights ---- */

static dlcore_status check_gradients(dlcore_model_t *model, const float *gradients, size_t count)
{
    dlcore_error_record_t *error = &model->error;

    if (model->first_error.status != DLCORE_OK)
        return dlcore_fail(error, model->first_error.status, "%s", model->first_error.message);
    if (!model->compiled || model->network.values == NULL)
        return dlcore_fail(error, DLCORE_ERROR_STATE, "apply_gradients: the model is not %s",
                           model->compiled ? "built" : "compiled");
    if (gradients == NULL || count != model->network.parameter_count)
        return dlcore_fail(error, DLCORE_ERROR_SHAPE,
                           "apply_gradients: the model has %zu parameters, got %zu%s",
                           model->network.parameter_count, gradients != NULL ? count : 0,
                           gradients == NULL ? ": gradients is NULL" : "");
    for (size_t i = 0; i < count; i++)
        if (!isfinite(gradients[i]))
            return dlcore_fail(error, DLCORE_ERROR_NOT_FINITE,
                               "apply_gradients: gradient %zu is %s", i,
                               isnan(gradients[i]) ? "NaN" : "infinite");
    return DLCORE_OK;
}

/* The plan without penalties, which the gradients have in them; its spans are one block. */
static dlcore_status make_unpenalized_plan(dlcore_model_t *model, dlcore_update_plan_t *plan)
{
    *plan = model->trainer.plan;
    if (plan->span_count == 0)
        return DLCORE_OK;
    plan->spans = dlcore_allocate(&model->allocator, plan->span_count, sizeof *plan->spans);
    if (plan->spans == NULL)
        return dlcore_fail_memory(&model->error, "apply_gradients",
                                  plan->span_count * sizeof *plan->spans);
    for (size_t i = 0; i < plan->span_count; i++) {
        plan->spans[i] = model->trainer.plan.spans[i];
        plan->spans[i].l1 = plan->spans[i].two_l2 = 0.0f;
    }
    return DLCORE_OK;
}

/* Every parameter that trains goes to the sink, in the engine's layout. */
static void take_gradients(const dlcore_network_t *network, const float *gradients, float *flat,
                           const dlcore_update_sink_t *update)
{
    const dlcore_place_t alone = {.workers = 1};
    const dlcore_parameter_t *parameter;
    const dlcore_node_t *node;

    for (size_t i = 0; (parameter = dlcore_network_parameter(network, i, &node)) != NULL; i++) {
        dlcore_network_import(network, parameter, gradients, flat);
        gradients += dlcore_parameter_size(parameter);
        if (node->layer.trainable && !parameter->is_statistic)
            update->sink.take(&update->sink, parameter->offset, flat + parameter->offset,
                              parameter->floats);
    }
    if (update->plan->keeps || update->plan->has_constraint)
        dlcore_update_finish(update, &alone);
}

static dlcore_status apply_gradients(dlcore_model_t *model, const float *gradients, size_t count)
{
    const dlcore_network_t *network = &model->network;
    dlcore_update_plan_t plan = {0};
    dlcore_update_sink_t update;
    dlcore_training_t training = {.model = model, .update = &update};
    dlcore_scope_t scope;
    float *flat = NULL;
    dlcore_status status = check_gradients(model, gradients, count);

    if (status == DLCORE_OK)
        status = dlcore_trainer_begin(model);
    if (status != DLCORE_OK)
        return status;
    status = make_unpenalized_plan(model, &plan);
    if (status == DLCORE_OK) {
        flat = dlcore_allocate(&model->allocator, network->value_floats, sizeof *flat);
        if (flat == NULL)
            status = dlcore_fail_memory(&model->error, "apply_gradients",
                                        network->value_floats * sizeof *flat);
    }
    if (status == DLCORE_OK) {
        dlcore_update_sink_begin(&update, network, &model->settings.optimizer, &plan,
                                 dlcore_training_kernels(network->kernels), model->trainer.slots);
        status = dlcore_training_prepare(&training, NULL);
    }
    if (status == DLCORE_OK) {
        model->steps_trained++;
        dlcore_model_weights_change(model);
        scope = dlcore_scope_enter(model);
        take_gradients(network, gradients, flat, &update);
        dlcore_scope_leave(scope);
        dlcore_training_advance(&training);
    }
    dlcore_release(&model->allocator, flat);
    if (plan.spans != model->trainer.plan.spans)
        dlcore_release(&model->allocator, plan.spans);
    return status;
}

dlcore_status dlcore_model_apply_gradients(dlcore_model_t *model, const float *gradients,
                                           size_t count)
{
    dlcore_status status = dlcore_model_begin(model);

    if (status != DLCORE_OK)
        return status;
    return dlcore_model_end(model, apply_gradients(model, gradients, count));
}
