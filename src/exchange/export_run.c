/* The steps of an exported network, computed here in float with sums in double: for calibrating,
 * and for what an int8 file computes in float.
 *
 * SPDX-License-Identifier: MIT */
#include "exchange/export_int8.h"

#include <math.h>
#include <string.h>

#include "base/size.h"
#include "nn/softmax.h"

size_t dlcore_export_widest(const dlcore_export_plan_t *plan)
{
    size_t widest = plan->inputs;

    for (size_t i = 0; i < plan->count; i++)
        widest = dlcore_size_max(widest, plan->steps[i].outputs);
    return widest;
}

static double vector_or(const double *numbers, size_t i, double absent)
{
    return numbers != NULL ? numbers[i] : absent;
}

static void run_dense(const dlcore_export_step_t *step, const float *x, float *y, double *sums)
{
    size_t units = step->outputs;

    memcpy(sums, step->offset, units * sizeof *sums);
    for (size_t i = 0; i < step->inputs; i++) {
        const double *row = step->kernel + i * units;

        for (size_t u = 0; u < units && fabsf(x[i]) > 0.0f; u++)
            sums[u] += row[u] * (double)x[i];
    }
    for (size_t u = 0; u < units; u++)
        y[u] = (float)sums[u];
}

static void run_row_norm(const dlcore_export_step_t *step, const float *x, float *y)
{
    bool centers = step->norm == DLCORE_EXPORT_NORM_LAYER;
    double mean = 0.0, squares = 0.0, n = (double)step->outputs, scale;

    for (size_t i = 0; i < step->outputs && dlcore_export_has_variance(step->norm); i++)
        mean += (double)x[i] / n;
    for (size_t i = 0; i < step->outputs; i++)
        squares += ((double)x[i] - mean) * ((double)x[i] - mean) / n;
    scale = step->norm == DLCORE_EXPORT_NORM_UNIT ? fmin(1.0 / sqrt(squares * n), 1e12)
                                                  : 1.0 / sqrt(squares + step->epsilon);
    mean = centers ? mean : 0.0;
    for (size_t i = 0; i < step->outputs; i++)
        y[i] = (float)(((double)x[i] - mean) * scale * vector_or(step->scale, i, 1.0) +
                       vector_or(step->offset, i, 0.0));
}

/* softmax, or its logarithm */
static void run_softmax(float *y, size_t n, bool logarithm)
{
    double largest = (double)y[0], sum = 0.0;

    for (size_t i = 1; i < n; i++)
        largest = fmax(largest, (double)y[i]);
    for (size_t i = 0; i < n; i++)
        sum += exp((double)y[i] - largest);
    for (size_t i = 0; i < n; i++) {
        double x = (double)y[i] - largest;

        y[i] = (float)(logarithm ? x - log(sum) : exp(x) / sum);
    }
}

static void run_gated_halves(const dlcore_export_step_t *step, const float *x, float *y)
{
    for (size_t i = 0; i < step->outputs; i++)
        y[i] = (float)((double)x[i] / (1.0 + exp(-(double)x[step->outputs + i])));
}

static void run_softmax_groups(const dlcore_export_step_t *step, const float *x, float *y)
{
    memmove(y, x, step->outputs * sizeof *y);
    for (size_t i = 0; i < step->outputs; i += step->group)
        run_softmax(y + i, step->group, false);
}

static void run_activation(const dlcore_export_plan_t *plan, const dlcore_export_step_t *step,
                           const float *x, float *y)
{
    dlcore_matrix_t row = {.data = y,
                           .rows = 1,
                           .columns = step->outputs,
                           .panel = step->outputs,
                           .panel_stride = step->outputs};

    memmove(y, x, step->outputs * sizeof *y);
    if (step->activation.kind == DLCORE_ACTIVATION_SPARSEMAX ||
        step->activation.kind == DLCORE_ACTIVATION_SPARSEMAX_KERAS)
        dlcore_softmax_rows(plan->network->kernels, step->activation.kind, &row, 0, 1);
    else if (dlcore_activate_takes_rows(step->activation.kind))
        run_softmax(y, step->outputs, step->activation.kind == DLCORE_ACTIVATION_LOG_SOFTMAX);
    else
        dlcore_activate(plan->network->kernels, step->activation, y, step->outputs);
}

void dlcore_export_run_step(const dlcore_export_plan_t *plan, const dlcore_export_step_t *step,
                            const float *x, float *y, double *sums)
{
    switch (step->kind) {
    case DLCORE_EXPORT_DENSE:
        run_dense(step, x, y, sums);
        return;
    case DLCORE_EXPORT_ROW_NORM:
        run_row_norm(step, x, y);
        return;
    case DLCORE_EXPORT_GLU:
        run_gated_halves(step, x, y);
        return;
    case DLCORE_EXPORT_GROUPS:
        run_softmax_groups(step, x, y);
        return;
    case DLCORE_EXPORT_ACTIVATION:
        run_activation(plan, step, x, y);
        return;
    case DLCORE_EXPORT_PRELU:
        for (size_t i = 0; i < step->outputs; i++)
            y[i] = x[i] < 0.0f ? x[i] * (float)vector_or(step->scale, i, 1.0) : x[i];
        return;
    case DLCORE_EXPORT_AFFINE:
        for (size_t i = 0; i < step->outputs; i++)
            y[i] = (float)(((double)x[i] - vector_or(step->mean, i, 0.0)) *
                               vector_or(step->scale, i, 1.0) +
                           vector_or(step->offset, i, 0.0));
        return;
    }
}
