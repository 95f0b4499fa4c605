/* Metrics: what to watch while training. Formulas, names and defaults are Keras 3's on its
 * TensorFlow backend (keras/src/metrics), but sums are kept in double precision. Each is computed
 * over all samples, never as a mean of unequal batch means.
 *
 *     compile_options_t how = compile_options_default();
 *     how.metrics[0] = metric_default(METRIC_PRECISION);
 *     how.metrics[0].threshold = 0.8;
 *     how.metrics[1] = metric_from_name("auc");
 *     how.metric_count = 2;
 *
 * Results have Keras's names: `name` if it is set, otherwise the name of the kind. A name that
 * comes twice gets "_1", "_2" and so on; in weighted_metrics it first gets "weighted_" in front.
 * Compile refuses a name that is taken already, "loss", names that begin with "val_", and names
 * that are not UTF-8 or have control characters.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_METRIC_H
#define DLCORE_METRIC_H

#include <stdbool.h>
#include <stddef.h>

#include "api.h"
#include "function.h"

#ifdef __cplusplus
extern "C" {
#endif

/* t is y_true, p is y_pred. Unless something else is said, a metric is a mean over samples, and
 * labels are values for each unit (with one unit also integers). "Of the loss": the mean over the
 * rows of that loss, computed from the outputs. Keras goes back to the logits after a softmax or
 * sigmoid; that differs only for probabilities below 1e-7. */
typedef enum dlcore_metric_kind {
    DLCORE_METRIC_UNKNOWN = -1, /* a name that was not found: compile refuses it */
    DLCORE_METRIC_NONE = 0,     /* for model_compile: no metric but the loss; no list takes it */
    /* binary, categorical or sparse categorical accuracy, by the shapes as Keras chooses: one
     * unit: binary; integer labels: sparse; else categorical */
    DLCORE_METRIC_ACCURACY,
    DLCORE_METRIC_CATEGORICAL_ACCURACY,        /* argmax(t) == argmax(p) */
    DLCORE_METRIC_SPARSE_CATEGORICAL_ACCURACY, /* t == argmax(p), t integer */
    DLCORE_METRIC_BINARY_ACCURACY,             /* mean_u t == (p > threshold) */
    DLCORE_METRIC_MEAN_ABSOLUTE_ERROR,         /* of the loss */
    DLCORE_METRIC_MEAN_SQUARED_ERROR,          /* of the loss, and so on: */
    DLCORE_METRIC_MEAN_ABSOLUTE_PERCENTAGE_ERROR,
    DLCORE_METRIC_MEAN_SQUARED_LOGARITHMIC_ERROR,
    DLCORE_METRIC_LOG_COSH, /* "logcosh", as Keras names its metric */
    DLCORE_METRIC_KL_DIVERGENCE,
    DLCORE_METRIC_POISSON,
    DLCORE_METRIC_HINGE,
    DLCORE_METRIC_SQUARED_HINGE,
    DLCORE_METRIC_CATEGORICAL_HINGE,
    DLCORE_METRIC_CATEGORICAL_CROSSENTROPY,        /* from_logits, label_smoothing */
    DLCORE_METRIC_SPARSE_CATEGORICAL_CROSSENTROPY, /* from_logits; t integer */
    DLCORE_METRIC_BINARY_CROSSENTROPY,             /* from_logits, label_smoothing */
    /* the class of t is among the top_k largest p: fewer than top_k are larger; never where an
     * output is not finite */
    DLCORE_METRIC_TOP_K_CATEGORICAL_ACCURACY,
    DLCORE_METRIC_SPARSE_TOP_K_CATEGORICAL_ACCURACY, /* the same, t integer */
    DLCORE_METRIC_COSINE_SIMILARITY,                 /* sum t p / (|t| |p|), norms at least 1e-7 */
    DLCORE_METRIC_ROOT_MEAN_SQUARED_ERROR,
    /* 1 - residual / total sum of squares, averaged over units by `aggregation`. Labels that are
     * all equal: 1 without errors (Keras: NaN), else 0. With num_regressors k adjusted,
     * 1 - (1 - r2) (n - 1) / (n - k - 1), where n is the number of labels (samples times units, as
     * in Keras); not where n <= k + 1. */
    DLCORE_METRIC_R2_SCORE,
    /* Over all units of all samples, or those of class_id. Positive: t is not 0; p > threshold and,
     * with top_k, p is one of the top_k of its row. 0 where nothing would be divided by. */
    DLCORE_METRIC_PRECISION, /* true positives / predicted positives */
    DLCORE_METRIC_RECALL,    /* true positives / positives */
    /* 2 precision recall / (precision + recall) of each unit, averaged */
    DLCORE_METRIC_F1_SCORE,
    /* Area under `curve`, all units together or with multi_label the mean over units, summed by
     * `summation` between num_thresholds thresholds; p is clipped to 0 .. 1, NaN is left out. */
    DLCORE_METRIC_AUC,
    /* mean_u t == p, Keras's class Accuracy (the name "accuracy" stands for other classes) */
    DLCORE_METRIC_EQUAL_ACCURACY,
    /* Weights of what precision and recall count. */
    DLCORE_METRIC_TRUE_POSITIVES,
    DLCORE_METRIC_TRUE_NEGATIVES,
    DLCORE_METRIC_FALSE_POSITIVES,
    DLCORE_METRIC_FALSE_NEGATIVES,
    /* The largest of the first rate over num_thresholds thresholds at which the second is at least
     * `at`, which must be set; 0 where it is at none. Sensitivity is another word for recall;
     * specificity: true negatives / negatives. p is clipped to 0 .. 1, NaN is negative. */
    DLCORE_METRIC_SENSITIVITY_AT_SPECIFICITY,
    DLCORE_METRIC_SPECIFICITY_AT_SENSITIVITY,
    DLCORE_METRIC_PRECISION_AT_RECALL,
    DLCORE_METRIC_RECALL_AT_PRECISION,
    /* (1 + beta^2) precision recall / (beta^2 precision + recall), otherwise as f1_score */
    DLCORE_METRIC_FBETA_SCORE,
    /* Of t and p over the units of a sample, with covariance and deviations of the sample alone:
     * cov / (s_t s_p), and 2 cov / (s_t^2 + s_p^2 + (mean t - mean p)^2 + 1e-7). The first is NaN
     * where t or p are all equal. */
    DLCORE_METRIC_PEARSON_CORRELATION,
    DLCORE_METRIC_CONCORDANCE_CORRELATION,
    DLCORE_METRIC_FUNCTION /* the mean of a function of yours: dlcore/function.h */
} dlcore_metric_kind_t;

