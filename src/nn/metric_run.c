/* How a batch goes into a metric's state, and a result comes out.
 *
 * SPDX-License-Identifier: MIT */
#include "nn/function.h"
#include "nn/loss_masked.h"
#include "nn/metric.h"

static const dlcore_metric_run_t *const metric_runs[] = {NULL,
#define DLCORE_METRIC_RUN_ROW(kind, name, keys) [DLCORE_METRIC_##kind] = &dlcore_metric_run_##name,
                                                         DLCORE_METRIC_KINDS(DLCORE_METRIC_RUN_ROW)
#undef DLCORE_METRIC_RUN_ROW
};

const dlcore_metric_run_t *dlcore_metric_run(dlcore_metric_kind_t kind)
{
    return metric_runs[kind];
}

/* A row's metric of elements: the mean of those that are present. */
static float masked_metric_row(const dlcore_metric_pass_t *pass, size_t row)
{
    const dlcore_matrix_t *y = pass->y;
    float total = 0.0f;

    for (size_t u = 0; u < y->columns; u++) {
        dlcore_matrix_t at = {.data = dlcore_matrix_at(y, row, u / y->panel) + u % y->panel,
                              .rows = 1,
                              .columns = 1,
                              .panel = y->panel,
                              .panel_stride = y->panel_stride};
        dlcore_labels_t label = {
            .values = pass->labels->values + row * pass->labels->width + u, .width = 1, .units = 1};
        dlcore_metric_pass_t one = *pass;

        one.y = &at;
        one.labels = &label;
        if (dlcore_label_weight(pass->labels, row, u, false) != 0.0f)
            total += dlcore_metric_run(pass->metric->kind)->row(&one, 0);
    }
    return dlcore_label_mean(pass->labels, row, total / (float)y->columns);
}

static void masked_metric_rows(const dlcore_metric_pass_t *pass, size_t begin, size_t end,
                               float *values)
{
    const dlcore_metric_type_t *type = dlcore_metric_type(pass->metric->kind);
    dlcore_loss_t loss = dlcore_metric_loss(pass->metric);
    dlcore_loss_pass_t rows = {
        .kernels = pass->kernels,
        .training_kernels = pass->training_kernels,
        .loss = &loss,
        .output = loss.from_logits ? DLCORE_OUTPUT_LOGITS : DLCORE_OUTPUT_PREDICTIONS,
        .y = pass->y,
        .labels = pass->labels,
        .row_loss = values,
    };

    if (type->loss != DLCORE_LOSS_UNKNOWN)
        dlcore_loss_masked_rows(dlcore_loss_row_of(dlcore_loss_type(loss.kind), loss.kind), &rows,
                                dlcore_loss_smoothing(&loss, pass->y->columns), begin, end, false);
    for (size_t row = begin; row < end; row++)
        values[row] = type->loss != DLCORE_LOSS_UNKNOWN
                          ? dlcore_label_mean(pass->labels, row, values[row])
                          : masked_metric_row(pass, row);
}

void dlcore_metric_rows(const dlcore_metric_pass_t *pass, size_t begin, size_t end, float *values)
{
    const dlcore_metric_type_t *type = dlcore_metric_type(pass->metric->kind);
    dlcore_loss_t loss = dlcore_metric_loss(pass->metric);

    if (pass->metric->kind == DLCORE_METRIC_FUNCTION) {
        pass->metric->function.type->metric_rows(pass, begin, end, values);
        return;
    }
    if (dlcore_mask_is_of_elements(&pass->labels->mask)) {
        masked_metric_rows(pass, begin, end, values);
        return;
    }
    if (type->loss != DLCORE_LOSS_UNKNOWN) {
        dlcore_loss_pass_t rows = {
            .kernels = pass->kernels,
            .training_kernels = pass->training_kernels,
            .loss = &loss,
            .output = loss.from_logits ? DLCORE_OUTPUT_LOGITS : DLCORE_OUTPUT_PREDICTIONS,
            .y = pass->y,
            .labels = pass->labels,
            .targets = pass->targets,
            .dy = pass->logits,
            .row_loss = values,
        };
        dlcore_loss_rows(dlcore_loss_type(loss.kind), &rows, begin, end);
        return;
    }
    for (size_t row = begin; row < end; row++)
        values[row] = dlcore_metric_run(pass->metric->kind)->row(pass, row);
}

void dlcore_metric_accumulate(const dlcore_metric_pass_t *pass, const float *values, double *state)
{
    const dlcore_metric_type_t *type = dlcore_metric_type(pass->metric->kind);

    if (!dlcore_metric_is_mean(type)) {
        dlcore_metric_run(pass->metric->kind)->accumulate(pass, state);
        return;
    }
    if (pass->weights == NULL) {
        for (size_t row = 0; row < pass->y->rows; row++)
            state[0] += (double)values[row];
        state[1] += (double)pass->y->rows;
        return;
    }
    for (size_t row = 0; row < pass->y->rows; row++) {
        state[0] += (double)values[row] * (double)pass->weights[row];
        state[1] += (double)pass->weights[row];
    }
}

void dlcore_metric_merge(const dlcore_metric_t *metric, size_t units, const double *more,
                         double *state)
{
    const dlcore_metric_run_t *run = dlcore_metric_run(metric->kind);

    if (run->merge != NULL) {
        run->merge(metric, units, more, state);
        return;
    }
    for (size_t i = 0, length = dlcore_metric_length(metric, units); i < length; i++)
        state[i] += more[i];
}

double dlcore_metric_result(const dlcore_metric_t *metric, size_t units, const double *state)
{
    const dlcore_metric_run_t *run = dlcore_metric_run(metric->kind);

    if (run->result != NULL)
        return run->result(metric, units, state);
    return state[1] != 0.0 ? state[0] / state[1] : 0.0;
}
