/* What every training call needs before its first step, and around each.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/size.h"
#include "engine/small.h"
#include "model/train.h"
#include "system/clock.h"
#include "tensor/tensor.h"

void dlcore_trainer_clear(dlcore_model_t *model)
{
    dlcore_release(&model->allocator, model->trainer.slots);
    dlcore_update_plan_clear(&model->allocator, &model->trainer.plan);
    dlcore_workspace_clear(&model->trainer.workspace);
    model->trainer = (dlcore_trainer_t){.clock = dlcore_optimizer_clock_start()};
    dlcore_model_drop_run(model);
}

void dlcore_trainer_forget_plan(dlcore_model_t *model)
{
    dlcore_update_plan_clear(&model->allocator, &model->trainer.plan);
    model->trainer.has_plan = false;
}

void dlcore_trainer_take(dlcore_model_t *model, dlcore_model_t *from)
{
    dlcore_trainer_t *to = &model->trainer;

    dlcore_release(&model->allocator, to->slots);
    to->slots = from->trainer.slots;
    to->slot_count = from->trainer.slot_count;
    to->clock = from->trainer.clock;
    from->trainer.slots = NULL;
    dlcore_update_plan_clear(&model->allocator, &to->plan); /* the settings may be others */
    to->has_plan = false;
}

static dlcore_status make_slots(dlcore_model_t *model)
{
    const dlcore_optimizer_t *optimizer = &model->settings.optimizer;
    size_t count = dlcore_optimizer_slots(optimizer), floats = model->network.value_floats;
    float *slots;

    if (model->trainer.slots != NULL)
        return DLCORE_OK;
    slots = dlcore_allocate(&model->allocator, count * floats, sizeof(float));
    if (slots == NULL)
        return dlcore_fail_memory(&model->error, "optimizer state", count * floats * sizeof(float));
    for (size_t slot = 0; slot < count; slot++) {
        float value = dlcore_optimizer_slot_value(optimizer, slot);

        for (size_t i = 0; value != 0.0f && i < floats; i++)
            slots[slot * floats + i] = value;
    }
    dlcore_update_begin_averages(&model->network, optimizer, slots, NULL);
    model->trainer.slots = slots;
    model->trainer.slot_count = count;
    return DLCORE_OK;
}

static dlcore_status make_plan(dlcore_model_t *model)
{
    dlcore_trainer_t *trainer = &model->trainer;
    dlcore_status status;

    if (trainer->has_plan)
        return DLCORE_OK;
    status = dlcore_update_plan_create(&model->network, &model->settings.optimizer, &trainer->plan,
                                       &model->error);
    trainer->has_plan = status == DLCORE_OK;
    return status;
}

static dlcore_status make_workspace(dlcore_model_t *model, const dlcore_objective_t *objective,
                                    size_t rows, size_t workers)
{
    dlcore_workspace_t *workspace = &model->trainer.workspace;

    if (workspace->capacity >= rows && workspace->workers >= workers &&
        (!objective->weighted || workspace->labels[0].weights != NULL))
        return DLCORE_OK;
    rows = dlcore_size_max(rows, workspace->capacity);
    workers = dlcore_size_max(workers, workspace->workers);
    dlcore_workspace_clear(workspace);
    return dlcore_workspace_create(&model->network, objective, DLCORE_WORKSPACE_TRAIN, rows,
                                   workers, workspace, &model->error);
}

/* *misfit: the samples or the labels are at fault. */
static dlcore_status check_data(dlcore_model_t *model, const char *call, const dlcore_tensor_t *x,
                                const dlcore_tensor_t *y, dlcore_objective_t *objective,
                                bool *misfit)
{
    dlcore_network_t *network = &model->network;
    bool was_built = network->values != NULL;
    dlcore_status status;

    if (model->first_error.status != DLCORE_OK) {
        model->error = model->first_error;
        return model->first_error.status;
    }
    if (!model->compiled)
        return dlcore_fail(&model->error, DLCORE_ERROR_STATE,
                           "%s: the model is not compiled; model_compile comes first", call);
    status = dlcore_check_samples(network, x, &model->error);
    *misfit = status != DLCORE_OK;
    if (status == DLCORE_OK && network->values == NULL)
        status = dlcore_network_build(network, dlcore_sample_width(x), model->options.seed,
                                      &model->error);
    if (status == DLCORE_OK)
        status = dlcore_model_objective(model, objective, &model->error);
    if (status == DLCORE_OK) {
        status = dlcore_check_labels(network, objective, x, y, &model->error);
        *misfit = status != DLCORE_OK;
    }
    if (status != DLCORE_OK && !was_built)
        dlcore_network_unbuild(network); /* the next call may bring other data */
    return status;
}

/* Threads for batches of that many rows, which may be more than before but never fewer. */
static void choose_workers(dlcore_training_t *training, size_t rows)
{
    dlcore_model_t *model = training->model;
    /* forward and two gradients */
    double work = training->is_small ? 0.0 : 3.0 * dlcore_forward_work(model, rows);

    if (rows <= training->rows)
        return;
    training->rows = rows;
    if (training->team == NULL)
        training->team = dlcore_model_acquire_team(model, work);
    training->workers =
        dlcore_size_max(training->workers, dlcore_model_workers(training->team, work));
    training->pace = dlcore_pace_start(training->workers);
    training->step.team = training->team;
}

