/* F scores: (1 + beta^2) precision recall / (beta^2 precision + recall) of each unit, averaged
 * (keras/src/metrics/f_score_metrics.py, with its epsilons).
 *
 * Labels may be shares, so that what is counted for a unit are sums of them.
 *
 * SPDX-License-Identifier: MIT */
#include <float.h>
#include <math.h>

#include "base/name.h"
#include "nn/metric.h"

#define FBETA_EPSILON 1e-7 /* Keras's backend epsilon */

enum { FBETA_TRUE_POSITIVES, FBETA_FALSE_POSITIVES, FBETA_FALSE_NEGATIVES, SUPPORT, FBETA_LENGTH };

static size_t fbeta_length(const dlcore_metric_t *metric, size_t units)
{
    (void)metric;
    return FBETA_LENGTH * units;
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

static void fbeta_accumulate(const dlcore_metric_pass_t *pass, double *state)
{
    bool any = pass->metric->threshold >= 0.0;
    float threshold = (float)pass->metric->threshold;

    for (size_t row = 0; row < pass->y->rows; row++) {
        double weight = dlcore_metric_weight(pass, row);
        float largest = any ? 0.0f : largest_of(pass, row);

        for (size_t u = 0; u < pass->y->columns; u++) {
            double *counts = state + FBETA_LENGTH * u;
            float value = dlcore_metric_prediction(pass, row, u);
            double t = (double)dlcore_metric_label(pass, row, u);
            bool said = any ? value > threshold : value >= largest && fabsf(value) > 1e-9f;

            counts[FBETA_TRUE_POSITIVES] += said ? weight * t : 0.0;
            counts[FBETA_FALSE_POSITIVES] += said ? weight * (1.0 - t) : 0.0;
            counts[FBETA_FALSE_NEGATIVES] += said ? 0.0 : weight * t;
            counts[SUPPORT] += weight * t;
        }
    }
}

static double fbeta_of(const double *counts, double beta)
{
    double found = counts[FBETA_TRUE_POSITIVES], square = beta * beta;
    double precision = found / (found + counts[FBETA_FALSE_POSITIVES] + FBETA_EPSILON);
    double recall = found / (found + counts[FBETA_FALSE_NEGATIVES] + FBETA_EPSILON);

    return (1.0 + square) * precision * recall / (square * precision + recall + FBETA_EPSILON);
}

static double averaged(const dlcore_metric_t *metric, size_t units, const double *state,
                       double beta)
{
    double all[FBETA_LENGTH] = {0.0}, mean = 0.0, weighted = 0.0;

    for (size_t u = 0; u < units; u++) {
        const double *counts = state + FBETA_LENGTH * u;

        for (size_t i = 0; i < FBETA_LENGTH; i++)
            all[i] += counts[i];
        mean += fbeta_of(counts, beta) / (double)units;
        weighted += fbeta_of(counts, beta) * counts[SUPPORT];
    }
    if (metric->average == DLCORE_AVERAGE_MICRO)
        return fbeta_of(all, beta);
    return metric->average == DLCORE_AVERAGE_WEIGHTED ? weighted / (all[SUPPORT] + FBETA_EPSILON)
                                                      : mean;
}

static double f1_result(const dlcore_metric_t *metric, size_t units, const double *state)
{
    return averaged(metric, units, state, 1.0);
}

static double fbeta_result(const dlcore_metric_t *metric, size_t units, const double *state)
{
    return averaged(metric, units, state, metric->beta);
}

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

/* 0 is refused by Keras, too, and numbers that are no float. */
#define FBETA_THRESHOLD                                                                           \
    {                                                                                             \
        .key = "threshold", DLCORE_METRIC_SETTING(DOUBLE, threshold), .high = 1.0, .above = true, \
        .value = -1.0, .has_none = true, .none = -1.0, .with_point = true                         \
    }
#define FBETA_AVERAGE                                                                              \
    {                                                                                              \
        .key = "average", DLCORE_METRIC_SETTING(CHOICE, average), .high = DLCORE_AVERAGE_WEIGHTED, \
        .names = &average_names_of                                                                 \
    }

static const dlcore_setting_t f1_settings[] = {FBETA_THRESHOLD, FBETA_AVERAGE, {0}};

static const dlcore_setting_t fbeta_settings[] = {
    FBETA_AVERAGE,
    {.key = "beta",
     DLCORE_METRIC_SETTING(DOUBLE, beta),
     .low = FLT_MIN,
     .high = FLT_MAX,
     .value = 1.0,
     .with_point = true},
    FBETA_THRESHOLD,
    {0},
};

const dlcore_metric_type_t dlcore_metric_type_f1_score = {
    .name = "f1_score",
    .labels = DLCORE_METRIC_LABELS_BITS,
    .length = fbeta_length,
    .rises = true,
    .settings = f1_settings,
};

const dlcore_metric_run_t dlcore_metric_run_f1_score = {
    .accumulate = fbeta_accumulate,
    .result = f1_result,
};

const dlcore_metric_type_t dlcore_metric_type_fbeta_score = {
    .name = "fbeta_score",
    .class_name = "FBetaScore",
    .labels = DLCORE_METRIC_LABELS_BITS,
    .length = fbeta_length,
    .rises = true,
    .settings = fbeta_settings,
};

const dlcore_metric_run_t dlcore_metric_run_fbeta_score = {
    .accumulate = fbeta_accumulate,
    .result = fbeta_result,
};

const dlcore_setting_key_t dlcore_f1_score_keys[] = {{"beta", "[1]"}, {0}};
