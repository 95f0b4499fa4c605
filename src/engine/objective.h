/* What a model is compiled for: a loss and metrics, resolved for its last layer.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_ENGINE_OBJECTIVE_H
#define DLCORE_ENGINE_OBJECTIVE_H

#include "dlcore/metric.h"
#include "nn/loss.h"
#include "nn/metric.h"

typedef struct dlcore_objective {
    const dlcore_loss_type_t *loss;
    dlcore_loss_t loss_settings;
    bool weighted; /* samples have weights: batches of a workspace have room for them */
    dlcore_output_form_t output;
    dlcore_metric_t metrics[DLCORE_METRICS_MAX]; /* kinds resolved */
    size_t metric_count;
} dlcore_objective_t;

/* Sums over samples; divided by their number they are the loss and the metrics. */
typedef struct dlcore_sums {
    double loss;
    double metrics[DLCORE_METRICS_MAX];
    size_t samples;
} dlcore_sums_t;

static inline void dlcore_sums_add(dlcore_sums_t *sums, const dlcore_sums_t *more, size_t metrics)
{
    sums->loss += more->loss;
    sums->samples += more->samples;
    for (size_t i = 0; i < metrics; i++)
        sums->metrics[i] += more->metrics[i];
}

#endif