/* Of f1_score and fbeta_score over units: their mean; all counted together; their mean weighted by
 * positives. (Keras's own default, one number for each unit, is no number.) */
typedef enum dlcore_average {
    DLCORE_AVERAGE_UNKNOWN = -1,
    DLCORE_AVERAGE_MACRO = 0,
    DLCORE_AVERAGE_MICRO,
    DLCORE_AVERAGE_WEIGHTED
} dlcore_average_t;

typedef enum dlcore_curve {
    DLCORE_CURVE_UNKNOWN = -1,
    DLCORE_CURVE_ROC = 0, /* true positive rate over false positive rate */
    DLCORE_CURVE_PR       /* precision over recall, interpolated as Davis and Goadrich do */
} dlcore_curve_t;

/* The height of an area between two thresholds: their mean (but for PR); the lower; the higher. */
typedef enum dlcore_summation {
    DLCORE_SUMMATION_UNKNOWN = -1,
    DLCORE_SUMMATION_INTERPOLATION = 0,
    DLCORE_SUMMATION_MINORING,
    DLCORE_SUMMATION_MAJORING
} dlcore_summation_t;

/* Of r2_score over units: the mean, or the mean weighted by total sums of squares. */
typedef enum dlcore_aggregation {
    DLCORE_AGGREGATION_UNKNOWN = -1,
    DLCORE_AGGREGATION_UNIFORM_AVERAGE = 0,
    DLCORE_AGGREGATION_VARIANCE_WEIGHTED_AVERAGE
} dlcore_aggregation_t;

#define DLCORE_METRICS_MAX 16 /* metrics of one model, the loss not counted */
#define DLCORE_METRIC_NAME_SIZE 48
#define DLCORE_METRIC_THRESHOLDS_MAX 10000

/* Numbers of yours, borrowed until compile has copied them. In what a model answers they are its
 * own, and live until it is compiled anew. */
typedef struct dlcore_metric_list {
    size_t count; /* 0: none; at most DLCORE_METRIC_THRESHOLDS_MAX */
    const float *values;
} dlcore_metric_list_t;

/* A value descriptor: copy it, change it, nothing to free. Start from dlcore_metric_default: a
 * zeroed one has other defaults. Settings of other kinds are not looked at. */
