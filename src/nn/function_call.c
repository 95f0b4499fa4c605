/* Calling functions of the user's: outputs from the engine's panels to rows and back.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "nn/function.h"

/* Rows of y, contiguous; answers where the first of them is. */
static const float *copy_outputs(const dlcore_matrix_t *y, size_t begin, size_t end, float *outputs)
{
    for (size_t row = begin; row < end; row++)
        for (size_t p = 0; p < dlcore_matrix_panels(y); p++)
            memcpy(outputs + row * y->columns + p * y->panel, dlcore_matrix_at(y, row, p),
                   dlcore_matrix_panel_columns(y, p) * sizeof(float));
    return outputs + begin * y->columns;
}

static dlcore_function_batch_t batch_of(const dlcore_matrix_t *y, const dlcore_labels_t *labels,
                                        const float *weights, size_t begin, size_t end,
                                        float *outputs, float *values)
{
    dlcore_function_batch_t batch = {
        .rows = end - begin,
        .first = begin,
        .units = y->columns,
        .label_width = labels->width,
        .y_pred = copy_outputs(y, begin, end, outputs),
        .y_true = labels->values != NULL ? labels->values + begin * labels->width : NULL,
        .classes = labels->classes != NULL ? labels->classes + begin : NULL,
        .weights = weights != NULL ? weights + begin : NULL,
        .row_values = values + begin,
    };

    for (size_t row = 0; row < batch.rows; row++)
        batch.row_values[row] = NAN; /* what the function leaves out shows itself */
    return batch;
}

/* Gradients to the engine's panels, for the weight of each row; padding becomes 0. */
static void store_gradient(const dlcore_loss_pass_t *pass, size_t begin, size_t end)
{
    const dlcore_matrix_t *dy = pass->dy;

    for (size_t row = begin; row < end; row++) {
        float weight = pass->weight * (pass->weights != NULL ? pass->weights[row] : 1.0f);
        const float *from = pass->slopes + row * dy->columns;

        for (size_t p = 0; p < dlcore_matrix_panels(dy); p++, from += dy->panel) {
            size_t used = dlcore_matrix_panel_columns(dy, p);
            float *to = dlcore_matrix_at(dy, row, p);

            for (size_t i = 0; i < used; i++)
                to[i] = from[i] * weight;
            memset(to + used, 0, (dy->panel - used) * sizeof *to);
        }
    }
}

static void loss_rows(const dlcore_loss_pass_t *pass, size_t begin, size_t end)
{
    const dlcore_function_t *function = &pass->loss->function;
    size_t units = pass->y->columns;
    dlcore_function_batch_t batch;

    if (begin == end)
        return;
    batch = batch_of(pass->y, pass->labels, pass->weights, begin, end, pass->rows, pass->row_loss);
    batch.first += pass->first_row;
    if (pass->gradient) {
        batch.gradient = pass->slopes + begin * units;
        memset(batch.gradient, 0, batch.rows * units * sizeof(float));
    }
    function->call(&batch, function->user);
    if (pass->gradient)
        store_gradient(pass, begin, end);
    for (size_t row = begin; pass->weights != NULL && row < end; row++)
        pass->row_loss[row] *= pass->weights[row];
}

static void metric_rows(const dlcore_metric_pass_t *pass, size_t begin, size_t end, float *values)
{
    const dlcore_function_t *function = &pass->metric->function;
    dlcore_function_batch_t batch;

    if (begin == end)
        return;
    batch = batch_of(pass->y, pass->labels, pass->weights, begin, end, pass->rows, values);
    batch.first += pass->first_row;
    function->call(&batch, function->user);
}

const dlcore_function_type_t dlcore_function_given = {
    .loss_rows = loss_rows,
    .metric_rows = metric_rows,
};

static dlcore_function_t given_function(dlcore_function_call_t function, void *user)
{
    return (dlcore_function_t){.call = function, .user = user, .type = &dlcore_function_given};
}

dlcore_loss_t dlcore_loss_function(dlcore_function_call_t function, void *user)
{
    dlcore_loss_t loss = dlcore_loss_default(DLCORE_LOSS_FUNCTION);

    loss.function = given_function(function, user);
    return loss;
}

dlcore_loss_t dlcore_loss_sparse_function(dlcore_function_call_t function, void *user)
{
    dlcore_loss_t loss = dlcore_loss_default(DLCORE_LOSS_SPARSE_FUNCTION);

    loss.function = given_function(function, user);
    return loss;
}

dlcore_metric_t dlcore_metric_function(dlcore_function_call_t function, void *user)
{
    dlcore_metric_t metric = dlcore_metric_default(DLCORE_METRIC_FUNCTION);

    metric.function = given_function(function, user);
    return metric;
}
