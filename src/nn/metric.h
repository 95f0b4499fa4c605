/* What a metric is to the engine: a const table, one per kind.
 *
 * A metric keeps a state, a few doubles, zero at first. What it adds for a batch depends on the
 * batch alone, and states of batches are merged in a fixed order (most by adding their elements),
 * so that results are the same however batches are spread over threads. A state can be saved and go
 * on later. Most metrics are means of something that each row has; rows are computed in parallel,
 * and the state is their sum and that of their weights.
 *
 * To add a kind: an enumerator and fields in dlcore/metric.h, a metric_*.c with its functions that
 * ends in its tables, and one row in DLCORE_METRIC_KINDS below.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_NN_METRIC_H
#define DLCORE_NN_METRIC_H

#include "system/compiler.h"

#include "dlcore/metric.h"
#include "dlcore/status.h"
#include "kernels/kernels_training.h"
#include "nn/loss.h"
#include "products/matrix.h"

DLCORE_HIDDEN_BEGIN

typedef struct dlcore_metric_pass {
    const dlcore_kernels_t *kernels;
    const dlcore_training_kernels_t *training_kernels;
    const dlcore_metric_t *metric; /* its kind resolved: never ACCURACY */
    dlcore_matrix_t *y;            /* y_pred, (rows, units); read only */
    const dlcore_labels_t *labels;
    const float *weights; /* of the samples; NULL: all 1 */
    /* scratch for losses of dlcore_metric_loss: from_logits; dlcore_loss_changes_labels */
    dlcore_matrix_t *logits;
    float *targets;
    float *rows;      /* scratch of functions: y, row by row */
    size_t first_row; /* of a slice: its first row in the batch; else 0 */
} dlcore_metric_pass_t;

/* What y_true must be. */
typedef enum dlcore_metric_labels {
    DLCORE_METRIC_LABELS_UNITS,   /* a value for each unit */
    DLCORE_METRIC_LABELS_CLASSES, /* integers */
    DLCORE_METRIC_LABELS_ANY,     /* a function's of the user's */
    DLCORE_METRIC_LABELS_BITS     /* a value for each unit, or integers for one unit */
} dlcore_metric_labels_t;

typedef struct dlcore_metric_type {
    const char *name;
    const char *short_name; /* NULL: none */
    const char *other_name; /* NULL: none */
    const char *class_name; /* of Keras, where it is not the name in capitals; else NULL */
    dlcore_metric_labels_t labels;

    /* Means of rows: the loss whose rows they are; UNKNOWN where the kind has a function of a row.
     */
    dlcore_loss_kind_t loss;
    /* The others: doubles of the state. */
    size_t (*length)(const dlcore_metric_t *metric, size_t units);

    bool rises;                       /* more of it is better */
    const dlcore_setting_t *settings; /* of dlcore_metric_t; in configs in this order */
} dlcore_metric_type_t;

/* What evaluating calls: apart, so that a program that only predicts does not link it. */
typedef struct dlcore_metric_run {
    /* Of a mean that is no loss's: the value of a row. */
    float (*row)(const dlcore_metric_pass_t *pass, size_t row);
    /* Of the others: adds a batch to the state, rows in order. */
    void (*accumulate)(const dlcore_metric_pass_t *pass, double *state);
    /* Adds what other rows came to; NULL: element by element. */
    void (*merge)(const dlcore_metric_t *metric, size_t units, const double *more, double *state);
    /* Files may keep a state as an earlier version had it, shorter than today's; NULL: none was. */
    size_t (*earlier_length)(const dlcore_metric_t *metric, size_t units);
    void (*from_earlier)(const dlcore_metric_t *metric, size_t units, const double *earlier,
                         double *state);
    /* NULL: state[0] / state[1], 0 where that is 0 */
    double (*result)(const dlcore_metric_t *metric, size_t units, const double *state);
} dlcore_metric_run_t;

/* One row a kind, in the order of the enumerators: kind(KIND, name, keys). A file defines
 * dlcore_metric_type_<name>, dlcore_metric_run_<name> and the table of keys, if the class has any
 * of its own. */
