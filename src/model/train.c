/* What every training call needs before its first step, and around each.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/size.h"
#include "engine/small_plan.h"
#include "kernels/always_inline.h"
#include "model/rank_calls.h"
#include "model/train.h"
#include "system/clock.h"
#include "tensor/tensor.h"

/* Of one weight, in multiply-adds. */
#define UPDATE_WORK 8.0

/* *misfit: the samples or the labels are at fault. */
static dlcore_status check_data(dlcore_model_t *model, const char *call, const dlcore_tensor_t *x,
                                const dlcore_tensor_t *y, dlcore_objective_setter_t *setter,
                                dlcore_objective_t *objective, bool *misfit)
{
    dlcore_network_t *network = &model->network;
    bool was_built = network->values != NULL;
    dlcore_status status;

    if (model->first_error.status != DLCORE_OK) {
        model->error = model->first_error;
        return model->first_error.status;
    }
    if (model->network.node_count == 0)
        return dlcore_fail(&model->error, DLCORE_ERROR_STATE,
                           "%s: the model has no layers; call model_add first", call);
    if (!model->compiled)
        return dlcore_fail(&model->error, DLCORE_ERROR_STATE,
                           "%s: the model is not compiled; call model_compile first", call);
    status = setter == NULL ? dlcore_check_functions(model, call, &model->error) : DLCORE_OK;
    if (status != DLCORE_OK)
        return status;
    status = dlcore_check_samples(network, x, &model->error);
    *misfit = status != DLCORE_OK;
    if (status == DLCORE_OK && network->values == NULL)
        status = dlcore_model_build_network(model, dlcore_sample_width(x));
    if (status == DLCORE_OK)
        status = dlcore_model_objective(model, objective, &model->error);
    if (status == DLCORE_OK) {
        status = setter != NULL ? setter(network, call, x, y, objective, &model->error)
                                : dlcore_check_labels(network, objective, x, y, &model->error);
        *misfit = status != DLCORE_OK;
    }
    if (status != DLCORE_OK && !was_built)
        dlcore_network_unbuild(network); /* the next call may bring other data */
    return status;
}

/* Threads for batches of that many rows, which may be more than before but never fewer. */
static void choose_workers(dlcore_training_t *training, const dlcore_tensor_t *x, size_t rows)
{
    dlcore_model_t *model = training->model;
    /* forward and two gradients; beside the few entries of lists the update counts, too */
    double work = 3.0 * dlcore_forward_work(model, x, rows);

    if (x->is_sparse)
        work += UPDATE_WORK * (double)model->network.value_floats;
    if (training->path == DLCORE_PATH_SMALL)
        work = 0.0;
    if (rows <= training->rows)
        return;
    training->rows = rows;
    if (training->ranks != NULL && !training->ranks->collective.own_data)
        work /= (double)training->ranks->collective.size;
    if (training->team == NULL)
        training->team = model->call.team = dlcore_model_acquire_team(model, work);
    training->workers =
        dlcore_size_max(training->workers, dlcore_model_workers(training->team, work));
    training->pace = dlcore_pace_start(training->workers,
                                       training->workers > 1 ? dlcore_team_allowed_cpus() : 1);
    training->step.team = training->team;
}

static dlcore_status reserve_training(dlcore_training_t *training, const dlcore_tensor_t *x,
                                      size_t rows)
{
    dlcore_model_t *model = training->model;
    unsigned form = dlcore_gather_form(&model->network, x);

    if (training->ranks != NULL)
        return training->ranks->code->step_ensure(&model->network, &training->objective,
                                                  training->ranks, form, rows, training->workers,
                                                  &model->trainer.ranked, &model->error);
    return dlcore_workspace_ensure(&model->network, &training->objective, form, rows,
                                   training->workers, &model->trainer.workspace, &model->error);
}

dlcore_status dlcore_training_begin(dlcore_training_t *training, dlcore_model_t *model,
                                    const char *call, const dlcore_tensor_t *x,
                                    const dlcore_tensor_t *y, size_t batch_size, bool weighted)
{
    return dlcore_training_begin_as(training, model, call, x, y, batch_size, weighted, NULL);
}

