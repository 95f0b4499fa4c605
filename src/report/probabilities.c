/* Whether probabilities can be believed: Brier score, log loss, reliability.
 *
 * SPDX-License-Identifier: MIT */
#include <float.h>
#include <math.h>

#include "base/error.h"
#include "base/traces.h"
#include "report/judged.h"

/* ---- scores ---- */

static double squares_of(const dlcore_judged_t *judged, size_t sample)
{
    double sum = 0.0;

    if (judged->units == 1) {
        double away = dlcore_judged_number(judged, sample, 0) - judged->classes[sample];
        return away * away;
    }
    for (size_t u = 0; u < judged->units; u++) {
        double away =
            dlcore_judged_number(judged, sample, u) - ((size_t)judged->classes[sample] == u);
        sum += away * away;
    }
    return sum;
}

static double surprise_of(const dlcore_judged_t *judged, size_t sample)
{
    double p = dlcore_judged_probability(judged, sample, (size_t)judged->classes[sample]);
    double low = (double)FLT_EPSILON, sum = 0.0;

    for (size_t u = 0; judged->units > 1 && u < judged->units; u++)
        sum += dlcore_judged_number(judged, sample, u);
    if (sum > 0.0)
        p /= sum;
    return -log(fmin(fmax(p, low), 1.0 - low));
}

static dlcore_status mean_score(const char *call,
                                double (*of)(const dlcore_judged_t *judged, size_t sample),
                                const dlcore_tensor_t *y_true, const dlcore_tensor_t *y_pred,
                                double *score, dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();
    dlcore_judged_t judged;
    dlcore_status status =
        score != NULL ? dlcore_judged_make(call, y_true, y_pred, true, &judged, error)
                      : dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "%s: the result is NULL", call);

    if (status == DLCORE_OK) {
        double sum = 0.0;

        for (size_t i = 0; i < judged.samples; i++)
            sum += of(&judged, i);
        *score = sum / (double)judged.samples;
        dlcore_judged_clear(&judged);
    }
    return dlcore_traces_end(before, status);
}

dlcore_status dlcore_brier_score(const dlcore_tensor_t *y_true, const dlcore_tensor_t *y_pred,
                                 double *score, dlcore_error_record_t *error)
{
    return mean_score("brier_score", squares_of, y_true, y_pred, score, error);
}

dlcore_status dlcore_log_loss(const dlcore_tensor_t *y_true, const dlcore_tensor_t *y_pred,
                              double *loss, dlcore_error_record_t *error)
{
    return mean_score("log_loss", surprise_of, y_true, y_pred, loss, error);
}

/* ---- reliability ---- */

/* The bin of a probability: edges belong to the bin below, as in scikit-learn. */
static size_t bin_of(double p, size_t bins)
{
    size_t bin = (size_t)fmax(ceil(p * (double)bins) - 1.0, 0.0);

    /* as the edges are rounded */
    while (bin > 0 && p <= (double)bin / (double)bins)
        bin--;
    while (bin + 1 < bins && p > (double)(bin + 1) / (double)bins)
        bin++;
    return bin;
}

static size_t top_class(const dlcore_judged_t *judged, size_t sample)
{
    size_t best = 0;

    for (size_t u = 1; u < judged->units; u++)
        if (dlcore_judged_number(judged, sample, u) > dlcore_judged_number(judged, sample, best))
            best = u;
    return best;
}

static void fill_bins(const dlcore_judged_t *judged, size_t positive, dlcore_reliability_t *r)
{
    double samples = (double)judged->samples;

    for (size_t i = 0; i < judged->samples; i++) {
        size_t class_number = positive == DLCORE_TOP_CLASS ? top_class(judged, i) : positive;
        double p = dlcore_judged_probability(judged, i, class_number);
        dlcore_reliability_bin_t *bin = &r->bins[bin_of(p, r->bin_count)];

        bin->count++;
        bin->predicted += p;
        bin->observed += (size_t)judged->classes[i] == class_number;
    }
    for (size_t b = 0; b < r->bin_count; b++) {
        dlcore_reliability_bin_t *bin = &r->bins[b];
        double away;

        bin->low = (double)b / (double)r->bin_count;
        bin->high = (double)(b + 1) / (double)r->bin_count;
        if (bin->count == 0) {
            bin->predicted = bin->observed = (double)NAN;
            continue;
        }
        bin->predicted /= (double)bin->count;
        bin->observed /= (double)bin->count;
        away = fabs(bin->predicted - bin->observed);
        r->calibration_error += away * (double)bin->count / samples;
        r->largest_error = fmax(r->largest_error, away);
    }
}

static dlcore_status find_reliability(const dlcore_tensor_t *y_true, const dlcore_tensor_t *y_pred,
                                      size_t positive, size_t bin_count,
                                      dlcore_reliability_t *reliability,
                                      dlcore_error_record_t *error)
{
    dlcore_judged_t judged;
    dlcore_status status;

    if (reliability == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "reliability: reliability is NULL");
    status = dlcore_check_count("reliability", "bin_count", bin_count, 1,
                                DLCORE_RELIABILITY_BINS_MAX, error);
    if (status == DLCORE_OK)
        status = dlcore_judged_make("reliability", y_true, y_pred, true, &judged, error);
    if (status != DLCORE_OK)
        return status;
    if (positive != DLCORE_TOP_CLASS || judged.units == 1)
        status = dlcore_judged_check_class("reliability", &judged, positive, error);
    if (status == DLCORE_OK) {
        *reliability = (dlcore_reliability_t){.bin_count = bin_count};
        fill_bins(&judged, positive, reliability);
    }
    dlcore_judged_clear(&judged);
    return status;
}

dlcore_status dlcore_reliability_of(const dlcore_tensor_t *y_true, const dlcore_tensor_t *y_pred,
                                    size_t positive, size_t bin_count,
                                    dlcore_reliability_t *reliability, dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(
        before, find_reliability(y_true, y_pred, positive, bin_count, reliability, error));
}
