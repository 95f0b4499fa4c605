/* Area under a curve over thresholds 0 .. 1, evenly spaced, the outer two a little beyond.
 *
 * A prediction is counted in the bin below the first threshold that it is not above, in float as
 * Keras finds it; sums over bins from the top are the true and false positives of a threshold.
 * keras/src/metrics/metrics_utils.py, confusion_metrics.py.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "base/name.h"
#include "nn/metric.h"

/* Bins of positives, then of negatives. */
static size_t auc_length(const dlcore_metric_t *metric, size_t units)
{
    (void)units;
    return 2 * metric->num_thresholds;
}

static void auc_accumulate(const dlcore_metric_pass_t *pass, double *state)
{
    size_t count = pass->metric->num_thresholds;
    float intervals = (float)(count - 1);

    for (size_t row = 0; row < pass->y->rows; row++) {
        double weight = dlcore_metric_weight(pass, row);

        for (size_t u = 0; u < pass->y->columns; u++) {
            float p = dlcore_metric_prediction(pass, row, u), bin;
            bool positive = dlcore_metric_label(pass, row, u) != 0.0f;

            if (pass->metric->from_logits)
                p = 1.0f / (1.0f + expf(-p));
            if (isnan(p))
                continue;
            p = fminf(fmaxf(p, 0.0f), 1.0f);
            bin = fmaxf(ceilf(p * intervals) - 1.0f, 0.0f);
            state[(positive ? 0 : count) + (size_t)bin] += weight;
        }
    }
}

/* Between two thresholds, from the higher one's counts to the lower one's: Davis and Goadrich 2006,
 * where precision is not linear in recall. */
static double pr_area(double tp, double fp, double more_tp, double more_fp, double positives)
{
    double said = tp + fp, more = more_tp + more_fp, slope, intercept, growth;

    if (!(more > 0.0) || !(positives > 0.0))
        return 0.0;
    slope = more_tp / more;
    intercept = tp - slope * said;
    growth = said > 0.0 ? log1p(more / said) : 0.0; /* of what is said to be positive */
    return slope * (more_tp + intercept * growth) / positives;
}

static double auc_result(const dlcore_metric_t *metric, size_t units, const double *state)
{
    size_t count = metric->num_thresholds;
    const double *true_bins = state, *false_bins = state + count;
    double positives = 0.0, negatives = 0.0, tp, fp, area = 0.0;

    (void)units;
    for (size_t i = 0; i < count; i++) {
        positives += true_bins[i];
        negatives += false_bins[i];
    }
    tp = true_bins[count - 1];
    fp = false_bins[count - 1];
    for (size_t i = count - 1; i-- > 0;) {
        double more_tp = true_bins[i], more_fp = false_bins[i];

        if (metric->curve == DLCORE_CURVE_PR)
            area += pr_area(tp, fp, more_tp, more_fp, positives);
        else if (positives > 0.0 && negatives > 0.0)
            area += more_fp / negatives * ((tp + 0.5 * more_tp) / positives);
        tp += more_tp;
        fp += more_fp;
    }
    return area;
}

static const char *const curve_names[] = {[DLCORE_CURVE_ROC] = "ROC", [DLCORE_CURVE_PR] = "PR"};

enum { CURVE_COUNT = sizeof curve_names / sizeof curve_names[0] };

static int curve_number(const char *name)
{
    for (int i = 0; i < CURVE_COUNT; i++) {
        if (dlcore_name_is(name, curve_names[i]))
            return i;
    }
    return -1;
}

static const char *curve_word(int curve)
{
    return curve >= 0 && curve < CURVE_COUNT ? curve_names[curve] : "unknown";
}

dlcore_curve_t dlcore_curve_from_name(const char *name)
{
    return (dlcore_curve_t)curve_number(name);
}

const char *dlcore_curve_name(dlcore_curve_t curve)
{
    return curve_word((int)curve);
}

static const dlcore_setting_names_t curve_names_of = {curve_number, curve_word};

static const dlcore_setting_t auc_settings[] = {
    {.key = "from_logits", DLCORE_METRIC_SETTING(BOOL, from_logits)},
    {.key = "curve",
     DLCORE_METRIC_SETTING(CHOICE, curve),
     .high = DLCORE_CURVE_PR,
     .names = &curve_names_of},
    {.key = "num_thresholds",
     DLCORE_METRIC_SETTING(SIZE, num_thresholds),
     .low = 2,
     .high = DLCORE_METRIC_THRESHOLDS_MAX,
     .value = 200},
    {0},
};

const dlcore_metric_type_t dlcore_metric_type_auc = {
    .name = "auc",
    .class_name = "AUC",
    .labels = DLCORE_METRIC_LABELS_BITS,
    .length = auc_length,
    .accumulate = auc_accumulate,
    .result = auc_result,
    .rises = true,
    .settings = auc_settings,
};

const dlcore_setting_key_t dlcore_auc_keys[] = {
    {"summation_method", "[\"interpolation\"]"},
    {"thresholds", "[null]"},
    {"multi_label", "[false]"},
    {"num_labels", "[null]"},
    {"label_weights", "[null]"},
    {0},
};
