/* The kinds of metrics: names, defaults, what they allow, and how a batch goes into a state.
 *
 * SPDX-License-Identifier: MIT */
#include "nn/metric.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/name.h"

static const dlcore_metric_type_t types[] = {
    [DLCORE_METRIC_NONE] = {.name = "unknown"},
    [DLCORE_METRIC_ACCURACY] = {.name = "accuracy", .short_name = "acc", .has_threshold = true},
    [DLCORE_METRIC_CATEGORICAL_ACCURACY] = {.name = "categorical_accuracy",
                                            .row = dlcore_metric_categorical_accuracy},
    [DLCORE_METRIC_SPARSE_CATEGORICAL_ACCURACY] = {.name = "sparse_categorical_accuracy",
                                                   .labels = DLCORE_METRIC_LABELS_CLASSES,
                                                   .row =
                                                       dlcore_metric_sparse_categorical_accuracy},
    [DLCORE_METRIC_BINARY_ACCURACY] = {.name = "binary_accuracy",
                                       .labels = DLCORE_METRIC_LABELS_BITS,
                                       .row = dlcore_metric_binary_accuracy,
                                       .has_threshold = true},
    [DLCORE_METRIC_MEAN_ABSOLUTE_ERROR] = {.name = "mean_absolute_error",
                                           .short_name = "mae",
                                           .loss = DLCORE_LOSS_MEAN_ABSOLUTE_ERROR},
    [DLCORE_METRIC_MEAN_SQUARED_ERROR] = {.name = "mean_squared_error",
                                          .short_name = "mse",
                                          .loss = DLCORE_LOSS_MEAN_SQUARED_ERROR},
    [DLCORE_METRIC_MEAN_ABSOLUTE_PERCENTAGE_ERROR] =
        {.name = "mean_absolute_percentage_error",
         .short_name = "mape",
         .loss = DLCORE_LOSS_MEAN_ABSOLUTE_PERCENTAGE_ERROR},
    [DLCORE_METRIC_MEAN_SQUARED_LOGARITHMIC_ERROR] =
        {.name = "mean_squared_logarithmic_error",
         .short_name = "msle",
         .loss = DLCORE_LOSS_MEAN_SQUARED_LOGARITHMIC_ERROR},
    [DLCORE_METRIC_LOG_COSH] = {.name = "logcosh",
                                .short_name = "log_cosh",
                                .other_name = "log_cosh_error",
                                .class_name = "LogCoshError",
                                .loss = DLCORE_LOSS_LOG_COSH},
    [DLCORE_METRIC_KL_DIVERGENCE] = {.name = "kl_divergence",
                                     .short_name = "kld",
                                     .class_name = "KLDivergence",
                                     .loss = DLCORE_LOSS_KL_DIVERGENCE},
    [DLCORE_METRIC_POISSON] = {.name = "poisson", .loss = DLCORE_LOSS_POISSON},
    [DLCORE_METRIC_HINGE] = {.name = "hinge", .loss = DLCORE_LOSS_HINGE},
    [DLCORE_METRIC_SQUARED_HINGE] = {.name = "squared_hinge", .loss = DLCORE_LOSS_SQUARED_HINGE},
    [DLCORE_METRIC_CATEGORICAL_HINGE] = {.name = "categorical_hinge",
                                         .loss = DLCORE_LOSS_CATEGORICAL_HINGE},
    [DLCORE_METRIC_CATEGORICAL_CROSSENTROPY] = {.name = "categorical_crossentropy",
                                                .loss = DLCORE_LOSS_CATEGORICAL_CROSSENTROPY,
                                                .has_logits = true,
                                                .has_smoothing = true},
    [DLCORE_METRIC_SPARSE_CATEGORICAL_CROSSENTROPY] =
        {.name = "sparse_categorical_crossentropy",
         .labels = DLCORE_METRIC_LABELS_CLASSES,
         .loss = DLCORE_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY,
         .has_logits = true},
    [DLCORE_METRIC_BINARY_CROSSENTROPY] = {.name = "binary_crossentropy",
                                           .short_name = "bce",
                                           .loss = DLCORE_LOSS_BINARY_CROSSENTROPY,
                                           .has_logits = true,
                                           .has_smoothing = true},
    [DLCORE_METRIC_TOP_K_CATEGORICAL_ACCURACY] = {.name = "top_k_categorical_accuracy",
                                                  .row = dlcore_metric_top_k,
                                                  .has_top_k = true},
    [DLCORE_METRIC_SPARSE_TOP_K_CATEGORICAL_ACCURACY] = {.name =
                                                             "sparse_top_k_categorical_accuracy",
                                                         .labels = DLCORE_METRIC_LABELS_CLASSES,
                                                         .row = dlcore_metric_sparse_top_k,
                                                         .has_top_k = true},
    [DLCORE_METRIC_COSINE_SIMILARITY] = {.name = "cosine_similarity", .row = dlcore_metric_cosine},
    [DLCORE_METRIC_ROOT_MEAN_SQUARED_ERROR] = {.name = "root_mean_squared_error",
                                               .loss = DLCORE_LOSS_MEAN_SQUARED_ERROR,
                                               .result = dlcore_metric_root_of_mean},
    [DLCORE_METRIC_R2_SCORE] = {.name = "r2_score",
                                .length = dlcore_metric_r2_length,
                                .accumulate = dlcore_metric_r2_accumulate,
                                .result = dlcore_metric_r2_result},
    [DLCORE_METRIC_PRECISION] = {.name = "precision",
                                 .labels = DLCORE_METRIC_LABELS_BITS,
                                 .length = dlcore_metric_confusion_length,
                                 .accumulate = dlcore_metric_confusion_accumulate,
                                 .result = dlcore_metric_precision_result,
                                 .has_threshold = true,
                                 .has_top_k = true,
                                 .has_class_id = true},
    [DLCORE_METRIC_RECALL] = {.name = "recall",
                              .labels = DLCORE_METRIC_LABELS_BITS,
                              .length = dlcore_metric_confusion_length,
                              .accumulate = dlcore_metric_confusion_accumulate,
                              .result = dlcore_metric_recall_result,
                              .has_threshold = true,
                              .has_top_k = true,
                              .has_class_id = true},
    [DLCORE_METRIC_F1_SCORE] = {.name = "f1_score",
                                .labels = DLCORE_METRIC_LABELS_BITS,
                                .length = dlcore_metric_f1_length,
                                .accumulate = dlcore_metric_f1_accumulate,
                                .result = dlcore_metric_f1_result,
                                .has_threshold = true},
    [DLCORE_METRIC_AUC] = {.name = "auc",
                           .class_name = "AUC",
                           .labels = DLCORE_METRIC_LABELS_BITS,
                           .length = dlcore_metric_auc_length,
                           .accumulate = dlcore_metric_auc_accumulate,
                           .result = dlcore_metric_auc_result,
                           .has_logits = true},
};