/* clang-format off */
#define DLCORE_METRIC_KINDS(kind) \
    kind(ACCURACY, accuracy, dlcore_no_keys) \
    kind(CATEGORICAL_ACCURACY, categorical_accuracy, dlcore_no_keys) \
    kind(SPARSE_CATEGORICAL_ACCURACY, sparse_categorical_accuracy, dlcore_no_keys) \
    kind(BINARY_ACCURACY, binary_accuracy, dlcore_no_keys) \
    kind(MEAN_ABSOLUTE_ERROR, mean_absolute_error, dlcore_no_keys) \
    kind(MEAN_SQUARED_ERROR, mean_squared_error, dlcore_no_keys) \
    kind(MEAN_ABSOLUTE_PERCENTAGE_ERROR, mean_absolute_percentage_error, dlcore_no_keys) \
    kind(MEAN_SQUARED_LOGARITHMIC_ERROR, mean_squared_logarithmic_error, dlcore_no_keys) \
    kind(LOG_COSH, log_cosh, dlcore_no_keys) \
    kind(KL_DIVERGENCE, kl_divergence, dlcore_no_keys) \
    kind(POISSON, poisson, dlcore_no_keys) \
    kind(HINGE, hinge, dlcore_no_keys) \
    kind(SQUARED_HINGE, squared_hinge, dlcore_no_keys) \
    kind(CATEGORICAL_HINGE, categorical_hinge, dlcore_no_keys) \
    kind(CATEGORICAL_CROSSENTROPY, categorical_crossentropy, dlcore_entropy_keys) \
    kind(SPARSE_CATEGORICAL_CROSSENTROPY, sparse_categorical_crossentropy, dlcore_entropy_keys) \
    kind(BINARY_CROSSENTROPY, binary_crossentropy, dlcore_no_keys) \
    kind(TOP_K_CATEGORICAL_ACCURACY, top_k_categorical_accuracy, dlcore_top_k_keys) \
    kind(SPARSE_TOP_K_CATEGORICAL_ACCURACY, sparse_top_k_categorical_accuracy, dlcore_top_k_keys) \
    kind(COSINE_SIMILARITY, cosine_similarity, dlcore_cosine_similarity_keys) \
    kind(ROOT_MEAN_SQUARED_ERROR, root_mean_squared_error, dlcore_no_keys) \
    kind(R2_SCORE, r2_score, dlcore_no_keys) \
    kind(PRECISION, precision, dlcore_no_keys) \
    kind(RECALL, recall, dlcore_no_keys) \
    kind(F1_SCORE, f1_score, dlcore_f1_score_keys) \
    kind(AUC, auc, dlcore_auc_keys) \
    kind(EQUAL_ACCURACY, equal_accuracy, dlcore_no_keys) \
    kind(TRUE_POSITIVES, true_positives, dlcore_no_keys) \
    kind(TRUE_NEGATIVES, true_negatives, dlcore_no_keys) \
    kind(FALSE_POSITIVES, false_positives, dlcore_no_keys) \
    kind(FALSE_NEGATIVES, false_negatives, dlcore_no_keys) \
    kind(SENSITIVITY_AT_SPECIFICITY, sensitivity_at_specificity, dlcore_no_keys) \
    kind(SPECIFICITY_AT_SENSITIVITY, specificity_at_sensitivity, dlcore_no_keys) \
    kind(PRECISION_AT_RECALL, precision_at_recall, dlcore_no_keys) \
    kind(RECALL_AT_PRECISION, recall_at_precision, dlcore_no_keys) \
    kind(FBETA_SCORE, fbeta_score, dlcore_no_keys) \
    kind(PEARSON_CORRELATION, pearson_correlation, dlcore_correlation_keys) \
    kind(CONCORDANCE_CORRELATION, concordance_correlation, dlcore_correlation_keys) \
    kind(FUNCTION, function, dlcore_no_keys)
/* clang-format on */

#define DLCORE_METRIC_DECLARED(kind, name, keys)                 \
    extern const dlcore_metric_type_t dlcore_metric_type_##name; \
    extern const dlcore_metric_run_t dlcore_metric_run_##name;
DLCORE_METRIC_KINDS(DLCORE_METRIC_DECLARED)
#undef DLCORE_METRIC_DECLARED

#define DLCORE_METRIC_COUNTED(kind, name, keys) +1
enum { DLCORE_METRIC_KIND_COUNT = 1 DLCORE_METRIC_KINDS(DLCORE_METRIC_COUNTED) }; /* with NONE */
#undef DLCORE_METRIC_COUNTED

extern const dlcore_setting_key_t dlcore_entropy_keys[];
extern const dlcore_setting_key_t dlcore_top_k_keys[];
extern const dlcore_setting_key_t dlcore_cosine_similarity_keys[];
extern const dlcore_setting_key_t dlcore_f1_score_keys[];
extern const dlcore_setting_key_t dlcore_auc_keys[];
extern const dlcore_setting_key_t dlcore_correlation_keys[];

/* The type and place of a row of settings. */
#define DLCORE_METRIC_SETTING(setting_type, field) \
    .type = DLCORE_SETTING_##setting_type, .place = offsetof(dlcore_metric_t, field)

extern const dlcore_setting_key_t dlcore_metric_common_keys[];

/* The table of a kind; NULL for an unknown one and for NONE. */
const dlcore_metric_type_t *dlcore_metric_type(dlcore_metric_kind_t kind);
/* What evaluating calls of a known kind: metric_run.c. */
const dlcore_metric_run_t *dlcore_metric_run(dlcore_metric_kind_t kind);

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
    return type->length == NULL;
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

/* ---- elements, for the functions of the kinds ---- */

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
