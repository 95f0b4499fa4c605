/* Comparing what models are compiled for.
 *
 * SPDX-License-Identifier: MIT */
#include "engine/objective.h"

#include "base/size.h"
#include "nn/function.h"

static bool is_same_loss(const dlcore_loss_t *a, const dlcore_loss_t *b)
{
    return a->kind == b->kind && a->from_logits == b->from_logits &&
           a->label_smoothing == b->label_smoothing && a->delta == b->delta &&
           a->gamma == b->gamma && a->alpha == b->alpha && a->beta == b->beta &&
           a->apply_class_balancing == b->apply_class_balancing && a->per_sample == b->per_sample &&
           a->reduction == b->reduction && a->label_width == b->label_width &&
           a->missing_labels == b->missing_labels && a->weighted_labels == b->weighted_labels &&
           a->ignores_class == b->ignores_class && a->ignore_class == b->ignore_class &&
           dlcore_function_is_same(&a->function, &b->function);
}

static bool is_same_list(const dlcore_metric_list_t *a, const dlcore_metric_list_t *b)
{
    return a->count == b->count && (a->count == 0 || a->values == b->values);
}

static bool is_same_metric(const dlcore_metric_t *a, const dlcore_metric_t *b)
{
    return a->kind == b->kind && a->threshold == b->threshold && a->top_k == b->top_k &&
           a->class_id == b->class_id && a->average == b->average && a->curve == b->curve &&
           a->num_thresholds == b->num_thresholds && a->summation == b->summation &&
           is_same_list(&a->thresholds, &b->thresholds) &&
           is_same_list(&a->label_weights, &b->label_weights) && a->multi_label == b->multi_label &&
           a->at == b->at && a->beta == b->beta && a->aggregation == b->aggregation &&
           a->num_regressors == b->num_regressors && a->from_logits == b->from_logits &&
           a->label_smoothing == b->label_smoothing &&
           dlcore_function_is_same(&a->function, &b->function);
}

bool dlcore_objective_is_same(const dlcore_objective_t *a, const dlcore_objective_t *b)
{
    if (a->loss != b->loss || !is_same_loss(&a->loss_settings, &b->loss_settings) ||
        a->output != b->output || a->units != b->units || a->metric_count != b->metric_count ||
        a->first_weighted != b->first_weighted)
        return false;
    for (size_t i = 0; i < a->metric_count; i++) {
        if (!is_same_metric(&a->metrics[i], &b->metrics[i]))
            return false;
    }
    return true;
}

size_t dlcore_objective_states(const dlcore_objective_t *objective)
{
    size_t length = 0;

    for (size_t i = 0; i < objective->metric_count; i++) {
        if (!dlcore_size_add(length, dlcore_metric_length(&objective->metrics[i], objective->units),
                             &length))
            return SIZE_MAX;
    }
    return length;
}

bool dlcore_objective_calls_functions(const dlcore_objective_t *objective)
{
    for (size_t i = 0; i < objective->metric_count; i++) {
        if (objective->metrics[i].kind == DLCORE_METRIC_FUNCTION)
            return true;
    }
    return dlcore_loss_is_function(objective->loss_settings.kind);
}

bool dlcore_objective_is_called_once(const dlcore_objective_t *objective)
{
    for (size_t i = 0; i < objective->metric_count; i++) {
        if (dlcore_metric_is_called_once(&objective->metrics[i]))
            return true;
    }
    return dlcore_loss_is_called_once(&objective->loss_settings);
}
