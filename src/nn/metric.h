/* What a metric is to the engine: a const table, one per kind.
 *
 * A metric keeps a state, a few doubles, zero at first. What it adds for a batch depends on the
 * batch alone, and states of batches are merged in a fixed order (most by adding their elements),
 * so that results are the same however batches are spread over threads. A state can be saved and go
 * on later. Most metrics are means of something that each row has; rows are computed in parallel,
 * and the state is their sum and that of their weights.
 *
 * To add a kind: an enumerator in dlcore/metric.h, its functions in a metric_*.c, a row in
 * metric.c.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_NN_METRIC_H
#define DLCORE_NN_METRIC_H

#include "system/compiler.h"

#include "dlcore/metric.h"
#include "dlcore/status.h"
#include "kernels/kernels.h"
#include "nn/loss.h"
#include "products/matrix.h"

DLCORE_HIDDEN_BEGIN

typedef struct dlcore_metric_pass {
    const dlcore_kernels_t *kernels;
    const dlcore_metric_t *metric; /* its kind resolved: never ACCURACY */
    dlcore_matrix_t *y;            /* y_pred, (rows, units); read only */
    const dlcore_labels_t *labels;
    const float *weights; /* of the samples; NULL: all 1 */
    /* scratch for losses of dlcore_metric_loss: from_logits; dlcore_loss_changes_labels */
    dlcore_matrix_t *logits;
    float *targets;
} dlcore_metric_pass_t;

/* What y_true must be. */
typedef enum dlcore_metric_labels {
    DLCORE_METRIC_LABELS_UNITS,   /* a value for each unit */
    DLCORE_METRIC_LABELS_CLASSES, /* integers */
    DLCORE_METRIC_LABELS_BITS     /* a value for each unit, or integers for one unit */
} dlcore_metric_labels_t;

typedef struct dlcore_metric_type {
    const char *name;
    const char *short_name; /* NULL: none */
    const char *other_name; /* NULL: none */
    const char *class_name; /* of Keras, where it is not the name in capitals; else NULL */
    dlcore_metric_labels_t labels;

    /* Means of rows: the loss whose rows they are, or a function of a row. */
    dlcore_loss_kind_t loss;
    float (*row)(const dlcore_metric_pass_t *pass, size_t row);
    /* The others: doubles of the state, and adding a batch to it, rows in order. */
    size_t (*length)(const dlcore_metric_t *metric, size_t units);
    void (*accumulate)(const dlcore_metric_pass_t *pass, double *state);
    /* Adds what other rows came to; NULL: element by element. */
    void (*merge)(const dlcore_metric_t *metric, size_t units, const double *more, double *state);
    /* Files may keep a state as an earlier version had it, shorter than today's; NULL: none was. */
    size_t (*earlier_length)(const dlcore_metric_t *metric, size_t units);
    void (*from_earlier)(const dlcore_metric_t *metric, size_t units, const double *earlier,
                         double *state);
    /* NULL: state[0] / state[1], 0 where that is 0 */
    double (*result)(const dlcore_metric_t *metric, size_t units, const double *state);

    /* Settings that it has. */
    bool has_threshold, has_top_k, has_class_id, has_logits, has_smoothing;
} dlcore_metric_type_t;

/* The table of a kind; NULL for an unknown one and for NONE. */
const dlcore_metric_type_t *dlcore_metric_type(dlcore_metric_kind_t kind);

/* The kind that ACCURACY stands for with these labels and units, as Keras chooses; any other kind
 * is answered as it is. */
dlcore_metric_kind_t dlcore_metric_resolve(dlcore_metric_kind_t kind, dlcore_label_form_t labels,
                                           size_t units);

/* What does not depend on the model: settings in range, and a name that can be had. */
dlcore_status dlcore_metric_check(const dlcore_metric_t *metric, dlcore_error_record_t *error);
/* Likewise, and an error also when the (resolved) metric cannot be had from such labels and units;
 * units 0: not known yet, an error when it cannot be had whatever they are. */
dlcore_status dlcore_metric_validate(const dlcore_metric_t *metric, dlcore_label_form_t labels,
                                     size_t units, dlcore_error_record_t *error);

