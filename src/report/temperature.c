/* Temperature scaling: one number that makes probabilities less sure, or surer.
 *
 * Logits z are logarithms of probabilities, from which they differ by a number that softmax takes
 * out again; of one output the two classes have 0 and log(p / (1 - p)). The log loss is convex in b
 * = 1 / temperature, and its slope is the mean of sum_c p_c(b) z_c - z_y, which a bisection finds
 * the zero of.
 *
 * SPDX-License-Identifier: MIT */
#include <float.h>
#include <math.h>

#include "base/error.h"
#include "base/traces.h"
#include "report/judged.h"

#define LOWEST 1e-3 /* of temperatures, */
#define HIGHEST 1e3
#define HALVINGS 100

static double logit_of(double p)
{
    double low = (double)FLT_MIN, high = 1.0 - (double)FLT_EPSILON / 2.0;

    p = fmin(fmax(p, low), high);
    return log(p) - log1p(-p);
}

static double log_of(double p)
{
    return log(fmax(p, (double)FLT_MIN));
}

/* ---- finding it ---- */

static double slope_of_one(const dlcore_judged_t *judged, size_t sample, double b)
{
    double z = logit_of(dlcore_judged_number(judged, sample, 0));

    return z / (1.0 + exp(-b * z)) - (judged->classes[sample] == 1 ? z : 0.0);
}

static double slope_of_many(const dlcore_judged_t *judged, size_t sample, double b)
{
    double top = -(double)INFINITY, sum = 0.0, mean = 0.0;

    for (size_t u = 0; u < judged->units; u++)
        top = fmax(top, log_of(dlcore_judged_number(judged, sample, u)));
    for (size_t u = 0; u < judged->units; u++) {
        double z = log_of(dlcore_judged_number(judged, sample, u)), share = exp(b * (z - top));

        sum += share;
        mean += share * z;
    }
    return mean / sum -
           log_of(dlcore_judged_number(judged, sample, (size_t)judged->classes[sample]));
}

static double total_slope(const dlcore_judged_t *judged, double b)
{
    double sum = 0.0;

    for (size_t i = 0; i < judged->samples; i++)
        sum += judged->units == 1 ? slope_of_one(judged, i, b) : slope_of_many(judged, i, b);
    return sum;
}

static double find_temperature(const dlcore_judged_t *judged)
{
    double low = log(1.0 / HIGHEST), high = log(1.0 / LOWEST);

    for (int i = 0; i < HALVINGS; i++) {
        double middle = 0.5 * (low + high);

        if (total_slope(judged, exp(middle)) < 0.0)
            low = middle;
        else
            high = middle;
    }
    return exp(-0.5 * (low + high));
}

dlcore_status dlcore_temperature_fit(const dlcore_tensor_t *y_true, const dlcore_tensor_t *y_pred,
                                     double *temperature, dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();
    dlcore_judged_t judged;
    dlcore_status status =
        temperature != NULL
            ? dlcore_judged_make("temperature_fit", y_true, y_pred, true, &judged, error)
            : dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "temperature_fit: temperature is NULL");

    if (status == DLCORE_OK) {
        *temperature = find_temperature(&judged);
        dlcore_judged_clear(&judged);
    }
    return dlcore_traces_end(before, status);
}

/* ---- applying it ---- */

static void apply_to_row(float *row, size_t units, double b)
{
    double top = -(double)INFINITY, sum = 0.0;

    if (units == 1) {
        row[0] = (float)(1.0 / (1.0 + exp(-b * logit_of((double)row[0]))));
        return;
    }
    for (size_t u = 0; u < units; u++)
        top = fmax(top, log_of((double)row[u]));
    for (size_t u = 0; u < units; u++)
        sum += exp(b * (log_of((double)row[u]) - top));
    for (size_t u = 0; u < units; u++)
        row[u] = (float)(exp(b * (log_of((double)row[u]) - top)) / sum);
}

static dlcore_status apply(dlcore_tensor_t *y_pred, double temperature,
                           dlcore_error_record_t *error)
{
    dlcore_status status = dlcore_check_predictions("temperature_apply", y_pred, true, error);

    if (status == DLCORE_OK)
        status = dlcore_check_range("temperature_apply", "temperature", temperature,
                                    (double)FLT_MIN, (double)FLT_MAX, error);
    if (status == DLCORE_OK && y_pred->read_only)
        status =
            dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "temperature_apply: y_pred is read-only");
    for (size_t i = 0; status == DLCORE_OK && i < y_pred->shape[0]; i++)
        apply_to_row((float *)(void *)y_pred->data + i * y_pred->row_stride, y_pred->row_size,
                     1.0 / temperature);
    return status;
}

dlcore_status dlcore_temperature_apply(dlcore_tensor_t *y_pred, double temperature,
                                       dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, apply(y_pred, temperature, error));
}