dlcore_status dlcore_training_begin_as(dlcore_training_t *training, dlcore_model_t *model,
                                       const char *call, const dlcore_tensor_t *x,
                                       const dlcore_tensor_t *y, size_t batch_size, bool weighted,
                                       dlcore_objective_setter_t *setter)
{
    dlcore_status status;
    size_t rows;

    memset(training, 0, offsetof(dlcore_training_t, objective));
    training->model = model;
    training->ranks = dlcore_model_ranks(model);
    status = check_data(model, call, x, y, setter, &training->objective, &training->misfit);
    if (status == DLCORE_OK && training->ranks != NULL)
        status = training->ranks->code->check_objective(&training->objective, call, &model->error);
    if (status != DLCORE_OK)
        return status;
    training->objective.weighted = weighted;
    rows = dlcore_size_min(batch_size, dlcore_sample_count(x));
    training->path = training->ranks != NULL
                         ? DLCORE_PATH_LAYERS
                         : dlcore_path_train(&model->network, &training->objective);
    choose_workers(training, x, rows);
    status = dlcore_trainer_begin(model);
    if (status == DLCORE_OK)
        status = reserve_training(training, x, rows);
    if (status != DLCORE_OK) {
        dlcore_training_end(training);
        return status;
    }
    model->trainer.workspace.weights = DLCORE_WEIGHTS_UNKNOWN;
    dlcore_ranked_forget_weights(&model->trainer.ranked);
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

dlcore_status dlcore_training_reserve(dlcore_training_t *training, const dlcore_tensor_t *x,
                                      size_t rows)
{
    choose_workers(training, x, rows);
    return reserve_training(training, x, rows);
}

void dlcore_training_end(dlcore_training_t *training)
{
    dlcore_model_release_team(training->model, training->team);
    training->model->call.team = NULL;
}

dlcore_status dlcore_training_set_update(dlcore_training_t *training, dlcore_update_sink_t *update)
{
    dlcore_model_t *model = training->model;
    dlcore_update_plan_t *plan = &model->trainer.plan;
    const dlcore_small_plan_t *small =
        training->ranks == NULL ? model->trainer.workspace.small : NULL;
    dlcore_status status = dlcore_trainer_begin(model);

    if (status != DLCORE_OK)
        return status;
    dlcore_update_sink_begin(update, &model->network, &model->settings.optimizer, plan,
                             dlcore_small_kernels(&model->network, small), model->trainer.slots);
    training->update = update;
    training->step.sink = &update->sink;
    training->step.update = plan->keeps || plan->has_constraint ? update : NULL;
    update->follows &= training->ranks == NULL; /* whose pieces may cut a pair */
    return DLCORE_OK;
}

dlcore_status dlcore_training_prepare_scheduled(dlcore_training_t *training, dlcore_scope_t *scope)
{
    dlcore_model_t *model = training->model;
    bool is_host = model->settings.optimizer.schedule.kind == DLCORE_SCHEDULE_FUNCTION;
    dlcore_status status;
    double rate;

    if (is_host)
        dlcore_host_begin(model, scope, "the schedule's function");
    status = dlcore_model_rate(model, &rate, &model->error);
    if (is_host)
        dlcore_host_end(model, scope);
    if (status == DLCORE_OK)
        dlcore_update_prepare(training->update, &model->trainer.clock, rate);
    return status;
}

/* Of several workers: their pace is told from how long it takes. */
NEVER_INLINE static void run_watched_step(dlcore_training_t *training)
{
    bool observes = dlcore_pace_observes(&training->pace);
    double begin = dlcore_clock();
    double cpu = observes ? dlcore_cpu_clock() : 0.0;

    dlcore_step_run(&training->step, training->pace.workers);
    dlcore_pace_note(&training->pace, dlcore_clock() - begin,
                     observes ? dlcore_cpu_clock() - cpu : 0.0);
}

NEVER_INLINE static dlcore_status run_ranked_step(dlcore_training_t *training,
                                                  const dlcore_meeting_t *meeting)
{
    training->ranked = (dlcore_ranked_step_t){.step = &training->step,
                                              .ranks = training->ranks,
                                              .ranked = &training->model->trainer.ranked,
                                              .first_row = meeting->first_row,
                                              .batch_rows = meeting->batch_rows};
    if (training->ranks->code->step_run(&training->ranked, training->workers) == DLCORE_OK)
        return DLCORE_OK;
    return dlcore_ranks_failed(training->ranks, &training->model->error);
}

dlcore_status dlcore_training_step(dlcore_training_t *training, const dlcore_meeting_t *meeting)
{
    if (training->ranks != NULL)
        return run_ranked_step(training, meeting);
    if (dlcore_pace_watches(&training->pace) && training->step.source.rows == training->rows)
        run_watched_step(training);
    else
        dlcore_step_run(&training->step, training->pace.workers);
    return DLCORE_OK;
}

void dlcore_training_take_averages(dlcore_training_t *training)
{
    dlcore_model_t *model = training->model;

    if (!model->settings.optimizer.use_ema || model->trainer.clock.iterations == 0)
        return;
    dlcore_update_take_averages(training->update);
    dlcore_model_weights_change(model);
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

dlcore_status dlcore_not_finite(dlcore_training_t *training, const char *batch, const char *owner)
{
    const dlcore_source_t *source = &training->step.source;
    const dlcore_sums_t *sums = &training->step.sums;
    dlcore_error_record_t *error = &training->model->error;
    const char *loss = dlcore_not_finite_name(sums->loss);
    const dlcore_tensor_t *tensor = source->x;
    size_t sample, number;
    bool found = find_not_finite(source, tensor, &sample, &number);

    if (!found && !training->objective.loss_settings.missing_labels) {
        tensor = source->y;
        found = find_not_finite(source, tensor, &sample, &number);
    }
    training->names_number = found;
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
