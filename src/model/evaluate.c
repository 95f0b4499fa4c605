/* evaluate and predict: checking, then running blocks of rows.
 *
 * SPDX-License-Identifier: MIT */
#include "model/evaluate.h"

#include <stdint.h>

#include "base/error.h"
#include "base/size.h"
#include "base/traces.h"
#include "model/rank_calls.h"
#include "tensor/tensor.h"

size_t dlcore_block_rows(size_t rows)
{
    enum { MOST_ROWS = 128, LEAST_ROWS = 32, BLOCKS = 16 };

    return dlcore_size_max(LEAST_ROWS,
                           dlcore_size_min(MOST_ROWS, dlcore_size_round_up(rows / BLOCKS, 16)));
}

dlcore_evaluate_options_t dlcore_evaluate_options_default(void)
{
    return (dlcore_evaluate_options_t){.batch_size = 32,
                                       .structure_size = sizeof(dlcore_evaluate_options_t)};
}

dlcore_predict_options_t dlcore_predict_options_default(void)
{
    return (dlcore_predict_options_t){.structure_size = sizeof(dlcore_predict_options_t)};
}

dlcore_status dlcore_check_built(const dlcore_model_t *model, const char *call,
                                 dlcore_error_record_t *error)
{
    if (model->first_error.status != DLCORE_OK)
        return dlcore_fail(error, model->first_error.status, "%s", model->first_error.message);
    if (model->network.values == NULL)
        return dlcore_fail(error, DLCORE_ERROR_STATE,
                           "%s: the model has no weights; call model_build or model_fit first",
                           call);
    return DLCORE_OK;
}

/* What the line shows; answers how many. */
static size_t shown_values(const dlcore_evaluation_t *result, const char **names, double *values)
{
    names[0] = "loss";
    values[0] = result->loss;
    for (size_t i = 0; i < result->metric_count; i++) {
        names[i + 1] = result->metrics[i].name;
        values[i + 1] = result->metrics[i].value;
    }
    return result->metric_count + 1;
}

void dlcore_evaluation_show(const dlcore_evaluation_t *result, dlcore_progress_t *progress,
                            size_t done)
{
    const char *names[DLCORE_METRICS_MAX + 1];
    double values[DLCORE_METRICS_MAX + 1];
    size_t count = shown_values(result, names, values);

    dlcore_progress_batch(progress, done, names, values, count);
}

void dlcore_evaluation_report(const dlcore_evaluation_t *result, dlcore_progress_t *progress)
{
    const char *names[DLCORE_METRICS_MAX + 1];
    double values[DLCORE_METRICS_MAX + 1];
    size_t count = shown_values(result, names, values);

    dlcore_progress_end(progress, names, values, count);
}

dlcore_status dlcore_evaluate_begin(const dlcore_model_t *model, bool *told,
                                    dlcore_error_record_t *error)
{
    dlcore_ranks_t *ranks = model != NULL ? dlcore_model_ranks(model) : NULL;

    *told = ranks != NULL && ranks->told;
    return ranks != NULL ? ranks->code->begin(ranks, "evaluate", error) : DLCORE_OK;
}

void dlcore_evaluate_end(const dlcore_model_t *model, bool told)
{
    dlcore_ranks_t *ranks = dlcore_model_ranks(model);

    if (ranks != NULL && ranks->failure.status == DLCORE_OK)
        ranks->told = told;
}

dlcore_status dlcore_check_evaluate(const dlcore_model_t *model,
                                    const dlcore_evaluate_options_t *options,
                                    const dlcore_evaluation_t *result,
                                    dlcore_objective_t *objective)
{
    dlcore_error_record_t *error = options->error;
    dlcore_status status = dlcore_check_options(options, "evaluate", error);

    if (status != DLCORE_OK)
        return status;
    if (model == NULL || result == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "evaluate: %s is NULL",
                           model == NULL ? "model" : "result");
    if (options->verbose < 0 || options->verbose > 2)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "evaluate: verbose must be 0, 1 or 2, got %d", options->verbose);
    status = dlcore_check_built(model, "evaluate", error);
    if (status == DLCORE_OK && !model->compiled)
        status = dlcore_fail(error, DLCORE_ERROR_STATE,
                             "evaluate: the model is not compiled; call model_compile first");
    if (status == DLCORE_OK)
        status = dlcore_check_functions(model, "evaluate", error);
    if (status == DLCORE_OK)
        status = dlcore_model_objective(model, objective, error);
    if (status == DLCORE_OK && dlcore_model_ranks(model) != NULL)
        status = model->ranks->code->check_objective(objective, "evaluate", error);
    return status;
}