enum { TYPE_COUNT = sizeof types / sizeof types[0] };
_Static_assert(TYPE_COUNT == DLCORE_METRIC_AUC + 1, "one row each");

/* ---- descriptors and names ---- */

const dlcore_metric_type_t *dlcore_metric_type(dlcore_metric_kind_t kind)
{
    if ((int)kind <= 0 || (int)kind >= TYPE_COUNT)
        return NULL;
    return &types[kind];
}

dlcore_metric_t dlcore_metric_default(dlcore_metric_kind_t kind)
{
    dlcore_metric_t metric = {
        .kind = kind, .threshold = 0.5, .class_id = -1, .num_thresholds = 200};

    if (kind == DLCORE_METRIC_PRECISION || kind == DLCORE_METRIC_RECALL ||
        kind == DLCORE_METRIC_F1_SCORE)
        metric.threshold = -1.0;
    if (kind == DLCORE_METRIC_TOP_K_CATEGORICAL_ACCURACY ||
        kind == DLCORE_METRIC_SPARSE_TOP_K_CATEGORICAL_ACCURACY)
        metric.top_k = 5;
    return metric;
}

static bool is_called(const dlcore_metric_type_t *type, const char *name)
{
    return dlcore_name_is(name, type->name) ||
           (type->short_name != NULL && dlcore_name_is(name, type->short_name)) ||
           (type->other_name != NULL && dlcore_name_is(name, type->other_name));
}

dlcore_metric_t dlcore_metric_from_name(const char *name)
{
    for (int kind = 1; kind < TYPE_COUNT; kind++) {
        if (is_called(&types[kind], name))
            return dlcore_metric_default((dlcore_metric_kind_t)kind);
    }
    return (dlcore_metric_t){.kind = DLCORE_METRIC_NONE};
}

const char *dlcore_metric_name(dlcore_metric_kind_t kind)
{
    const dlcore_metric_type_t *type = dlcore_metric_type(kind);
    return type != NULL ? type->name : "unknown";
}

