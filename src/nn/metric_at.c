/* Metrics that are one rate at the best threshold where another rate is high enough: sensitivity at
 * specificity and its kin (keras/src/metrics/confusion_metrics.py).
 *
 * Thresholds lie evenly on 0 .. 1, both ends among them; a single one is 0.5. A prediction is
 * counted by the number of thresholds that it is above, in float as Keras finds it, so that states
 * are whole sums that add element by element. Rates are compared in float, as in Keras: 4 of 5 is
 * 0.8 there.
 *
 * SPDX-License-Identifier: MIT */
#include <limits.h>
#include <math.h>

#include "nn/metric.h"

/* Positives above 0, 1, ... num_thresholds thresholds; negatives likewise. */
static size_t at_length(const dlcore_metric_t *metric, size_t units)
{
    (void)units;
    return 2 * (metric->num_thresholds + 1);
}

/* The number of thresholds that p is above; none where it is NaN. */
static size_t thresholds_below(float p, size_t count)
{
    if (isnan(p))
        return 0;
    if (count == 1)
        return p > 0.5f;
    p = fminf(fmaxf(p, 0.0f), 1.0f);
    return (size_t)ceilf(p * (float)(count - 1));
}

static void at_accumulate(const dlcore_metric_pass_t *pass, double *state)
{
    const dlcore_metric_t *metric = pass->metric;
    size_t begin = metric->class_id >= 0 ? (size_t)metric->class_id : 0;
    size_t end = metric->class_id >= 0 ? begin + 1 : pass->y->columns;

    for (size_t row = 0; row < pass->y->rows; row++) {
        double weight = dlcore_metric_weight(pass, row);

        for (size_t u = begin; u < end; u++) {
            bool positive = dlcore_metric_label(pass, row, u) != 0.0f;
            float p = dlcore_metric_prediction(pass, row, u);

            state[(positive ? 0 : metric->num_thresholds + 1) +
                  thresholds_below(p, metric->num_thresholds)] += weight;
        }
    }
}

/* What is said to be positive at a threshold, and all there is. */
typedef struct at_counts {
    double true_positives, false_positives, positives, negatives;
} at_counts_t;

static double quotient(double part, double whole)
{
    return whole != 0.0 ? part / whole : 0.0;
}

static double sensitivity(const at_counts_t *counts) /* recall is another word for it */
{
    return quotient(counts->true_positives, counts->positives);
}

static double specificity(const at_counts_t *counts)
{
    return quotient(fmax(0.0, counts->negatives - counts->false_positives), counts->negatives);
}

static double precision_at(const at_counts_t *counts)
{
    return quotient(counts->true_positives, counts->true_positives + counts->false_positives);
}

typedef double (*rate_t)(const at_counts_t *counts);

/* The largest `wanted` over the thresholds at which `bound` is at least metric->at; 0 without. */
static double best_at(const dlcore_metric_t *metric, const double *state, rate_t bound,
                      rate_t wanted)
{
    size_t count = metric->num_thresholds;
    const double *positives = state, *negatives = state + count + 1;
    at_counts_t counts = {0};
    double best = 0.0;

    for (size_t i = 0; i <= count; i++) {
        counts.positives += positives[i];
        counts.negatives += negatives[i];
    }
    for (size_t i = count; i > 0; i--) { /* from the highest threshold */
        counts.true_positives += positives[i];
        counts.false_positives += negatives[i];
        if ((float)bound(&counts) >= (float)metric->at)
            best = fmax(best, wanted(&counts));
    }
    return best;
}

static double sensitivity_at_specificity(const dlcore_metric_t *metric, size_t units,
                                         const double *state)
{
    (void)units;
    return best_at(metric, state, specificity, sensitivity);
}

static double specificity_at_sensitivity(const dlcore_metric_t *metric, size_t units,
                                         const double *state)
{
    (void)units;
    return best_at(metric, state, sensitivity, specificity);
}

static double precision_at_recall(const dlcore_metric_t *metric, size_t units, const double *state)
{
    (void)units;
    return best_at(metric, state, sensitivity, precision_at);
}

static double recall_at_precision(const dlcore_metric_t *metric, size_t units, const double *state)
{
    (void)units;
    return best_at(metric, state, precision_at, sensitivity);
}

/* What it is at has no default, in Keras either: -1 is in no range. */
#define AT_SETTINGS(name, word)                       \
    static const dlcore_setting_t name[] = {          \
        {.key = "num_thresholds",                     \
         DLCORE_METRIC_SETTING(SIZE, num_thresholds), \
         .low = 1,                                    \
         .high = DLCORE_METRIC_THRESHOLDS_MAX,        \
         .value = 200},                               \
        {.key = word,                                 \
         .field = "at",                               \
         DLCORE_METRIC_SETTING(DOUBLE, at),           \
         .high = 1.0,                                 \
         .value = -1.0},                              \
        {.key = "class_id",                           \
         DLCORE_METRIC_SETTING(INT, class_id),        \
         .high = INT_MAX,                             \
         .value = -1.0,                               \
         .has_none = true,                            \
         .none = -1.0,                                \
         .quiet = true},                              \
        {0},                                          \
    }

AT_SETTINGS(at_specificity_settings, "specificity");
AT_SETTINGS(at_sensitivity_settings, "sensitivity");
AT_SETTINGS(at_recall_settings, "recall");
AT_SETTINGS(at_precision_settings, "precision");

const dlcore_metric_type_t dlcore_metric_type_sensitivity_at_specificity = {
    .name = "sensitivity_at_specificity",
    .labels = DLCORE_METRIC_LABELS_BITS,
    .length = at_length,
    .rises = true,
    .settings = at_specificity_settings,
};

const dlcore_metric_run_t dlcore_metric_run_sensitivity_at_specificity = {
    .accumulate = at_accumulate,
    .result = sensitivity_at_specificity,
};

const dlcore_metric_type_t dlcore_metric_type_specificity_at_sensitivity = {
    .name = "specificity_at_sensitivity",
    .labels = DLCORE_METRIC_LABELS_BITS,
    .length = at_length,
    .rises = true,
    .settings = at_sensitivity_settings,
};

const dlcore_metric_run_t dlcore_metric_run_specificity_at_sensitivity = {
    .accumulate = at_accumulate,
    .result = specificity_at_sensitivity,
};

const dlcore_metric_type_t dlcore_metric_type_precision_at_recall = {
    .name = "precision_at_recall",
    .labels = DLCORE_METRIC_LABELS_BITS,
    .length = at_length,
    .rises = true,
    .settings = at_recall_settings,
};

const dlcore_metric_run_t dlcore_metric_run_precision_at_recall = {
    .accumulate = at_accumulate,
    .result = precision_at_recall,
};

const dlcore_metric_type_t dlcore_metric_type_recall_at_precision = {
    .name = "recall_at_precision",
    .labels = DLCORE_METRIC_LABELS_BITS,
    .length = at_length,
    .rises = true,
    .settings = at_precision_settings,
};

const dlcore_metric_run_t dlcore_metric_run_recall_at_precision = {
    .accumulate = at_accumulate,
    .result = recall_at_precision,
};
