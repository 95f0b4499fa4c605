/* Correlations of labels and predictions within a row, averaged over rows
 * (keras/src/metrics/correlation_metrics.py).
 *
 *   pearson:      cov / (s_t s_p)
 *   concordance:  2 cov / (s_t^2 + s_p^2 + (m_t - m_p)^2 + epsilon)
 *
 * with the means m and deviations s of a row. Sums are those of differences from the means, in
 * double, so that offsets take no digits. A row that is all equal has no correlation: NaN, as in
 * Keras.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "nn/metric.h"

#define CORRELATION_EPSILON 1e-7 /* Keras's backend epsilon */

typedef struct correlated {
    double distance; /* of the means */
    double label_squares, squares, products;
} correlated_t;

static correlated_t moments_of(const dlcore_metric_pass_t *pass, size_t row)
{
    size_t units = pass->y->columns;
    double label_mean = 0.0, mean = 0.0;
    correlated_t moments = {0};

    for (size_t u = 0; u < units; u++) {
        label_mean += (double)dlcore_metric_label(pass, row, u) / (double)units;
        mean += (double)dlcore_metric_prediction(pass, row, u) / (double)units;
    }
    moments.distance = label_mean - mean;
    for (size_t u = 0; u < units; u++) {
        double t = (double)dlcore_metric_label(pass, row, u) - label_mean;
        double p = (double)dlcore_metric_prediction(pass, row, u) - mean;

        moments.label_squares += t * t / (double)units;
        moments.squares += p * p / (double)units;
        moments.products += t * p / (double)units;
    }
    return moments;
}

static float pearson_row(const dlcore_metric_pass_t *pass, size_t row)
{
    correlated_t of = moments_of(pass, row);

    return (float)(of.products / (sqrt(of.label_squares) * sqrt(of.squares)));
}

static float concordance_row(const dlcore_metric_pass_t *pass, size_t row)
{
    correlated_t of = moments_of(pass, row);
    double whole = of.label_squares + of.squares + of.distance * of.distance;

    return (float)(2.0 * of.products / (whole + CORRELATION_EPSILON));
}

const dlcore_metric_type_t dlcore_metric_type_pearson_correlation = {
    .name = "pearson_correlation",
    .rises = true,
    .settings = dlcore_no_settings,
};

const dlcore_metric_run_t dlcore_metric_run_pearson_correlation = {
    .row = pearson_row,
};

const dlcore_metric_type_t dlcore_metric_type_concordance_correlation = {
    .name = "concordance_correlation",
    .rises = true,
    .settings = dlcore_no_settings,
};

const dlcore_metric_run_t dlcore_metric_run_concordance_correlation = {
    .row = concordance_row,
};

const dlcore_setting_key_t dlcore_correlation_keys[] = {{"axis", "[-1, 1]"}, {0}};
