/* Gradients by the inputs: a training step of a network that predicts, up to its first layer.
 *
 * SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <string.h>

#include "base/error.h"
#include "base/traces.h"
#include "dlcore/steps.h"
#include "engine/network_part.h"
#include "model/evaluate.h"
#include "model/given_gradient.h"
#include "tensor/tensor.h"

static bool overlaps(const dlcore_tensor_t *a, const dlcore_tensor_t *b)
{
    uintptr_t first = (uintptr_t)a->data, second = (uintptr_t)b->data;
    size_t a_rows = a->rank > 0 ? a->shape[0] : 1, b_rows = b->rank > 0 ? b->shape[0] : 1;

    if (a->is_sparse || b->is_sparse)
        return false;
    return first < second + b_rows * b->row_stride * dlcore_dtype_size(b->dtype) &&
           second < first + a_rows * a->row_stride * dlcore_dtype_size(a->dtype);
}

/* dx can take the gradient by x, and is not what is read. */
static dlcore_status check_dx(const dlcore_tensor_t *x, const dlcore_tensor_t *y,
                              const dlcore_tensor_t *dx, dlcore_error_record_t *error)
{
    if (dx == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "input_gradients: dx is NULL");
    if (dx->dtype != DLCORE_DTYPE_FLOAT32)
        return dlcore_fail(error, DLCORE_ERROR_DTYPE, "input_gradients: dx must be float32, got %s",
                           dlcore_dtype_name(dx->dtype));
    if (dx->read_only)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "input_gradients: dx is read-only");
    if (dx->rank == 0 || dx->shape[0] != x->shape[0] || dx->row_size != x->row_size)
        return dlcore_fail(error, DLCORE_ERROR_SHAPE,
                           "input_gradients: dx must be (%zu, %zu), got %zu rows of %zu",
                           x->shape[0], x->row_size, dlcore_sample_count(dx), dx->row_size);
    if (overlaps(dx, x) || overlaps(dx, y))
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "input_gradients: dx overlaps the memory of %s",
                           overlaps(dx, x) ? "x" : "the labels or dy");
    return DLCORE_OK;
}

static void store_dx(const dlcore_matrix_t *from, dlcore_tensor_t *dx)
{
    for (size_t row = 0; row < from->rows; row++) {
        float *to = (float *)(void *)dx->data + row * dx->row_stride;

        for (size_t p = 0; p < dlcore_matrix_panels(from); p++)
            memcpy(to + p * from->panel, dlcore_matrix_at(from, row, p),
                   dlcore_matrix_panel_columns(from, p) * sizeof *to);
    }
}

/* Everything is checked. */
static dlcore_status differentiate(const dlcore_model_t *model, const dlcore_objective_t *objective,
                                   const dlcore_source_t *source, dlcore_tensor_t *dx, double *loss,
                                   dlcore_error_record_t *error)
{
    double work = 2.0 * dlcore_forward_work(model, source->x, source->rows);
    dlcore_workspace_t workspace;
    dlcore_network_t network;
    dlcore_step_t step = {
        .network = &network, .objective = objective, .workspace = &workspace, .source = *source};
    dlcore_scope_t scope;
    dlcore_status status = dlcore_network_differentiable(&model->network, &network, error);
    size_t workers;

    if (status != DLCORE_OK)
        return status;
    step.team = dlcore_model_acquire_team(model, work);
    workers = dlcore_model_workers(step.team, work);
    status = dlcore_workspace_create(&network, objective, DLCORE_WORKSPACE_TRAIN,
                                     dlcore_gather_form(&network, source->x), source->rows, workers,
                                     &workspace, error);
    if (status == DLCORE_OK) {
        scope = dlcore_scope_enter(model);
        dlcore_step_run(&step, workers);
        dlcore_scope_leave(scope);
        store_dx(&workspace.gradients[0], dx);
        if (loss != NULL)
            *loss = dlcore_sums_loss(&step.sums);
        dlcore_workspace_clear(&workspace);
    }
    dlcore_model_release_team(model, step.team);
    dlcore_network_free_differentiable(&network);
    return status;
}

static dlcore_status check_input_gradients(const dlcore_model_t *model, const dlcore_tensor_t *x,
                                           dlcore_error_record_t *error)
{
    dlcore_status status;

    if (model == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "input_gradients: model is NULL");
    status = dlcore_check_built(model, "input_gradients", error);
    return status == DLCORE_OK ? dlcore_check_samples(&model->network, x, error) : status;
}

static dlcore_status gradients_of_loss(const dlcore_model_t *model, const dlcore_tensor_t *x,
                                       const dlcore_tensor_t *y, dlcore_tensor_t *dx, double *loss,
                                       dlcore_error_record_t *error)
{
    dlcore_source_t source = {.x = x, .y = y};
    dlcore_objective_t objective;
    dlcore_status status = check_input_gradients(model, x, error);

    if (status == DLCORE_OK && !model->compiled)
        status = dlcore_fail(error, DLCORE_ERROR_STATE,
                             "input_gradients: the model is not compiled; call model_compile "
                             "first, or give the gradient of the outputs to "
                             "model_input_gradients_of");
    if (status == DLCORE_OK)
        status = dlcore_check_functions(model, "input_gradients", error);
    if (status == DLCORE_OK)
        status = dlcore_model_objective(model, &objective, error);
    if (status == DLCORE_OK)
        status = dlcore_check_labels(&model->network, &objective, x, y, error);
    if (status == DLCORE_OK)
        status = check_dx(x, y, dx, error);
    if (status != DLCORE_OK)
        return status;
    objective.metric_count = objective.first_weighted = 0;
    source.rows = dlcore_sample_count(x);
    return differentiate(model, &objective, &source, dx, loss, error);
}

static dlcore_status gradients_of_outputs(const dlcore_model_t *model, const dlcore_tensor_t *x,
                                          const dlcore_tensor_t *dy, dlcore_tensor_t *dx,
                                          dlcore_error_record_t *error)
{
    dlcore_source_t source = {.x = x, .y = dy};
    dlcore_objective_t objective;
    dlcore_status status = check_input_gradients(model, x, error);

    if (status == DLCORE_OK)
        status = dlcore_objective_set_given(&model->network, "input_gradients_of", x, dy,
                                            &objective, error);
    if (status == DLCORE_OK)
        status = check_dx(x, dy, dx, error);
    if (status != DLCORE_OK)
        return status;
    source.rows = dlcore_sample_count(x);
    return differentiate(model, &objective, &source, dx, NULL, error);
}

dlcore_status dlcore_model_input_gradients(const dlcore_model_t *model, const dlcore_tensor_t *x,
                                           const dlcore_tensor_t *y, dlcore_tensor_t *dx,
                                           double *loss, dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, gradients_of_loss(model, x, y, dx, loss, error));
}

dlcore_status dlcore_model_input_gradients_of(const dlcore_model_t *model, const dlcore_tensor_t *x,
                                              const dlcore_tensor_t *dy, dlcore_tensor_t *dx,
                                              dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, gradients_of_outputs(model, x, dy, dx, error));
}