static dlcore_status check_no_steps(const char *call, size_t steps, dlcore_error_record_t *error)
{
    if (steps == 0)
        return DLCORE_OK;
    return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                       "%s: steps must be 0 for tensors, got %zu; to use fewer rows pass a slice",
                       call, steps);
}

/* Everything before the first row; fills *run but for its team. */
static dlcore_status prepare_evaluate(const dlcore_model_t *model, const dlcore_tensor_t *x,
                                      const dlcore_tensor_t *y,
                                      const dlcore_evaluate_options_t *options,
                                      const dlcore_evaluation_t *result,
                                      dlcore_objective_t *objective, dlcore_run_t *run)
{
    dlcore_error_record_t *error = options->error;
    dlcore_status status = dlcore_check_evaluate(model, options, result, objective);

    if (status == DLCORE_OK)
        status = check_no_steps("evaluate", options->steps, error);
    if (status == DLCORE_OK)
        status =
            dlcore_check_count("evaluate", "batch_size", options->batch_size, 1, SIZE_MAX, error);
    if (status == DLCORE_OK)
        status = dlcore_check_samples(&model->network, x, error);
    if (status == DLCORE_OK)
        status = dlcore_check_labels(&model->network, objective, x, y, error);
    if (status == DLCORE_OK)
        status = dlcore_check_sample_weights("sample_weight", options->sample_weight,
                                             dlcore_sample_count(x), error);
    if (status != DLCORE_OK)
        return status;
    objective->weighted = options->sample_weight != NULL;
    *run = (dlcore_run_t){.model = model,
                          .objective = objective,
                          .source = {.x = x,
                                     .y = y,
                                     .weights = options->sample_weight,
                                     .rows = dlcore_sample_count(x)},
                          .block = options->batch_size};
    return DLCORE_OK;
}

/* All rows; with ranks each runs its share. `status`: what came of it until then, which ranks are
 * told of. */
static dlcore_status run_evaluate(const dlcore_run_t *run, dlcore_status status,
                                  dlcore_sums_t *sums, dlcore_error_record_t *error)
{
    const dlcore_model_t *model = run->model;
    dlcore_meeting_t meeting = {.point = DLCORE_MEETING_EVALUATE, .rows = run->source.rows};
    dlcore_tally_t tally = {.model = model, .ranks = dlcore_model_ranks(model)};

    if (status == DLCORE_OK)
        status = dlcore_sums_create(&model->allocator, run->objective, sums, error);
    if (tally.ranks == NULL)
        return status == DLCORE_OK ? dlcore_run_evaluate(run, sums, error) : status;
    if (status == DLCORE_OK)
        status = tally.ranks->code->tally_create(model, run->objective, &model->allocator, &tally,
                                                 error);
    if (status == DLCORE_OK)
        status = tally.ranks->code->tally_run(&tally, run, error);
    meeting.status = status;
    status = tally.ranks->code->tally_settle(&tally, &meeting, sums, error);
    if (tally.slices != NULL)
        tally.ranks->code->tally_free(&tally);
    return status;
}

