/* evaluate and predict over datasets, batch by batch.
 *
 * SPDX-License-Identifier: MIT */
#include "base/allocator.h"
#include "base/error.h"
#include "base/size.h"
#include "base/traces.h"
#include "model/dataset.h"
#include "model/evaluate.h"
#include "model/feed.h"
#include "model/rank_calls.h"
#include "model/run_state.h"
#include "nn/loss_masked.h"
#include "tensor/tensor.h"

/* Begins a copy: what a dataset's functions do to the caller's struct is for the next call. */
static dlcore_status begin_dataset(const dlcore_dataset_t *dataset, dlcore_dataset_t *copy,
                                   dlcore_error_record_t *error)
{
    if (dataset == NULL || dataset->begin == NULL || dataset->next == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "dataset: it, its begin or its next is NULL");
    *copy = *dataset;
    return dlcore_dataset_begin(copy, 0, 0, error);
}

static dlcore_status fail_batch(size_t batch, dlcore_status status,
                                const dlcore_error_record_t *found, dlcore_error_record_t *error)
{
    return dlcore_fail(error, status, "dataset: batch %zu: %s", batch, found->message);
}

/* ---- evaluate ---- */

typedef struct pass {
    const dlcore_run_t *run;
    dlcore_objective_t *objective; /* the run's, which is told of each batch's weights */
    dlcore_sums_t *sums, more;     /* of all batches, of one */
    size_t batch;
    dlcore_run_key_t key; /* of the model, before the dataset's code and the sink's ran */
    dlcore_tally_t tally; /* of ranks, in place of the sums */
} pass_t;

static dlcore_status check_dataset_batch(const dlcore_run_t *run, const dlcore_source_t *source,
                                         dlcore_error_record_t *error)
{
    const dlcore_network_t *network = &run->model->network;
    dlcore_status status = dlcore_check_samples(network, source->x, error);

    if (status == DLCORE_OK)
        status = dlcore_check_labels(network, run->objective, source->x, source->y, error);
    if (status == DLCORE_OK)
        status = dlcore_check_sample_weights("sample_weight", source->weights, source->rows, error);
    return status;
}

/* A batch whose loss is the mean of its rows may be cut, so that threads have blocks. The other
 * reductions are of whole batches. */
static size_t block_of(const dlcore_objective_t *objective, size_t rows)
{
    dlcore_reduction_t reduction = objective->loss_settings.reduction;
    dlcore_label_mask_t mask = dlcore_loss_mask(&objective->loss_settings);

    if (dlcore_objective_is_called_once(objective) || dlcore_mask_is_any(&mask))
        return rows;
    if (reduction == DLCORE_REDUCTION_SUM_OVER_BATCH_SIZE ||
        (reduction == DLCORE_REDUCTION_MEAN_WITH_SAMPLE_WEIGHT && !objective->weighted))
        return dlcore_block_rows(rows);
    return rows;
}

static dlcore_status run_dataset_batch(pass_t *pass, const dlcore_source_t *source,
                                       dlcore_error_record_t *error)
{
    const dlcore_model_t *model = pass->run->model;
    dlcore_objective_t *objective = pass->objective;
    dlcore_run_t run = *pass->run;
    dlcore_error_record_t found = {0};
    dlcore_status status = check_dataset_batch(&run, source, &found);
    bool weighted = objective->weighted;
    size_t slice = 0;

    if (status != DLCORE_OK)
        return fail_batch(pass->batch, status, &found, error);
    if (pass->tally.ranks != NULL &&
        !pass->tally.ranks->code->tally_slice(&pass->tally, pass->batch, &slice))
        return DLCORE_OK; /* another rank's */
    objective->weighted = source->weights != NULL;
    run.source = *source;
    run.block = block_of(objective, source->rows);
    if (run.team == NULL)
        run.team =
            dlcore_model_acquire_team(model, dlcore_forward_work(model, source->x, source->rows));
    status = dlcore_run_evaluate(&run, &pass->more, error);
    if (pass->run->team == NULL)
        dlcore_model_release_team(model, run.team);
    if (status == DLCORE_OK && pass->tally.ranks != NULL)
        pass->tally.ranks->code->tally_add(&pass->tally, slice, &pass->more);
    else if (status == DLCORE_OK)
        dlcore_sums_add(objective, pass->sums, &pass->more);
    objective->weighted = weighted;
    return status;
}

/* What was settled for the pass holds for the model as it was: its metrics, their thresholds. */
static dlcore_status check_unchanged(const pass_t *pass, dlcore_error_record_t *error)
{
    if (dlcore_model_is_as(pass->run->model, &pass->key))
        return DLCORE_OK;
    return dlcore_fail(error, DLCORE_ERROR_STATE,
                       "dataset: the model was trained, compiled or given weights while it was "
                       "evaluated");
}

/* What the line says in the midst of a pass, where anybody sees it. */
static void show_pass(const pass_t *pass, dlcore_progress_t *progress)
{
    dlcore_evaluation_t result;

    if (progress == NULL || progress->verbose != 1 || !progress->sink.terminal ||
        pass->tally.ranks != NULL)
        return;
    dlcore_evaluation_set(pass->run->model, pass->run->objective, pass->sums, &result);
    dlcore_evaluation_show(&result, progress, pass->batch);
}