dlcore_status dlcore_training_begin(dlcore_training_t *training, dlcore_model_t *model,
                                    const char *call, const dlcore_tensor_t *x,
                                    const dlcore_tensor_t *y, size_t batch_size, bool weighted)
{
    dlcore_small_plan_t small;
    dlcore_status status;
    size_t rows;

    *training = (dlcore_training_t){.model = model};
    status = check_data(model, call, x, y, &training->objective, &training->misfit);
    if (status != DLCORE_OK)
        return status;
    training->objective.weighted = weighted;
    rows = dlcore_size_min(batch_size, dlcore_sample_count(x));
    dlcore_small_settle(&model->network, &training->objective, &small);
    training->is_small = small.functions != NULL;
    choose_workers(training, rows);
    status = make_slots(model);
    if (status == DLCORE_OK)
        status = make_plan(model);
    if (status == DLCORE_OK)
        status = make_workspace(model, &training->objective, rows, training->workers);
    if (status != DLCORE_OK) {
        dlcore_model_release_team(model, training->team);
        return status;
    }
    model->trainer.workspace.weights = DLCORE_WEIGHTS_UNKNOWN;
    training->step =
        (dlcore_step_t){.network = &model->network,
                        .objective = &training->objective,
                        .workspace = &model->trainer.workspace,
                        .team = training->team,
                        .penalty = model->trainer.plan.has_penalty ? &model->trainer.plan : NULL,
                        .stop_on_not_finite = true,
                        .seed = model->options.seed,
                        .number = model->steps_trained,
                        .moves_statistics = true};
    return DLCORE_OK;
}

dlcore_status dlcore_training_reserve(dlcore_training_t *training, size_t rows)
{
    choose_workers(training, rows);
    return make_workspace(training->model, &training->objective, rows, training->workers);
}

void dlcore_training_end(dlcore_training_t *training)
{
    dlcore_model_release_team(training->model, training->team);
}

dlcore_status dlcore_training_set_update(dlcore_training_t *training, dlcore_update_sink_t *update)
{
    dlcore_model_t *model = training->model;
    dlcore_update_plan_t *plan = &model->trainer.plan;
    dlcore_status status = make_slots(model);

    if (status == DLCORE_OK)
        status = make_plan(model);
    if (status != DLCORE_OK)
        return status;
    dlcore_update_sink_begin(update, &model->network, &model->settings.optimizer, plan,
                             dlcore_small_kernels(&model->network, model->trainer.workspace.small),
                             model->trainer.slots);
    training->update = update;
    training->step.sink = &update->sink;
    training->step.update = plan->keeps || plan->has_constraint ? update : NULL;
    return DLCORE_OK;
}

dlcore_status dlcore_training_prepare_scheduled(dlcore_training_t *training, dlcore_scope_t *scope)
{
    dlcore_model_t *model = training->model;
    bool is_host = model->settings.optimizer.schedule.kind == DLCORE_SCHEDULE_FUNCTION;
    dlcore_status status;
    double rate;

    if (is_host && scope != NULL)
        dlcore_scope_leave(*scope);
    status = dlcore_model_rate(model, &rate, &model->error);
    if (is_host && scope != NULL)
        *scope = dlcore_scope_enter(model);
    if (status == DLCORE_OK)
        dlcore_update_prepare(training->update, &model->trainer.clock, rate);
    return status;
}

void dlcore_training_step(dlcore_training_t *training)
{
    dlcore_step_t *step = &training->step;
    bool watches = dlcore_pace_watches(&training->pace) && step->source.rows == training->rows;
    double begin = watches ? dlcore_clock() : 0.0;

    dlcore_step_run(step, training->pace.workers);
    if (watches)
        dlcore_pace_note(&training->pace, dlcore_clock() - begin);
}

void dlcore_training_take_averages(dlcore_training_t *training)
{
    dlcore_model_t *model = training->model;

    if (!model->settings.optimizer.use_ema || model->trainer.clock.iterations == 0)
        return;
    dlcore_update_take_averages(training->update);
    dlcore_model_weights_change(model);
    model->trainer.workspace.weights = DLCORE_WEIGHTS_UNKNOWN;
}

/* The first number of the batch's rows that is not finite; false where all are. */
static bool find_not_finite(const dlcore_source_t *source, const dlcore_tensor_t *tensor,
                            size_t *sample, size_t *number)
{
    for (size_t row = 0; row < source->rows; row++) {
        *sample = dlcore_source_sample(source, row);
        *number = dlcore_row_not_finite(tensor, *sample);
        if (*number < tensor->row_size)
            return true;
    }
    return false;
}

dlcore_status dlcore_not_finite(const dlcore_training_t *training, const char *batch,
                                const char *owner)
{
    const dlcore_source_t *source = &training->step.source;
    const dlcore_sums_t *sums = &training->step.sums;
    dlcore_error_record_t *error = &training->model->error;
    const char *loss = dlcore_not_finite_name(sums->loss);
    const dlcore_tensor_t *tensor = source->x;
    size_t sample, number;
    bool found = find_not_finite(source, tensor, &sample, &number);

    if (!found) {
        tensor = source->y;
        found = find_not_finite(source, tensor, &sample, &number);
    }
    if (!found)
        return dlcore_fail(error, DLCORE_ERROR_NOT_FINITE,
                           "loss is %s in %s of %zu samples, whose x and y are finite; the weights "
                           "are those before it",
                           loss, batch, sums->samples);
    return dlcore_fail(error, DLCORE_ERROR_NOT_FINITE,
                       "loss is %s in %s of %zu samples: number %zu of sample %zu of %s%s is %s; "
                       "the weights are those before it",
                       loss, batch, sums->samples, number, sample, owner,
                       tensor == source->x ? "x" : "y",
                       dlcore_not_finite_name(dlcore_row_number(tensor, sample, number)));
}
