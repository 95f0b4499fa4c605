/* Area under a curve over thresholds 0 .. 1, evenly spaced or as a list, the outer two a little
 * beyond.
 *
 * A prediction is counted in the bin below the first threshold that it is not above, in float as
 * Keras finds it; sums over bins from the top are the true and false positives of a threshold.
 * keras/src/metrics/metrics_utils.py, confusion_metrics.py.
 *
 * SPDX-License-Identifier: MIT */
#include <float.h>
#include <math.h>

#include "base/name.h"
#include "nn/metric.h"

/* Thresholds, the outer two included. */
static size_t auc_thresholds(const dlcore_metric_t *metric)
{
    return metric->thresholds.count > 0 ? metric->thresholds.count + 2 : metric->num_thresholds;
}

/* How many of the thresholds but the lowest are below p. */
static size_t auc_bin(const dlcore_metric_t *metric, float p)
{
    const float *list = metric->thresholds.values;
    size_t low = 0, high = metric->thresholds.count;

    if (high == 0)
        return (size_t)fmaxf(ceilf(p * (float)(metric->num_thresholds - 1)) - 1.0f, 0.0f);
    while (low < high) {
        size_t middle = (low + high) / 2;

        if (list[middle] < p)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Bins of positives, then of negatives; with multi_label those of each unit. */
static size_t auc_length(const dlcore_metric_t *metric, size_t units)
{
    return 2 * auc_thresholds(metric) * (metric->multi_label ? units : 1);
}

static void auc_accumulate(const dlcore_metric_pass_t *pass, double *state)
{
    const dlcore_metric_t *metric = pass->metric;
    size_t count = auc_thresholds(metric);
    /* of the predictions themselves: without multi_label there is no mean to weigh */
    const float *of_units = metric->label_weights.count > 0 && !metric->multi_label
                                ? metric->label_weights.values
                                : NULL;

    for (size_t row = 0; row < pass->y->rows; row++) {
        double weight = dlcore_metric_weight(pass, row);

        for (size_t u = 0; u < pass->y->columns; u++) {
            float p = dlcore_metric_prediction(pass, row, u);
            bool positive = dlcore_metric_label(pass, row, u) != 0.0f;

            if (metric->from_logits)
                p = 1.0f / (1.0f + expf(-p));
            if (isnan(p))
                continue;
            p = fminf(fmaxf(p, 0.0f), 1.0f);
            state[(metric->multi_label ? 2 * count * u : 0) + (positive ? 0 : count) +
                  auc_bin(metric, p)] += of_units != NULL ? weight * (double)of_units[u] : weight;
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

/* What lies above a threshold, and all there is. */
typedef struct auc_counts {
    double tp, fp, positives, negatives;
} auc_counts_t;

static double share(double part, double whole)
{
    return whole > 0.0 ? part / whole : 0.0;
}

static double height_at(const dlcore_metric_t *metric, const auc_counts_t *at)
{
    return metric->curve == DLCORE_CURVE_PR ? share(at->tp, at->tp + at->fp)
                                            : share(at->tp, at->positives);
}

/* Of the rectangle between two thresholds, `low` the lower. */
static double step_area(const dlcore_metric_t *metric, const auc_counts_t *high,
                        const auc_counts_t *low)
{
    double a = height_at(metric, high), b = height_at(metric, low);
    double width = metric->curve == DLCORE_CURVE_PR ? share(low->tp - high->tp, low->positives)
                                                    : share(low->fp - high->fp, low->negatives);

    if (metric->summation == DLCORE_SUMMATION_MINORING)
        return width * fmin(a, b);
    if (metric->summation == DLCORE_SUMMATION_MAJORING)
        return width * fmax(a, b);
    return width * (0.5 * (a + b));
}

static double area_of(const dlcore_metric_t *metric, const double *state)
{
    size_t count = auc_thresholds(metric);
    const double *true_bins = state, *false_bins = state + count;
    bool davis =
        metric->curve == DLCORE_CURVE_PR && metric->summation == DLCORE_SUMMATION_INTERPOLATION;
    auc_counts_t high = {0}, low;
    double area = 0.0;

    for (size_t i = 0; i < count; i++) {
        high.positives += true_bins[i];
        high.negatives += false_bins[i];
    }
    high.tp = true_bins[count - 1];
    high.fp = false_bins[count - 1];
    for (size_t i = count - 1; i-- > 0; high = low) {
        low = high;
        low.tp += true_bins[i];
        low.fp += false_bins[i];
        area += davis ? pr_area(high.tp, high.fp, true_bins[i], false_bins[i], high.positives)
                      : step_area(metric, &high, &low);
    }
    return area;
}

static double auc_result(const dlcore_metric_t *metric, size_t units, const double *state)
{
    const float *weights = metric->label_weights.count > 0 ? metric->label_weights.values : NULL;
    double sum = 0.0, total = 0.0;

    if (!metric->multi_label)
        return area_of(metric, state);
    for (size_t u = 0; u < units; u++) {
        double weight = weights != NULL ? (double)weights[u] : 1.0;

        sum += weight * area_of(metric, state + 2 * auc_thresholds(metric) * u);
        total += weight;
    }
    return sum / total;
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

static const char *const summation_names[] = {
    [DLCORE_SUMMATION_INTERPOLATION] = "interpolation",
    [DLCORE_SUMMATION_MINORING] = "minoring",
    [DLCORE_SUMMATION_MAJORING] = "majoring",
};

enum { SUMMATION_COUNT = sizeof summation_names / sizeof summation_names[0] };

static int summation_number(const char *name)
{
    for (int i = 0; i < SUMMATION_COUNT; i++) {
        if (dlcore_name_is(name, summation_names[i]))
            return i;
    }
    return -1;
}

static const char *summation_word(int summation)
{
    return summation >= 0 && summation < SUMMATION_COUNT ? summation_names[summation] : "unknown";
}

dlcore_summation_t dlcore_summation_from_name(const char *name)
{
    return (dlcore_summation_t)summation_number(name);
}

const char *dlcore_summation_name(dlcore_summation_t summation)
{
    return summation_word((int)summation);
}

static const dlcore_setting_names_t summation_names_of = {summation_number, summation_word};

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
    {.key = "summation_method",
     .field = "summation",
     DLCORE_METRIC_SETTING(CHOICE, summation),
     .high = DLCORE_SUMMATION_MAJORING,
     .names = &summation_names_of,
     .quiet = true},
    {.key = "multi_label", DLCORE_METRIC_SETTING(BOOL, multi_label), .quiet = true},
    {.key = "thresholds", DLCORE_METRIC_SETTING(LIST, thresholds), .high = 1.0, .quiet = true},
    {.key = "label_weights",
     DLCORE_METRIC_SETTING(LIST, label_weights),
     .high = FLT_MAX,
     .quiet = true},
    {0},
};

const dlcore_metric_type_t dlcore_metric_type_auc = {
    .name = "auc",
    .class_name = "AUC",
    .labels = DLCORE_METRIC_LABELS_BITS,
    .length = auc_length,
    .rises = true,
    .settings = auc_settings,
};

const dlcore_metric_run_t dlcore_metric_run_auc = {
    .accumulate = auc_accumulate,
    .result = auc_result,
};

const dlcore_setting_key_t dlcore_auc_keys[] = {
    {"num_labels", NULL}, /* Keras makes its state by it; here units are known */
    {0},
};