/* Whether each row has a value of its own. */
static inline bool dlcore_metric_is_mean(const dlcore_metric_type_t *type)
{
    return type->accumulate == NULL;
}

/* The loss, with its settings, whose mean the metric is; kind UNKNOWN for others. */
dlcore_loss_t dlcore_metric_loss(const dlcore_metric_t *metric);

/* Of a mean: values of rows begin .. end-1, unweighted, to values[begin] .. values[end-1]. */
void dlcore_metric_rows(const dlcore_metric_pass_t *pass, size_t begin, size_t end, float *values);

/* Doubles of the state. */
size_t dlcore_metric_length(const dlcore_metric_t *metric, size_t units);
/* Adds a batch; of a mean, from the rows' values. */
void dlcore_metric_accumulate(const dlcore_metric_pass_t *pass, const float *values, double *state);
void dlcore_metric_merge(const dlcore_metric_t *metric, size_t units, const double *more,
                         double *state);
double dlcore_metric_result(const dlcore_metric_t *metric, size_t units, const double *state);

/* ---- the functions of the kinds: metric_rows.c, metric_counts.c, metric_r2.c, metric_auc.c ----
 */

float dlcore_metric_categorical_accuracy(const dlcore_metric_pass_t *pass, size_t row);
float dlcore_metric_sparse_categorical_accuracy(const dlcore_metric_pass_t *pass, size_t row);
float dlcore_metric_binary_accuracy(const dlcore_metric_pass_t *pass, size_t row);
float dlcore_metric_top_k(const dlcore_metric_pass_t *pass, size_t row);
float dlcore_metric_sparse_top_k(const dlcore_metric_pass_t *pass, size_t row);
float dlcore_metric_cosine(const dlcore_metric_pass_t *pass, size_t row);
double dlcore_metric_root_of_mean(const dlcore_metric_t *metric, size_t units, const double *state);

size_t dlcore_metric_confusion_length(const dlcore_metric_t *metric, size_t units);
void dlcore_metric_confusion_accumulate(const dlcore_metric_pass_t *pass, double *state);
double dlcore_metric_precision_result(const dlcore_metric_t *metric, size_t units,
                                      const double *state);
double dlcore_metric_recall_result(const dlcore_metric_t *metric, size_t units,
                                   const double *state);
size_t dlcore_metric_f1_length(const dlcore_metric_t *metric, size_t units);
void dlcore_metric_f1_accumulate(const dlcore_metric_pass_t *pass, double *state);
double dlcore_metric_f1_result(const dlcore_metric_t *metric, size_t units, const double *state);

size_t dlcore_metric_r2_length(const dlcore_metric_t *metric, size_t units);
void dlcore_metric_r2_accumulate(const dlcore_metric_pass_t *pass, double *state);
void dlcore_metric_r2_merge(const dlcore_metric_t *metric, size_t units, const double *more,
                            double *state);
double dlcore_metric_r2_result(const dlcore_metric_t *metric, size_t units, const double *state);
size_t dlcore_metric_r2_earlier_length(const dlcore_metric_t *metric, size_t units);
void dlcore_metric_r2_from_earlier(const dlcore_metric_t *metric, size_t units,
                                   const double *earlier, double *state);

size_t dlcore_metric_auc_length(const dlcore_metric_t *metric, size_t units);
void dlcore_metric_auc_accumulate(const dlcore_metric_pass_t *pass, double *state);
double dlcore_metric_auc_result(const dlcore_metric_t *metric, size_t units, const double *state);

/* ---- elements, for those functions ---- */

static inline float dlcore_metric_prediction(const dlcore_metric_pass_t *pass, size_t row,
                                             size_t unit)
{
    return dlcore_matrix_at(pass->y, row, unit / pass->y->panel)[unit % pass->y->panel];
}

static inline float dlcore_metric_label(const dlcore_metric_pass_t *pass, size_t row, size_t unit)
{
    const dlcore_labels_t *labels = pass->labels;
    return labels->classes != NULL ? (float)labels->classes[row]
                                   : labels->values[row * labels->width + unit];
}

static inline double dlcore_metric_weight(const dlcore_metric_pass_t *pass, size_t row)
{
    return pass->weights != NULL ? (double)pass->weights[row] : 1.0;
}

DLCORE_HIDDEN_END

#endif