static const double *value_of(const dlcore_evaluation_t *evaluation, const char *name)
{
    for (size_t i = 0; i < evaluation->metric_count && i < DLCORE_METRICS_MAX; i++) {
        if (dlcore_name_is(name, evaluation->metrics[i].name))
            return &evaluation->metrics[i].value;
    }
    return NULL;
}

double dlcore_evaluation_value(const dlcore_evaluation_t *evaluation, const char *name)
{
    const double *value;
    dlcore_metric_kind_t kind;

    if (evaluation == NULL || name == NULL)
        return (double)NAN;
    if (dlcore_name_is(name, "loss"))
        return evaluation->loss;
    value = value_of(evaluation, name);
    kind = dlcore_metric_from_name(name).kind;
    if (value == NULL && kind != DLCORE_METRIC_NONE)
        value = value_of(evaluation, dlcore_metric_name(kind));
    return value != NULL ? *value : (double)NAN;
}

/* keras/src/trainers/compile_utils.py, is_binary_or_sparse_categorical */
dlcore_metric_kind_t dlcore_metric_resolve(dlcore_metric_kind_t kind, dlcore_label_form_t labels,
                                           size_t units)
{
    if (kind != DLCORE_METRIC_ACCURACY)
        return kind;
    if (units == 1)
        return DLCORE_METRIC_BINARY_ACCURACY;
    if (labels == DLCORE_LABELS_CLASSES)
        return DLCORE_METRIC_SPARSE_CATEGORICAL_ACCURACY;
    return DLCORE_METRIC_CATEGORICAL_ACCURACY;
}

/* ---- checking ---- */

static bool may_be_unset(dlcore_metric_kind_t kind)
{
    return kind == DLCORE_METRIC_PRECISION || kind == DLCORE_METRIC_RECALL ||
           kind == DLCORE_METRIC_F1_SCORE;
}

static dlcore_status check_numbers(const dlcore_metric_t *metric, const dlcore_metric_type_t *type,
                                   size_t units, dlcore_error_record_t *error)
{
    bool unset = may_be_unset(metric->kind) && metric->threshold == -1.0;
    bool counts = metric->kind == DLCORE_METRIC_PRECISION || metric->kind == DLCORE_METRIC_RECALL;

    if (type->has_threshold && !unset && !(metric->threshold >= 0.0 && metric->threshold <= 1.0))
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "%s: threshold must lie in 0 .. 1%s, got %g", type->name,
                           may_be_unset(metric->kind) ? ", or be -1" : "", metric->threshold);
    if (type->has_top_k && !counts && metric->top_k == 0)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "%s: top_k must be at least 1, got 0",
                           type->name);
    if (type->has_top_k && counts && metric->top_k > units)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "%s: top_k must lie in 0 .. %zu, the number of units, got %zu",
                           type->name, units, metric->top_k);
    if (type->has_class_id &&
        (metric->class_id < -1 || (metric->class_id >= 0 && (size_t)metric->class_id >= units)))
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "%s: class_id must lie in 0 .. %zu, or be -1, got %d", type->name,
                           units - 1, metric->class_id);
    if (metric->kind == DLCORE_METRIC_AUC &&
        (metric->num_thresholds < 2 || metric->num_thresholds > DLCORE_METRIC_THRESHOLDS_MAX))
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "auc: num_thresholds must lie in 2 .. %d, got %zu",
                           DLCORE_METRIC_THRESHOLDS_MAX, metric->num_thresholds);
    if (type->has_smoothing && !(metric->label_smoothing >= 0.0 && metric->label_smoothing <= 1.0))
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "%s: label_smoothing must lie in 0 .. 1, got %g", type->name,
                           metric->label_smoothing);
    return DLCORE_OK;
}

static dlcore_status check_choices(const dlcore_metric_t *metric, const dlcore_metric_type_t *type,
                                   dlcore_error_record_t *error)
{
    if (metric->kind == DLCORE_METRIC_F1_SCORE &&
        ((int)metric->average < 0 || metric->average > DLCORE_AVERAGE_WEIGHTED))
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "f1_score: average %d is unknown",
                           (int)metric->average);
    if (metric->kind == DLCORE_METRIC_AUC &&
        ((int)metric->curve < 0 || metric->curve > DLCORE_CURVE_PR))
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "auc: curve %d is unknown",
                           (int)metric->curve);
    if (memchr(metric->name, '\0', sizeof metric->name) == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "%s: its name has more than %d bytes",
                           type->name, DLCORE_METRIC_NAME_SIZE - 1);
    if (dlcore_name_is(metric->name, "loss"))
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "%s: its name is \"loss\", which is taken",
                           type->name);
    return DLCORE_OK;
}

