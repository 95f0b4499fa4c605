/* The coefficient of determination, 1 - residual / total sum of squares, as
 * keras/src/metrics/regression_metrics.py, but without its sums of labels and of their squares: the
 * difference of these two has no digits left where the labels lie far from zero.
 *
 * Instead the state has the labels' mean and their squares about the mean, brought together by
 *
 *   d = mean_b - mean_a      mean = mean_a + d w_b / w      squares = a + b + d^2 w_a w_b / w
 *
 * (Chan, Golub, LeVeque, Algorithms for computing the sample variance, 1983). A mean is a sum of
 * two doubles, so that a million batches of one row lose no digit, and labels that are all equal
 * have a total of exactly 0.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "base/name.h"
#include "nn/metric.h"

/* Of each unit; after all units the sum of weights and, with regressors, the number of labels. */
enum { R2_MEAN, R2_MEAN_REST, R2_SQUARES, R2_ERRORS, R2_LENGTH };

static size_t r2_length(const dlcore_metric_t *metric, size_t units)
{
    return R2_LENGTH * units + (metric->num_regressors > 0 ? 2 : 1);
}

/* The mean of `weight` labels moves by d w_b / w, rounded once for all that it keeps. */
static void move_mean(double *unit, double step)
{
    double sum = unit[R2_MEAN] + step, part = sum - unit[R2_MEAN];
    double lost =
        (unit[R2_MEAN] - (sum - part)) + (step - part); /* of unit + step: Knuth's TwoSum */
    double rest = unit[R2_MEAN_REST] + lost;

    unit[R2_MEAN] = sum + rest;
    unit[R2_MEAN_REST] = rest - (unit[R2_MEAN] - sum);
}

/* Labels of weight `more`, with that mean and squares, join those of weight `before`. */
static void join(double *unit, double before, double more, const double from[R2_LENGTH])
{
    double together = before + more;
    double distance = (from[R2_MEAN] - unit[R2_MEAN]) + (from[R2_MEAN_REST] - unit[R2_MEAN_REST]);

    unit[R2_ERRORS] += from[R2_ERRORS];
    if (more == 0.0)
        return;
    unit[R2_SQUARES] += from[R2_SQUARES] + distance * distance * before * (more / together);
    move_mean(unit, distance * (more / together));
}

static void r2_merge(const dlcore_metric_t *metric, size_t units, const double *more, double *state)
{
    double *weight = state + R2_LENGTH * units;

    if (metric->num_regressors > 0)
        weight[1] += more[R2_LENGTH * units + 1];
    for (size_t u = 0; u < units; u++)
        join(state + R2_LENGTH * u, *weight, more[R2_LENGTH * units], more + R2_LENGTH * u);
    *weight += more[R2_LENGTH * units];
}

static void r2_accumulate(const dlcore_metric_pass_t *pass, double *state)
{
    size_t units = pass->y->columns;
    double *sum = state + R2_LENGTH * units;

    for (size_t row = 0; row < pass->y->rows; row++) {
        double weight = dlcore_metric_weight(pass, row);

        for (size_t u = 0; u < units; u++) {
            double t = (double)dlcore_metric_label(pass, row, u);
            double error = t - (double)dlcore_metric_prediction(pass, row, u);

            join(state + R2_LENGTH * u, *sum, weight,
                 (const double[R2_LENGTH]){[R2_MEAN] = t, [R2_ERRORS] = weight * error * error});
        }
        *sum += weight;
    }
    if (pass->metric->num_regressors > 0)
        sum[1] += (double)pass->y->rows * (double)units;
}

/* Labels that are all equal have no total to explain: 1 where there are no errors (Keras: NaN),
 * else 0, as Keras has it for an infinite score. */
static double score_of(const double *unit)
{
    double score = 1.0 - unit[R2_ERRORS] / unit[R2_SQUARES];

    if (unit[R2_SQUARES] == 0.0 && unit[R2_ERRORS] == 0.0)
        return 1.0;
    return isinf(score) ? 0.0 : score;
}

/* For the regressors that a model has; as it is where there are too few labels for that. */
static double adjusted(double score, double labels, double regressors)
{
    if (!(labels - 1.0 > regressors))
        return score;
    return 1.0 - (1.0 - score) * (labels - 1.0) / (labels - regressors - 1.0);
}