/* The first `steps` batches of a pass; 0: all. `progress` has begun; it is told of every batch, and
 * at last of their number. NULL: nobody is. */
static dlcore_status read_batches(pass_t *pass, const dlcore_dataset_t *dataset, size_t steps,
                                  dlcore_progress_t *progress, dlcore_error_record_t *error)
{
    const dlcore_run_t *run = pass->run;
    const dlcore_allocator_t held = dlcore_held_allocator(run->model);
    dlcore_dataset_t copy;
    dlcore_status status = begin_dataset(dataset, &copy, error);

    dlcore_sums_clear(run->objective, pass->sums);
    if (status == DLCORE_OK)
        status = dlcore_sums_create(&held, run->objective, &pass->more, error);
    while (status == DLCORE_OK && (steps == 0 || pass->batch < steps)) {
        dlcore_source_t source;

        status = dlcore_dataset_next(&copy, true, &source, error);
        if (status == DLCORE_OK)
            status = check_unchanged(pass, error);
        if (status != DLCORE_OK || source.rows == 0)
            break;
        status = run_dataset_batch(pass, &source, error);
        pass->batch++;
        if (status == DLCORE_OK)
            show_pass(pass, progress);
    }
    dlcore_sums_free(&held, &pass->more);
    if (status == DLCORE_OK)
        status = check_unchanged(pass, error);
    if (status == DLCORE_OK && pass->batch == 0)
        return dlcore_dataset_empty(0, error);
    return status;
}

/* Likewise of ranks: each has its share of the batches. `status`: what came of it until then. */
static dlcore_status evaluate_batches(const dlcore_run_t *run, dlcore_objective_t *objective,
                                      const dlcore_dataset_t *dataset, size_t steps,
                                      dlcore_progress_t *progress, dlcore_meeting_point_t point,
                                      dlcore_status status, dlcore_sums_t *sums,
                                      dlcore_error_record_t *error)
{
    const dlcore_allocator_t held = dlcore_held_allocator(run->model);
    pass_t pass = {.run = run,
                   .objective = objective,
                   .sums = sums,
                   .key = dlcore_model_key(run->model),
                   .tally = {.model = run->model, .ranks = dlcore_model_ranks(run->model)}};
    dlcore_meeting_t meeting = {.point = point};

    if (status == DLCORE_OK && pass.tally.ranks != NULL)
        status = pass.tally.ranks->code->tally_create(run->model, run->objective, &held,
                                                      &pass.tally, error);
    if (status == DLCORE_OK)
        status = read_batches(&pass, dataset, steps, progress, error);
    if (progress != NULL)
        progress->batches = pass.batch;
    if (pass.tally.ranks == NULL)
        return status;
    meeting.status = status;
    meeting.rows = pass.batch; /* which the ranks must have in common, but with own data */
    status = pass.tally.ranks->code->tally_settle(&pass.tally, &meeting, sums, error);
    if (pass.tally.slices != NULL)
        pass.tally.ranks->code->tally_free(&pass.tally);
    return status;
}

dlcore_status dlcore_evaluate_dataset(const dlcore_run_t *run, dlcore_objective_t *objective,
                                      const dlcore_dataset_t *dataset, size_t steps,
                                      dlcore_sums_t *sums, dlcore_error_record_t *error)
{
    return evaluate_batches(run, objective, dataset, steps, NULL, DLCORE_MEETING_VALIDATION,
                            DLCORE_OK, sums, error);
}

/* For the progress line; 0: not known. */
static size_t expected_batches(const dlcore_dataset_t *dataset, size_t steps)
{
    size_t batches = dataset != NULL ? dataset->batches : 0;

    if (steps == 0 || batches == 0)
        return dlcore_size_max(steps, batches);
    return dlcore_size_min(steps, batches);
}

