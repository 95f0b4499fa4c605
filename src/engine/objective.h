/* What a model is compiled for: a loss and metrics, resolved for its last layer.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_ENGINE_OBJECTIVE_H
#define DLCORE_ENGINE_OBJECTIVE_H

#include "system/compiler.h"

#include <stdbool.h>
#include <stddef.h>

#include "dlcore/metric.h"
#include "nn/loss.h"
#include "nn/metric.h"

DLCORE_HIDDEN_BEGIN

typedef struct dlcore_objective {
    const dlcore_loss_type_t *loss;
    dlcore_loss_t loss_settings;
    bool weighted; /* samples have weights: batches of a workspace have room for them */
    dlcore_output_form_t output;
    size_t units;
    size_t label_width; /* of labels that are values: units, or as a function of the user's says */
    size_t metric_count;
    size_t first_weighted; /* metrics from here on use the weights of samples */
    /* Kinds resolved; weighted ones last. What is behind metric_count of them is not set: clearing
     * 3 KB took a tenth of a step of a small network. */
    dlcore_metric_t metrics[DLCORE_METRICS_MAX];
} dlcore_objective_t;

/* Whether two are the same, but for `weighted` and names. */
bool dlcore_objective_is_same(const dlcore_objective_t *a, const dlcore_objective_t *b);

/* Whether the loss or a metric is a function of the user's (nn/function.h), and whether one of
 * them wants whole batches on the calling thread. */
bool dlcore_objective_calls_functions(const dlcore_objective_t *objective);
bool dlcore_objective_is_called_once(const dlcore_objective_t *objective);

/* Doubles that the states of all metrics take; 0 without metrics, SIZE_MAX where there are too
 * many. */
size_t dlcore_objective_states(const dlcore_objective_t *objective);

DLCORE_HIDDEN_END

#endif
