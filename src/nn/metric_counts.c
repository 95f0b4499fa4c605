/* Metrics that count units: precision, recall, and the four counts themselves.
 *
 * SPDX-License-Identifier: MIT */
#include <limits.h>
#include <math.h>

#include "nn/metric.h"

#define NOTHING (-1e10f) /* its stand-in for no threshold */

/* ---- precision and recall: true positives, false positives, false negatives ---- */

enum { TRUE_POSITIVES, FALSE_POSITIVES, FALSE_NEGATIVES, CONFUSION_LENGTH };

static size_t confusion_length(const dlcore_metric_t *metric, size_t units)
{
    (void)metric;
    (void)units;
    return CONFUSION_LENGTH;
}

/* The last of the k largest of a row; of equal ones the first come first. */
typedef struct edge {
    float value;
    size_t unit;
} edge_t;

static bool comes_after(float value, size_t unit, const edge_t *edge)
{
    return value < edge->value || (value == edge->value && unit > edge->unit);
}

static edge_t edge_of_top(const dlcore_metric_pass_t *pass, size_t row, size_t k)
{
    size_t units = pass->y->columns;
    edge_t edge = {.value = (float)INFINITY, .unit = 0};

    for (size_t i = 0; i < k; i++) {
        edge_t next = {.value = -(float)INFINITY, .unit = units};
        for (size_t u = 0; u < units; u++) {
            float value = dlcore_metric_prediction(pass, row, u);
            if ((i == 0 || comes_after(value, u, &edge)) && value > next.value)
                next = (edge_t){.value = value, .unit = u};
        }
        edge = next;
    }
    return edge;
}

static float threshold_of(const dlcore_metric_t *metric)
{
    if (metric->threshold >= 0.0)
        return (float)metric->threshold;
    return metric->top_k > 0 ? NOTHING : 0.5f;
}

/* One unit: whether it is positive, and said to be. */
typedef void (*count_t)(double *state, bool positive, bool said, double weight);

static void count_units(const dlcore_metric_pass_t *pass, count_t count, double *state)
{
    const dlcore_metric_t *metric = pass->metric;
    size_t begin = metric->class_id >= 0 ? (size_t)metric->class_id : 0;
    size_t end = metric->class_id >= 0 ? begin + 1 : pass->y->columns;
    float threshold = threshold_of(metric);

    for (size_t row = 0; row < pass->y->rows; row++) {
        double weight = dlcore_metric_weight(pass, row);
        edge_t edge = {.value = 0.0f};

        if (metric->top_k > 0)
            edge = edge_of_top(pass, row, metric->top_k);
        for (size_t u = begin; u < end; u++) {
            float value = dlcore_metric_prediction(pass, row, u);
            bool positive = dlcore_metric_label(pass, row, u) != 0.0f;
            bool said = value > threshold && (metric->top_k == 0 || !comes_after(value, u, &edge));

            count(state, positive, said, weight);
        }
    }
}

static void count_confusion(double *state, bool positive, bool said, double weight)
{
    if (said)
        state[positive ? TRUE_POSITIVES : FALSE_POSITIVES] += weight;
    else if (positive)
        state[FALSE_NEGATIVES] += weight;
}

static void confusion_accumulate(const dlcore_metric_pass_t *pass, double *state)
{
    count_units(pass, count_confusion, state);
}

static double share_of(double part, double rest)
{
    return part + rest != 0.0 ? part / (part + rest) : 0.0;
}

static double precision_result(const dlcore_metric_t *metric, size_t units, const double *state)
{
    (void)metric;
    (void)units;
    return share_of(state[TRUE_POSITIVES], state[FALSE_POSITIVES]);
}

static double recall_result(const dlcore_metric_t *metric, size_t units, const double *state)
{
    (void)metric;
    (void)units;
    return share_of(state[TRUE_POSITIVES], state[FALSE_NEGATIVES]);
}

/* ---- one count alone ---- */

static size_t count_length(const dlcore_metric_t *metric, size_t units)
{
    (void)metric;
    (void)units;
    return 1;
}

static double count_result(const dlcore_metric_t *metric, size_t units, const double *state)
{
    (void)metric;
    (void)units;
    return state[0];
}