static dlcore_status evaluate_tensors(const dlcore_model_t *model, const dlcore_tensor_t *x,
                                      const dlcore_tensor_t *y,
                                      const dlcore_evaluate_options_t *options,
                                      dlcore_evaluation_t *result)
{
    dlcore_objective_t objective;
    dlcore_run_t run = {.model = model, .objective = &objective};
    dlcore_progress_t progress = {0};
    dlcore_sums_t sums = {0};
    bool told;
    dlcore_status status = dlcore_evaluate_begin(model, &told, options->error);

    if (status != DLCORE_OK)
        return status;
    status = prepare_evaluate(model, x, y, options, result, &objective, &run);
    if (status != DLCORE_OK && (model == NULL || dlcore_model_ranks(model) == NULL))
        return status;
    if (status == DLCORE_OK) {
        progress = dlcore_progress_start(&options->sink,
                                         dlcore_model_writes(model) ? options->verbose : 0);
        dlcore_progress_begin(&progress, 0, 0, (run.source.rows - 1) / run.block + 1);
        run.team = dlcore_model_acquire_team(model, dlcore_forward_work(model, x, run.source.rows));
    }
    status = run_evaluate(&run, status, &sums, options->error);
    dlcore_evaluate_end(model, told);
    dlcore_model_release_team(model, run.team);
    if (status == DLCORE_OK)
        dlcore_evaluation_set(model, &objective, &sums, result);
    dlcore_sums_free(&model->allocator, &sums);
    if (status == DLCORE_OK) /* last, when nothing is held: the sink may not come back */
        dlcore_evaluation_report(result, &progress);
    return status;
}

static dlcore_status evaluate_chosen(const dlcore_model_t *model, const dlcore_tensor_t *x,
                                     const dlcore_tensor_t *y,
                                     const dlcore_evaluate_options_t *options,
                                     dlcore_evaluation_t *result)
{
    dlcore_evaluate_options_t chosen =
        options != NULL ? *options : dlcore_evaluate_options_default();
    dlcore_error_record_t found = {0}; /* other ranks want it in any case */

    if (chosen.error == NULL)
        chosen.error = &found;
    return evaluate_tensors(model, x, y, &chosen, result);
}

dlcore_status dlcore_model_evaluate(const dlcore_model_t *model, const dlcore_tensor_t *x,
                                    const dlcore_tensor_t *y,
                                    const dlcore_evaluate_options_t *options,
                                    dlcore_evaluation_t *result)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, evaluate_chosen(model, x, y, options, result));
}

/* y_pred can take `rows` outputs of `units` numbers. */
static dlcore_status check_output(const dlcore_tensor_t *y, size_t rows, size_t units,
                                  dlcore_error_record_t *error)
{
    if (y == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "predict: y_pred is NULL");
    if (y->dtype != DLCORE_DTYPE_FLOAT32)
        return dlcore_fail(error, DLCORE_ERROR_DTYPE, "predict: y_pred must be float32, got %s",
                           dlcore_dtype_name(y->dtype));
    if (y->read_only)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "predict: y_pred is read-only");
    if (y->rank == 0 || y->shape[0] != rows || y->row_size != units)
        return dlcore_fail(error, DLCORE_ERROR_SHAPE,
                           "predict: y_pred must be (%zu, %zu), got %zu rows of %zu", rows, units,
                           y->rank > 0 ? y->shape[0] : 0, y->row_size);
    return DLCORE_OK;
}

/* The bytes from the first element to the last. */
static size_t span_of(const dlcore_tensor_t *tensor)
{
    return ((tensor->shape[0] - 1) * tensor->row_stride + tensor->row_size) *
           dlcore_dtype_size(tensor->dtype);
}

/* Outputs of a block are written after its samples were read, and other blocks' samples may be read
 * later, or meanwhile: so in memory that both share a row of outputs must stay in the place of its
 * own sample, or between samples. */
static dlcore_status check_apart(const dlcore_tensor_t *x, const dlcore_tensor_t *y,
                                 dlcore_error_record_t *error)
{
    uintptr_t from = (uintptr_t)x->data, to = (uintptr_t)y->data;
    size_t x_row = x->row_size * dlcore_dtype_size(x->dtype), y_row = y->row_size * sizeof(float);
    size_t stride = y->row_stride * sizeof(float);

    if (from + span_of(x) <= to || to + span_of(y) <= from || x->shape[0] == 1)
        return DLCORE_OK;
    if (stride == x->row_stride * dlcore_dtype_size(x->dtype) &&
        (to >= from ? to - from + y_row <= stride : from - to + x_row <= stride))
        return DLCORE_OK;
    return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                       "predict: x and y_pred overlap: y_pred begins %zu bytes %s x, with rows of "
                       "%zu bytes every %zu",
                       (size_t)(to >= from ? to - from : from - to),
                       to >= from ? "after" : "before", y_row, stride);
}