static dlcore_status evaluate_pass(const dlcore_model_t *model, const dlcore_dataset_t *dataset,
                                   const dlcore_evaluate_options_t *options,
                                   dlcore_evaluation_t *result)
{
    dlcore_evaluate_options_t chosen =
        options != NULL ? *options : dlcore_evaluate_options_default();
    dlcore_objective_t objective;
    dlcore_run_t run = {.model = model, .objective = &objective};
    dlcore_progress_t progress;
    dlcore_sums_t sums = {0};
    dlcore_allocator_t held = dlcore_held_allocator(model);
    dlcore_error_record_t found = {0}; /* other ranks want it in any case */
    bool told;
    dlcore_status status;

    if (chosen.error == NULL)
        chosen.error = &found;
    status = dlcore_evaluate_begin(model, &told, chosen.error);
    if (status != DLCORE_OK)
        return status;
    status = dlcore_check_evaluate(model, &chosen, result, &objective);
    if (status == DLCORE_OK && chosen.sample_weight != NULL)
        status = dlcore_fail(chosen.error, DLCORE_ERROR_ARGUMENT,
                             "evaluate: sample_weight is for tensors; a dataset gives each batch's "
                             "weights with the batch");
    if (status == DLCORE_OK)
        status = dlcore_sums_create(&held, &objective, &sums, chosen.error);
    if (status != DLCORE_OK && (model == NULL || dlcore_model_ranks(model) == NULL))
        return status;
    progress = dlcore_progress_start(&chosen.sink, dlcore_model_writes(model) ? chosen.verbose : 0);
    if (status == DLCORE_OK)
        dlcore_progress_begin(&progress, 0, 0, expected_batches(dataset, chosen.steps));
    status = evaluate_batches(&run, &objective, dataset, chosen.steps, &progress,
                              DLCORE_MEETING_EVALUATE, status, &sums, chosen.error);
    dlcore_evaluate_end(model, told);
    if (status == DLCORE_OK) {
        dlcore_evaluation_set(model, &objective, &sums, result);
        dlcore_evaluation_report(result, &progress);
    }
    dlcore_sums_free(&held, &sums);
    return status;
}

dlcore_status dlcore_model_evaluate_dataset(const dlcore_model_t *model,
                                            const dlcore_dataset_t *dataset,
                                            const dlcore_evaluate_options_t *options,
                                            dlcore_evaluation_t *result)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, evaluate_pass(model, dataset, options, result));
}

/* ---- predict ---- */

static void free_output(const dlcore_model_t *model, dlcore_tensor_t *y)
{
    dlcore_allocator_t held = dlcore_held_allocator(model);

    dlcore_release(&held, y);
}

/* A tensor for the outputs of that many rows. Its memory is held by the call. Its allocator is the
 * model's own, because the host may make tensors from it in `take` (copies, classes), which are the
 * host's and outlive the call. So it is freed by free_output, not by dlcore_tensor_free. */
static dlcore_status make_output(const dlcore_model_t *model, size_t rows, dlcore_tensor_t **y,
                                 dlcore_error_record_t *error)
{
    size_t shape[2] = {rows, dlcore_network_output_width(&model->network)};
    dlcore_allocator_t held = dlcore_held_allocator(model);
    dlcore_status status;

    if (*y != NULL && dlcore_tensor_length(*y, 0) == rows)
        return DLCORE_OK;
    free_output(model, *y);
    status = dlcore_tensor_create_unset(&held, DLCORE_DTYPE_FLOAT32, 2, shape, y, error);
    if (status == DLCORE_OK)
        (*y)->allocator = model->allocator;
    return status;
}

typedef struct taker {
    dlcore_prediction_function_t take;
    void *user;
} taker_t;

static dlcore_status predict_batch(const dlcore_model_t *model, const dlcore_tensor_t *x,
                                   size_t batch, dlcore_tensor_t *y, const taker_t *taker,
                                   const dlcore_predict_options_t *options)
{
    dlcore_predict_options_t each = *options;
    dlcore_error_record_t found = {0};
    dlcore_status status;

    each.error = &found;
    each.steps = 0;
    status = dlcore_model_predict_with(model, x, y, &each);
    if (status != DLCORE_OK)
        return fail_batch(batch, status, &found, options->error);
    status = taker->take(taker->user, y, &found);
    if (status == DLCORE_OK)
        return status;
    return dlcore_host_failed("predict: take", status, &found, options->error);
}

static dlcore_status predict_batches(const dlcore_model_t *model, const dlcore_dataset_t *dataset,
                                     dlcore_prediction_function_t take, void *user,
                                     const dlcore_predict_options_t *options)
{
    dlcore_predict_options_t chosen = options != NULL ? *options : dlcore_predict_options_default();
    dlcore_error_record_t *error = chosen.error;
    taker_t taker = {take, user};
    dlcore_tensor_t *y = NULL;
    dlcore_dataset_t copy;
    size_t batch = 0;
    dlcore_status status = dlcore_check_options(&chosen, "predict", error);

    if (status == DLCORE_OK && (model == NULL || take == NULL))
        status = dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "predict: %s is NULL",
                             model == NULL ? "model" : "take");
    if (status == DLCORE_OK)
        status = dlcore_check_built(model, "predict", error);
    if (status == DLCORE_OK)
        status = begin_dataset(dataset, &copy, error);
    while (status == DLCORE_OK && (chosen.steps == 0 || batch < chosen.steps)) {
        dlcore_source_t source;

        status = dlcore_dataset_next(&copy, false, &source, error);
        if (status != DLCORE_OK || source.rows == 0)
            break;
        status = make_output(model, source.rows, &y, error);
        if (status == DLCORE_OK)
            status = predict_batch(model, source.x, batch++, y, &taker, &chosen);
    }
    free_output(model, y);
    return status;
}

dlcore_status dlcore_model_predict_dataset(const dlcore_model_t *model,
                                           const dlcore_dataset_t *dataset,
                                           dlcore_prediction_function_t take, void *user,
                                           const dlcore_predict_options_t *options)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, predict_batches(model, dataset, take, user, options));
}
