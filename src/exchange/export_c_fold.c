/* Affine steps become part of the dense step before or behind them:
 *
 *   ((x K + b) - mean) scale + offset  =  x (K scale) + ((b - mean) scale + offset)
 *   ((x - mean) scale + offset) K + b  =  (x - mean) (scale K) + (offset K + b)
 *
 * In the second, x - mean stays a step of its own where the mean is large beside the deviation:
 * x (scale K) - mean (scale K) would be a difference of large numbers.
 *
 * SPDX-License-Identifier: MIT */
#include "exchange/export_c_plan.h"

#include <math.h>

/* In deviations; up to here a mean costs less than a bit. */
#define FOLDED_MEAN_MOST 1.0

static double number_or(const double *numbers, size_t i, double absent)
{
    return numbers != NULL ? numbers[i] : absent;
}

/* An affine step behind a dense one. */
static void fold_back(dlcore_export_step_t *dense, const dlcore_export_step_t *affine)
{
    size_t units = dense->outputs;

    for (size_t u = 0; u < units; u++)
        dense->offset[u] = (dense->offset[u] - number_or(affine->mean, u, 0.0)) *
                               number_or(affine->scale, u, 1.0) +
                           number_or(affine->offset, u, 0.0);
    for (size_t i = 0; i < dense->inputs; i++) {
        for (size_t u = 0; u < units; u++)
            dense->kernel[i * units + u] *= number_or(affine->scale, u, 1.0);
    }
}

/* An affine step before a dense one; what is left of it is its mean, if any. */
static void fold_forward(dlcore_export_step_t *affine, dlcore_export_step_t *dense)
{
    size_t units = dense->outputs;
    double most = 0.0;

    for (size_t i = 0; i < affine->outputs; i++)
        most = fmax(most, fabs(number_or(affine->mean, i, 0.0) * number_or(affine->scale, i, 1.0)));
    for (size_t i = 0; i < dense->inputs; i++) {
        double scale = number_or(affine->scale, i, 1.0);
        double offset = number_or(affine->offset, i, 0.0);

        if (most <= FOLDED_MEAN_MOST)
            offset -= number_or(affine->mean, i, 0.0) * scale;
        for (size_t u = 0; u < units; u++) {
            dense->offset[u] += dense->kernel[i * units + u] * offset;
            dense->kernel[i * units + u] *= scale;
        }
    }
    if (most <= FOLDED_MEAN_MOST)
        affine->mean = NULL;
    affine->scale = affine->offset = NULL;
}

/* ((x - m) s + o - mean) scale + offset = (x - m) (s scale) + ((o - mean) scale + offset), into the
 * second, whose vectors the first lends it where it lacks one. */
static void fold_affine(dlcore_export_step_t *first, dlcore_export_step_t *second)
{
    double *scale = second->scale != NULL ? second->scale : first->scale;
    double *offset = second->offset != NULL  ? second->offset
                     : first->offset != NULL ? first->offset
                                             : second->mean;

    for (size_t i = 0; i < second->outputs; i++) {
        double s = number_or(first->scale, i, 1.0), o = number_or(first->offset, i, 0.0);
        double by = number_or(second->scale, i, 1.0);
        double shifted =
            (o - number_or(second->mean, i, 0.0)) * by + number_or(second->offset, i, 0.0);

        if (scale != NULL)
            scale[i] = s * by;
        if (offset != NULL)
            offset[i] = shifted;
    }
    second->mean = first->mean;
    second->scale = scale;
    second->offset = offset;
}

void dlcore_export_fold(dlcore_export_plan_t *plan, bool keeps_first)
{
    size_t count = 0;

    for (size_t i = 0; i < plan->count; i++) {
        dlcore_export_step_t *step = &plan->steps[i];
        dlcore_export_step_t *last = count > 0 ? &plan->steps[count - 1] : NULL;
        bool affine = step->kind == DLCORE_EXPORT_AFFINE;

        if (last != NULL && affine && last->kind == DLCORE_EXPORT_DENSE) {
            fold_back(last, step);
            continue;
        }
        if (last != NULL && last->kind == DLCORE_EXPORT_AFFINE && affine) {
            fold_affine(last, step);
            count--;
        } else if (last != NULL && last->kind == DLCORE_EXPORT_AFFINE &&
                   step->kind == DLCORE_EXPORT_DENSE && !(keeps_first && count == 1)) {
            fold_forward(last, step);
            if (last->mean == NULL)
                count--;
        }
        plan->steps[count++] = *step;
    }
    plan->count = count;
}
