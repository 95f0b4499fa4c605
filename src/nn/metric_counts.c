/* Metrics that count units: precision, recall, f1_score.
 *
 * SPDX-License-Identifier: MIT */
#include <limits.h>
#include <math.h>

#include "base/name.h"
#include "nn/metric.h"

#define COUNT_EPSILON 1e-7 /* Keras's backend epsilon */
#define NOTHING (-1e10f)   /* its stand-in for no threshold */

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

static void confusion_accumulate(const dlcore_metric_pass_t *pass, double *state)
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

            if (said)
                state[positive ? TRUE_POSITIVES : FALSE_POSITIVES] += weight;
            else if (positive)
                state[FALSE_NEGATIVES] += weight;
        }
    }
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

/* ---- f1_score: the same, and the labels' sum, for each unit; labels may be shares ---- */

enum { SUPPORT = CONFUSION_LENGTH, F1_LENGTH };

static size_t f1_length(const dlcore_metric_t *metric, size_t units)
{
    (void)metric;
    return F1_LENGTH * units;
}

/* NaN when there is one. */
static float largest_of(const dlcore_metric_pass_t *pass, size_t row)
{
    float largest = dlcore_metric_prediction(pass, row, 0);

    for (size_t u = 1; u < pass->y->columns; u++) {
        float value = dlcore_metric_prediction(pass, row, u);
        largest = value > largest || isnan(value) ? value : largest;
    }
    return largest;
}

static void f1_accumulate(const dlcore_metric_pass_t *pass, double *state)
{
    bool any = pass->metric->threshold >= 0.0;
    float threshold = (float)pass->metric->threshold;

    for (size_t row = 0; row < pass->y->rows; row++) {
        double weight = dlcore_metric_weight(pass, row);
        float largest = any ? 0.0f : largest_of(pass, row);

        for (size_t u = 0; u < pass->y->columns; u++) {
            double *counts = state + F1_LENGTH * u;
            float value = dlcore_metric_prediction(pass, row, u);
            double t = (double)dlcore_metric_label(pass, row, u);
            bool said = any ? value > threshold : value >= largest && fabsf(value) > 1e-9f;

            counts[TRUE_POSITIVES] += said ? weight * t : 0.0;
            counts[FALSE_POSITIVES] += said ? weight * (1.0 - t) : 0.0;
            counts[FALSE_NEGATIVES] += said ? 0.0 : weight * t;
            counts[SUPPORT] += weight * t;
        }
    }
}

/* keras/src/metrics/f_score_metrics.py, with its epsilons */
static double f1_of(const double *counts)
{
    double precision =
        counts[TRUE_POSITIVES] / (counts[TRUE_POSITIVES] + counts[FALSE_POSITIVES] + COUNT_EPSILON);
    double recall =
        counts[TRUE_POSITIVES] / (counts[TRUE_POSITIVES] + counts[FALSE_NEGATIVES] + COUNT_EPSILON);
    return 2.0 * precision * recall / (precision + recall + COUNT_EPSILON);
}

static double f1_result(const dlcore_metric_t *metric, size_t units, const double *state)
{
    double all[F1_LENGTH] = {0.0}, mean = 0.0, weighted = 0.0;

    for (size_t u = 0; u < units; u++) {
        const double *counts = state + F1_LENGTH * u;

        for (size_t i = 0; i < F1_LENGTH; i++)
            all[i] += counts[i];
        mean += f1_of(counts) / (double)units;
        weighted += f1_of(counts) * counts[SUPPORT];
    }
    if (metric->average == DLCORE_AVERAGE_MICRO)
        return f1_of(all);
    return metric->average == DLCORE_AVERAGE_WEIGHTED ? weighted / (all[SUPPORT] + COUNT_EPSILON)
                                                      : mean;
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

static const char *const average_names[] = {[DLCORE_AVERAGE_MACRO] = "macro",
                                            [DLCORE_AVERAGE_MICRO] = "micro",
                                            [DLCORE_AVERAGE_WEIGHTED] = "weighted"};

enum { AVERAGE_COUNT = sizeof average_names / sizeof average_names[0] };

static int average_number(const char *name)
{
    for (int i = 0; i < AVERAGE_COUNT; i++) {
        if (dlcore_name_is(name, average_names[i]))
            return i;
    }
    return -1;
}

static const char *average_word(int average)
{
    return average >= 0 && average < AVERAGE_COUNT ? average_names[average] : "unknown";
}

dlcore_average_t dlcore_average_from_name(const char *name)
{
    return (dlcore_average_t)average_number(name);
}

const char *dlcore_average_name(dlcore_average_t average)
{
    return average_word((int)average);
}

static const dlcore_setting_names_t average_names_of = {average_number, average_word};

static const dlcore_setting_t f1_settings[] = {
    {.key = "threshold", /* 0 is refused by Keras, too */
     DLCORE_METRIC_SETTING(DOUBLE, threshold),
     .high = 1.0,
     .above = true,
     .value = -1.0,
     .has_none = true,
     .none = -1.0},
    {.key = "average",
     DLCORE_METRIC_SETTING(CHOICE, average),
     .high = DLCORE_AVERAGE_WEIGHTED,
     .names = &average_names_of},
    {0},
};

const dlcore_metric_type_t dlcore_metric_type_precision = {
    .name = "precision",
    .labels = DLCORE_METRIC_LABELS_BITS,
    .length = confusion_length,
    .accumulate = confusion_accumulate,
    .result = precision_result,
    .rises = true,
    .settings = counting_settings,
};

const dlcore_metric_type_t dlcore_metric_type_recall = {
    .name = "recall",
    .labels = DLCORE_METRIC_LABELS_BITS,
    .length = confusion_length,
    .accumulate = confusion_accumulate,
    .result = recall_result,
    .rises = true,
    .settings = counting_settings,
};

const dlcore_metric_type_t dlcore_metric_type_f1_score = {
    .name = "f1_score",
    .labels = DLCORE_METRIC_LABELS_BITS,
    .length = f1_length,
    .accumulate = f1_accumulate,
    .result = f1_result,
    .rises = true,
    .settings = f1_settings,
};

const dlcore_setting_key_t dlcore_f1_score_keys[] = {{"beta", "[1]"}, {0}};
