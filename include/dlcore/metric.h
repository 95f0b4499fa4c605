/* Metrics: what to watch while training. Formulas and names are Keras's; each is a mean over
 * samples, never a mean of unequal batch means.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_METRIC_H
#define DLCORE_METRIC_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum dlcore_metric_kind {
    DLCORE_METRIC_NONE = 0, /* for model_compile: no metric but the loss */
    /* binary, categorical or sparse categorical accuracy, by the shapes as Keras chooses: one
     * unit: binary; integer labels: sparse; else categorical */
    DLCORE_METRIC_ACCURACY,
    DLCORE_METRIC_CATEGORICAL_ACCURACY,        /* argmax(y_true) == argmax(y_pred) */
    DLCORE_METRIC_SPARSE_CATEGORICAL_ACCURACY, /* y_true == argmax(y_pred) */
    DLCORE_METRIC_BINARY_ACCURACY,             /* mean_u y_true == (y_pred > threshold) */
    DLCORE_METRIC_MEAN_ABSOLUTE_ERROR,         /* mean_u |y_true - y_pred| */
    DLCORE_METRIC_MEAN_SQUARED_ERROR           /* mean_u (y_true - y_pred)^2 */
} dlcore_metric_kind_t;

#define DLCORE_METRICS_MAX 16 /* metrics of one model, the loss not counted */

/* A value descriptor: copy it, change it, nothing to free. */
typedef struct dlcore_metric {
    dlcore_metric_kind_t kind;
    double threshold; /* binary_accuracy: default 0.5 */
} dlcore_metric_t;

/* The metric of that kind with Keras's defaults. */
dlcore_metric_t dlcore_metric_default(dlcore_metric_kind_t kind);

/* By Keras string name ("accuracy", "acc", "mae", ...), with defaults, and back to the long form.
 * An unknown name, or NULL, gives kind DLCORE_METRIC_NONE, which a metric list refuses. */
dlcore_metric_t dlcore_metric_from_name(const char *name);
const char *dlcore_metric_name(dlcore_metric_kind_t kind);

/* Results by name, as evaluate and train_on_batch give them. A plain struct that the caller owns.
 */
typedef struct dlcore_evaluation {
    double loss; /* mean over the samples */
    size_t metric_count;
    struct {
        char name[64]; /* "accuracy" */
        double value;  /* mean over the samples */
    } metrics[DLCORE_METRICS_MAX];
} dlcore_evaluation_t;

/* The value under a name, "loss" included; NaN for a name that is not there. */
double dlcore_evaluation_value(const dlcore_evaluation_t *evaluation, const char *name);

#ifdef __cplusplus
}
#endif

#endif
