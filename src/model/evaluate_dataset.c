/* evaluate and predict over datasets, batch by batch.
 *
 * SPDX-License-Identifier: MIT */
#include "base/allocator.h"
#include "base/error.h"
#include "math/tensor.h"
#include "model/evaluate.h"
#include "model/feed.h"
#include "model/progress.h"

static dlcore_status begin(const dlcore_dataset_t *dataset, dlcore_error_record_t *error)
{
    dlcore_error_record_t found = {0};
    dlcore_status status;

    if (dataset == NULL || dataset->begin == NULL || dataset->next == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "dataset: it, its begin or its next is NULL");
    status = dataset->begin(dataset->user, 0, 0, &found);
    if (status == DLCORE_OK)
        return status;
    return dlcore_fail(error, status, "dataset: begin: %s",
                       found.message[0] != '\0' ? found.message : dlcore_status_string(status));
}

dlcore_status dlcore_evaluate_dataset(const dlcore_run_t *run, const dlcore_dataset_t *dataset,
                                      dlcore_sums_t *sums, dlcore_error_record_t *error)
{
    const dlcore_network_t *network = &run->model->network;
    const dlcore_allocator_t *allocator = &run->model->allocator;
    dlcore_objective_t objective = *run->objective;
    dlcore_run_t each = *run;
    dlcore_sums_t more = {0};
    dlcore_status status = begin(dataset, error);

    dlcore_sums_clear(run->objective, sums);
    if (status == DLCORE_OK)
        status = dlcore_sums_create(allocator, run->objective, &more, error);
    while (status == DLCORE_OK) {
        status = dlcore_dataset_next(dataset, true, &each.source, error);
        if (status != DLCORE_OK || each.source.rows == 0)
            break;
        status = dlcore_check_samples(network, each.source.x, error);
        if (status == DLCORE_OK)
            status =
                dlcore_check_labels(network, run->objective, each.source.x, each.source.y, error);
        if (status == DLCORE_OK)
            status = dlcore_check_sample_weights("sample_weight", each.source.weights,
                                                 each.source.rows, error);
        objective.weighted = each.source.weights != NULL;
        each.objective = &objective;
        each.block = each.source.rows;
        if (status == DLCORE_OK)
            status = dlcore_run_blocks(&each, &more, error);
        if (status == DLCORE_OK)
            dlcore_sums_add(run->objective, sums, &more);
    }
    dlcore_sums_free(allocator, &more);
    if (status == DLCORE_OK && sums->samples == 0)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "dataset: a pass without a batch");
    return status;
}

dlcore_status dlcore_model_evaluate_dataset(const dlcore_model_t *model,
                                            const dlcore_dataset_t *dataset,
                                            const dlcore_evaluate_options_t *options,
                                            dlcore_evaluation_t *result)
{
    dlcore_evaluate_options_t chosen =
        options != NULL ? *options : dlcore_evaluate_options_default();
    dlcore_error_record_t *error = chosen.error;
    dlcore_objective_t objective;
    dlcore_run_t run = {.model = model, .objective = &objective};
    dlcore_sums_t sums = {0};
    dlcore_status status = dlcore_check_options(&chosen, "evaluate", error);

    if (status != DLCORE_OK)
        return status;
    if (model == NULL || result == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "evaluate: %s is NULL",
                           model == NULL ? "model" : "result");
    status = dlcore_check_built(model, "evaluate", error);
    if (status == DLCORE_OK && !model->compiled)
        status = dlcore_fail(error, DLCORE_ERROR_STATE,
                             "evaluate: the model is not compiled; model_compile comes first");
    if (status == DLCORE_OK)
        status = dlcore_model_objective(model, &objective, error);
    if (status == DLCORE_OK)
        status = dlcore_sums_create(&model->allocator, &objective, &sums, error);
    if (status != DLCORE_OK)
        return status;
    run.team = dlcore_model_acquire_team(model, dlcore_forward_work(model, chosen.batch_size));
    status = dlcore_evaluate_dataset(&run, dataset, &sums, error);
    dlcore_model_release_team(model, run.team);
    if (status == DLCORE_OK)
        dlcore_evaluation_set(model, &objective, &sums, result);
    dlcore_sums_free(&model->allocator, &sums);
    return status;
}

/* A tensor for the outputs of that many rows. */
static dlcore_status make_output(const dlcore_model_t *model, size_t rows, dlcore_tensor_t **y,
                                 dlcore_error_record_t *error)
{
    size_t shape[2] = {rows, dlcore_network_output_width(&model->network)};

    if (*y != NULL && dlcore_tensor_length(*y, 0) == rows)
        return DLCORE_OK;
    dlcore_tensor_free(*y);
    *y = NULL;
    return dlcore_tensor_create_unset(&model->allocator, DLCORE_DTYPE_FLOAT32, 2, shape, y, error);
}

dlcore_status dlcore_model_predict_dataset(const dlcore_model_t *model,
                                           const dlcore_dataset_t *dataset,
                                           dlcore_prediction_function_t take, void *user,
                                           const dlcore_predict_options_t *options)
{
    dlcore_predict_options_t chosen = options != NULL ? *options : dlcore_predict_options_default();
    dlcore_error_record_t *error = chosen.error;
    dlcore_tensor_t *y = NULL;
    dlcore_source_t source = {0};
    dlcore_status status = dlcore_check_options(&chosen, "predict", error);

    if (status == DLCORE_OK && (model == NULL || take == NULL))
        status = dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "predict: %s is NULL",
                             model == NULL ? "model" : "take");
    if (status == DLCORE_OK)
        status = dlcore_check_built(model, "predict", error);
    if (status == DLCORE_OK)
        status = begin(dataset, error);
    while (status == DLCORE_OK) {
        status = dlcore_dataset_next(dataset, false, &source, error);
        if (status != DLCORE_OK || source.rows == 0)
            break;
        status = make_output(model, source.rows, &y, error);
        if (status == DLCORE_OK)
            status = dlcore_model_predict_with(model, source.x, y, &chosen);
        if (status == DLCORE_OK)
            status = take(user, y, error);
    }
    dlcore_tensor_free(y);
    return status;
}