typedef struct dlcore_metric {
    dlcore_metric_kind_t kind;
    int class_id;                 /* precision, recall, counts, a rate at another: -1, all units */
    dlcore_average_t average;     /* f1_score, fbeta_score: macro */
    dlcore_curve_t curve;         /* auc: ROC */
    dlcore_summation_t summation; /* auc: interpolation */
    dlcore_aggregation_t aggregation; /* r2_score: uniform average */
    bool multi_label;                 /* auc: false */
    bool from_logits;                 /* crossentropies, auc (of a sigmoid): false */
    /* 0 .. 1. binary_accuracy: 0.5. precision, recall and the four counts: -1, which stands for
     * 0.5, or for none with top_k; f1_score, fbeta_score: -1, none: the largest of the row is
     * positive; else above 0. */
    double threshold;
    size_t top_k; /* top_k accuracies: 5; precision, recall, counts: 0, all units */
    /* auc: 200; 2 .. DLCORE_METRIC_THRESHOLDS_MAX. A rate at another: 200; from 1, which is 0.5. */
    size_t num_thresholds;
    /* auc: in place of num_thresholds, ascending, each in 0 .. 1; the ends are added */
    dlcore_metric_list_t thresholds;
    /* auc: one for each unit, 0 or more, not all 0: weights of the mean with multi_label, else of
     * the units' predictions */
    dlcore_metric_list_t label_weights;
    size_t num_regressors;              /* r2_score: 0 */
    double at;                          /* a rate at another: -1, which is refused; 0 .. 1 */
    double beta;                        /* fbeta_score: 1; above 0 */
    double label_smoothing;             /* 0 */
    char name[DLCORE_METRIC_NAME_SIZE]; /* of the result; "": the kind's */
    dlcore_function_t function;         /* of yours */
} dlcore_metric_t;

/* The metric of that kind with Keras's defaults. */
DLCORE_API dlcore_metric_t dlcore_metric_default(dlcore_metric_kind_t kind);

/* A metric of your own: the mean over samples of what the function puts into row_values. Set
 * `name`; files find the function by it. Callbacks in mode "auto" take less of it for better. */
DLCORE_API dlcore_metric_t dlcore_metric_function(dlcore_function_call_t function, void *user);

/* By Keras name ("accuracy", "acc", "mae", "MeanSquaredError", ...; case and underscores do not
 * count), with defaults, and back to the long form. An unknown name, or NULL, gives kind
 * DLCORE_METRIC_UNKNOWN, which compile refuses. */
DLCORE_API dlcore_metric_t dlcore_metric_from_name(const char *name);
DLCORE_API const char *dlcore_metric_name(dlcore_metric_kind_t kind);

/* Likewise "macro", "micro", "weighted"; "ROC", "PR"; "interpolation", "minoring", "majoring"; and
 * "uniform_average", "variance_weighted_average". ..._UNKNOWN for an unknown name, which compile
 * refuses; "unknown" for an unknown value. */
DLCORE_API dlcore_average_t dlcore_average_from_name(const char *name);
DLCORE_API const char *dlcore_average_name(dlcore_average_t average);
DLCORE_API dlcore_curve_t dlcore_curve_from_name(const char *name);
DLCORE_API const char *dlcore_curve_name(dlcore_curve_t curve);
DLCORE_API dlcore_summation_t dlcore_summation_from_name(const char *name);
DLCORE_API const char *dlcore_summation_name(dlcore_summation_t summation);
DLCORE_API dlcore_aggregation_t dlcore_aggregation_from_name(const char *name);
DLCORE_API const char *dlcore_aggregation_name(dlcore_aggregation_t aggregation);

/* Results by name, as evaluate and train_on_batch give them. A plain struct that the caller owns.
 */
typedef struct dlcore_evaluation {
    double loss; /* of each batch, averaged over batches by their samples */
    size_t metric_count;
    struct {
        char name[64]; /* "accuracy" */
        double value;
    } metrics[DLCORE_METRICS_MAX];
} dlcore_evaluation_t;

/* The value under a name, "loss" and short names ("acc", "mae") included; NaN for a name that is
 * not there. Case and underscores count only where two names differ in nothing else. */
DLCORE_API double dlcore_evaluation_value(const dlcore_evaluation_t *evaluation, const char *name);

#ifdef __cplusplus
}
#endif

#endif