static void count_true_positives(double *state, bool positive, bool said, double weight)
{
    state[0] += positive && said ? weight : 0.0;
}

static void true_positives_accumulate(const dlcore_metric_pass_t *pass, double *state)
{
    count_units(pass, count_true_positives, state);
}

static void count_true_negatives(double *state, bool positive, bool said, double weight)
{
    state[0] += !positive && !said ? weight : 0.0;
}

static void true_negatives_accumulate(const dlcore_metric_pass_t *pass, double *state)
{
    count_units(pass, count_true_negatives, state);
}

static void count_false_positives(double *state, bool positive, bool said, double weight)
{
    state[0] += !positive && said ? weight : 0.0;
}

static void false_positives_accumulate(const dlcore_metric_pass_t *pass, double *state)
{
    count_units(pass, count_false_positives, state);
}

static void count_false_negatives(double *state, bool positive, bool said, double weight)
{
    state[0] += positive && !said ? weight : 0.0;
}

static void false_negatives_accumulate(const dlcore_metric_pass_t *pass, double *state)
{
    count_units(pass, count_false_negatives, state);
}

/* threshold, top_k and class_id that are not set are Keras's None, which it does not say */
static const dlcore_setting_t counting_settings[] = {
    {.key = "thresholds",
     .field = "threshold",
     DLCORE_METRIC_SETTING(DOUBLE, threshold),
     .high = 1.0,
     .value = -1.0,
     .has_none = true,
     .none = -1.0},
    {.key = "top_k", DLCORE_METRIC_SETTING(SIZE, top_k), .has_none = true, .quiet = true},
    {.key = "class_id",
     DLCORE_METRIC_SETTING(INT, class_id),
     .high = INT_MAX,
     .value = -1.0,
     .has_none = true,
     .none = -1.0,
     .quiet = true},
    {0},
};

const dlcore_metric_type_t dlcore_metric_type_precision = {
    .name = "precision",
    .labels = DLCORE_METRIC_LABELS_BITS,
    .length = confusion_length,
    .rises = true,
    .settings = counting_settings,
};

const dlcore_metric_run_t dlcore_metric_run_precision = {
    .accumulate = confusion_accumulate,
    .result = precision_result,
};

const dlcore_metric_type_t dlcore_metric_type_recall = {
    .name = "recall",
    .labels = DLCORE_METRIC_LABELS_BITS,
    .length = confusion_length,
    .rises = true,
    .settings = counting_settings,
};

const dlcore_metric_run_t dlcore_metric_run_recall = {
    .accumulate = confusion_accumulate,
    .result = recall_result,
};

const dlcore_metric_type_t dlcore_metric_type_true_positives = {
    .name = "true_positives",
    .labels = DLCORE_METRIC_LABELS_BITS,
    .length = count_length,
    .rises = true,
    .settings = counting_settings,
};

const dlcore_metric_run_t dlcore_metric_run_true_positives = {
    .accumulate = true_positives_accumulate,
    .result = count_result,
};

const dlcore_metric_type_t dlcore_metric_type_true_negatives = {
    .name = "true_negatives",
    .labels = DLCORE_METRIC_LABELS_BITS,
    .length = count_length,
    .rises = true,
    .settings = counting_settings,
};

const dlcore_metric_run_t dlcore_metric_run_true_negatives = {
    .accumulate = true_negatives_accumulate,
    .result = count_result,
};

const dlcore_metric_type_t dlcore_metric_type_false_positives = {
    .name = "false_positives",
    .labels = DLCORE_METRIC_LABELS_BITS,
    .length = count_length,
    .settings = counting_settings,
};

const dlcore_metric_run_t dlcore_metric_run_false_positives = {
    .accumulate = false_positives_accumulate,
    .result = count_result,
};

const dlcore_metric_type_t dlcore_metric_type_false_negatives = {
    .name = "false_negatives",
    .labels = DLCORE_METRIC_LABELS_BITS,
    .length = count_length,
    .settings = counting_settings,
};

const dlcore_metric_run_t dlcore_metric_run_false_negatives = {
    .accumulate = false_negatives_accumulate,
    .result = count_result,
};