static double r2_result(const dlcore_metric_t *metric, size_t units, const double *state)
{
    double score = 0.0, weights = 0.0;

    if (state[R2_LENGTH * units] == 0.0)
        return NAN;
    for (size_t u = 0; u < units; u++)
        weights += state[R2_LENGTH * u + R2_SQUARES];
    for (size_t u = 0; u < units; u++) {
        const double *unit = state + R2_LENGTH * u;
        bool weighs =
            metric->aggregation == DLCORE_AGGREGATION_VARIANCE_WEIGHTED_AVERAGE && weights > 0.0;

        score += score_of(unit) * (weighs ? unit[R2_SQUARES] / weights : 1.0 / (double)units);
    }
    return metric->num_regressors > 0
               ? adjusted(score, state[R2_LENGTH * units + 1], (double)metric->num_regressors)
               : score;
}

/* ---- earlier states: sums of labels, of their squares and of squared errors ---- */

enum { EARLIER_LABELS, EARLIER_SQUARES, EARLIER_ERRORS, EARLIER_LENGTH };

static size_t r2_earlier_length(const dlcore_metric_t *metric, size_t units)
{
    (void)metric;
    return EARLIER_LENGTH * units + 1;
}

static void r2_from_earlier(const dlcore_metric_t *metric, size_t units, const double *earlier,
                            double *state)
{
    double weight = earlier[EARLIER_LENGTH * units];

    if (metric->num_regressors > 0)
        state[R2_LENGTH * units + 1] = weight * (double)units; /* there were none then */
    for (size_t u = 0; u < units; u++, earlier += EARLIER_LENGTH) {
        double mean = weight != 0.0 ? earlier[EARLIER_LABELS] / weight : 0.0;

        state[R2_LENGTH * u + R2_MEAN] = mean;
        state[R2_LENGTH * u + R2_MEAN_REST] = 0.0;
        state[R2_LENGTH * u + R2_SQUARES] =
            fmax(0.0, earlier[EARLIER_SQUARES] - earlier[EARLIER_LABELS] * mean);
        state[R2_LENGTH * u + R2_ERRORS] = earlier[EARLIER_ERRORS];
    }
    state[R2_LENGTH * units] = weight;
}

/* ---- settings ---- */

static const char *const aggregation_names[] = {
    [DLCORE_AGGREGATION_UNIFORM_AVERAGE] = "uniform_average",
    [DLCORE_AGGREGATION_VARIANCE_WEIGHTED_AVERAGE] = "variance_weighted_average",
};

enum { AGGREGATION_COUNT = sizeof aggregation_names / sizeof aggregation_names[0] };

static int aggregation_number(const char *name)
{
    for (int i = 0; i < AGGREGATION_COUNT; i++) {
        if (dlcore_name_is(name, aggregation_names[i]))
            return i;
    }
    return -1;
}

static const char *aggregation_word(int aggregation)
{
    return aggregation >= 0 && aggregation < AGGREGATION_COUNT ? aggregation_names[aggregation]
                                                               : "unknown";
}

dlcore_aggregation_t dlcore_aggregation_from_name(const char *name)
{
    return (dlcore_aggregation_t)aggregation_number(name);
}

const char *dlcore_aggregation_name(dlcore_aggregation_t aggregation)
{
    return aggregation_word((int)aggregation);
}

static const dlcore_setting_names_t aggregation_names_of = {aggregation_number, aggregation_word};

static const dlcore_setting_t r2_settings[] = {
    {.key = "class_aggregation",
     .field = "aggregation",
     DLCORE_METRIC_SETTING(CHOICE, aggregation),
     .high = DLCORE_AGGREGATION_VARIANCE_WEIGHTED_AVERAGE,
     .names = &aggregation_names_of,
     .quiet = true},
    {.key = "num_regressors", DLCORE_METRIC_SETTING(SIZE, num_regressors), .quiet = true},
    {0},
};

const dlcore_metric_type_t dlcore_metric_type_r2_score = {
    .name = "r2_score",
    .length = r2_length,
    .rises = true,
    .settings = r2_settings,
};

const dlcore_metric_run_t dlcore_metric_run_r2_score = {
    .accumulate = r2_accumulate,
    .merge = r2_merge,
    .earlier_length = r2_earlier_length,
    .from_earlier = r2_from_earlier,
    .result = r2_result,
};