dlcore_status dlcore_predict_tensors(const dlcore_model_t *model, const dlcore_network_t *network,
                                     const dlcore_tensor_t *x, dlcore_tensor_t *y_pred,
                                     const dlcore_predict_options_t *options)
{
    dlcore_predict_options_t chosen = options != NULL ? *options : dlcore_predict_options_default();
    dlcore_run_t run = {.model = model, .network = network, .source = {.x = x}, .y_pred = y_pred};
    dlcore_status status = dlcore_check_options(&chosen, "predict", chosen.error);

    if (status != DLCORE_OK)
        return status;
    if (model == NULL)
        return dlcore_fail(chosen.error, DLCORE_ERROR_ARGUMENT, "predict: model is NULL");
    if (network == NULL)
        network = &model->network;
    status = check_no_steps("predict", chosen.steps, chosen.error);
    if (status == DLCORE_OK)
        status = dlcore_check_built(model, "predict", chosen.error);
    if (status == DLCORE_OK)
        status = dlcore_check_inputs(network, x, chosen.error);
    if (status == DLCORE_OK)
        status = check_output(y_pred, dlcore_sample_count(x), dlcore_network_output_width(network),
                              chosen.error);
    if (status == DLCORE_OK && x != NULL && dlcore_sample_count(x) > 0 && !x->is_sparse)
        status = check_apart(x, y_pred, chosen.error);
    run.source.rows = status == DLCORE_OK ? dlcore_sample_count(x) : 0;
    if (run.source.rows == 0)
        return status;
    run.block = chosen.batch_size > 0 ? chosen.batch_size : dlcore_block_rows(run.source.rows);
    run.team = dlcore_model_acquire_team(model, dlcore_forward_work(model, x, run.source.rows));
    status = dlcore_run_predict(&run, chosen.error);
    dlcore_model_release_team(model, run.team);
    return status;
}

dlcore_status dlcore_model_predict_with(const dlcore_model_t *model, const dlcore_tensor_t *x,
                                        dlcore_tensor_t *y_pred,
                                        const dlcore_predict_options_t *options)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, dlcore_predict_tensors(model, NULL, x, y_pred, options));
}

dlcore_status dlcore_model_predict(const dlcore_model_t *model, const dlcore_tensor_t *x,
                                   dlcore_tensor_t *y_pred)
{
    return dlcore_model_predict_with(model, x, y_pred, NULL);
}

static dlcore_status test_batch(const dlcore_model_t *model, const dlcore_tensor_t *x,
                                const dlcore_tensor_t *y, const dlcore_evaluate_options_t *options,
                                dlcore_evaluation_t *result)
{
    dlcore_evaluate_options_t chosen =
        options != NULL ? *options : dlcore_evaluate_options_default();

    chosen.batch_size = x != NULL ? dlcore_size_max(1, dlcore_sample_count(x)) : 1;
    return evaluate_chosen(model, x, y, &chosen, result);
}

dlcore_status dlcore_model_test_on_batch_with(const dlcore_model_t *model, const dlcore_tensor_t *x,
                                              const dlcore_tensor_t *y,
                                              const dlcore_evaluate_options_t *options,
                                              dlcore_evaluation_t *result)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, test_batch(model, x, y, options, result));
}

dlcore_status dlcore_model_test_on_batch(const dlcore_model_t *model, const dlcore_tensor_t *x,
                                         const dlcore_tensor_t *y, dlcore_evaluation_t *result)
{
    return dlcore_model_test_on_batch_with(model, x, y, NULL, result);
}

dlcore_status dlcore_model_predict_on_batch_with(const dlcore_model_t *model,
                                                 const dlcore_tensor_t *x, dlcore_tensor_t *y_pred,
                                                 const dlcore_predict_options_t *options)
{
    dlcore_predict_options_t chosen = options != NULL ? *options : dlcore_predict_options_default();

    chosen.batch_size = x != NULL ? dlcore_sample_count(x) : 0;
    return dlcore_model_predict_with(model, x, y_pred, &chosen);
}

dlcore_status dlcore_model_predict_on_batch(const dlcore_model_t *model, const dlcore_tensor_t *x,
                                            dlcore_tensor_t *y_pred)
{
    return dlcore_model_predict_on_batch_with(model, x, y_pred, NULL);
}