static dlcore_status check_labels(const dlcore_metric_type_t *type, dlcore_label_form_t labels,
                                  size_t units, dlcore_error_record_t *error)
{
    bool classes = labels == DLCORE_LABELS_CLASSES;

    if (type->labels == DLCORE_METRIC_LABELS_CLASSES && !classes)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "%s needs integer labels, which the loss does not take: use %s",
                           type->name, type->name + strlen("sparse_"));
    if (type->labels != DLCORE_METRIC_LABELS_CLASSES && classes &&
        !(type->labels == DLCORE_METRIC_LABELS_BITS && units == 1))
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "%s needs a label for each of the %zu units, but the loss takes "
                           "integer labels: use accuracy, or categorical_crossentropy as loss",
                           type->name, units);
    return DLCORE_OK;
}

dlcore_status dlcore_metric_validate(const dlcore_metric_t *metric, dlcore_label_form_t labels,
                                     size_t units, dlcore_error_record_t *error)
{
    const dlcore_metric_type_t *type = dlcore_metric_type(metric->kind);
    dlcore_status status;

    if (type == NULL || metric->kind == DLCORE_METRIC_ACCURACY)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "metric: kind %d is unknown (a name that was not found?)",
                           (int)metric->kind);
    status = check_numbers(metric, type, units, error);
    if (status == DLCORE_OK)
        status = check_choices(metric, type, error);
    if (status == DLCORE_OK)
        status = check_labels(type, labels, units, error);
    return status;
}

/* ---- states ---- */

dlcore_loss_t dlcore_metric_loss(const dlcore_metric_t *metric)
{
    const dlcore_metric_type_t *type = dlcore_metric_type(metric->kind);
    dlcore_loss_t loss = dlcore_loss_default(type->loss);

    loss.from_logits = type->has_logits && metric->from_logits;
    loss.label_smoothing = type->has_smoothing ? metric->label_smoothing : 0.0;
    return loss;
}

void dlcore_metric_rows(const dlcore_metric_pass_t *pass, size_t begin, size_t end, float *values)
{
    const dlcore_metric_type_t *type = dlcore_metric_type(pass->metric->kind);
    dlcore_loss_t loss = dlcore_metric_loss(pass->metric);

    if (type->loss != DLCORE_LOSS_UNKNOWN) {
        dlcore_loss_pass_t rows = {
            .kernels = pass->kernels,
            .loss = &loss,
            .output = loss.from_logits ? DLCORE_OUTPUT_LOGITS : DLCORE_OUTPUT_PREDICTIONS,
            .y = pass->y,
            .labels = pass->labels,
            .targets = pass->targets,
            .dy = pass->logits,
            .row_loss = values,
        };
        dlcore_loss_rows(dlcore_loss_type(loss.kind), &rows, begin, end);
        return;
    }
    for (size_t row = begin; row < end; row++)
        values[row] = type->row(pass, row);
}

size_t dlcore_metric_length(const dlcore_metric_t *metric, size_t units)
{
    const dlcore_metric_type_t *type = dlcore_metric_type(metric->kind);
    return dlcore_metric_is_mean(type) ? 2 : type->length(metric, units);
}

void dlcore_metric_accumulate(const dlcore_metric_pass_t *pass, const float *values, double *state)
{
    const dlcore_metric_type_t *type = dlcore_metric_type(pass->metric->kind);

    if (!dlcore_metric_is_mean(type)) {
        type->accumulate(pass, state);
        return;
    }
    if (pass->weights == NULL) {
        for (size_t row = 0; row < pass->y->rows; row++)
            state[0] += (double)values[row];
        state[1] += (double)pass->y->rows;
        return;
    }
    for (size_t row = 0; row < pass->y->rows; row++) {
        state[0] += (double)values[row] * (double)pass->weights[row];
        state[1] += (double)pass->weights[row];
    }
}

double dlcore_metric_result(const dlcore_metric_t *metric, size_t units, const double *state)
{
    const dlcore_metric_type_t *type = dlcore_metric_type(metric->kind);

    if (type->result != NULL)
        return type->result(metric, units, state);
    return state[1] != 0.0 ? state[0] / state[1] : 0.0;
}
