/* The kinds of metrics: names, defaults, and how a batch goes into a state.
 *
 * SPDX-License-Identifier: MIT */
#include "nn/metric.h"

#include "base/name.h"

static const dlcore_metric_type_t metric_types[] = {
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
                                .merge = dlcore_metric_r2_merge,
                                .earlier_length = dlcore_metric_r2_earlier_length,
                                .from_earlier = dlcore_metric_r2_from_earlier,
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

enum { METRIC_TYPE_COUNT = sizeof metric_types / sizeof metric_types[0] };
_Static_assert(METRIC_TYPE_COUNT == DLCORE_METRIC_AUC + 1, "one row each");

static const char *const average_names[] = {[DLCORE_AVERAGE_MACRO] = "macro",
                                            [DLCORE_AVERAGE_MICRO] = "micro",
                                            [DLCORE_AVERAGE_WEIGHTED] = "weighted"};
static const char *const curve_names[] = {[DLCORE_CURVE_ROC] = "ROC", [DLCORE_CURVE_PR] = "PR"};

enum {
    AVERAGE_COUNT = sizeof average_names / sizeof average_names[0],
    CURVE_COUNT = sizeof curve_names / sizeof curve_names[0]
};

/* ---- descriptors and names ---- */

const dlcore_metric_type_t *dlcore_metric_type(dlcore_metric_kind_t kind)
{
    if ((int)kind <= 0 || (int)kind >= METRIC_TYPE_COUNT)
        return NULL;
    return &metric_types[kind];
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

static bool metric_is_called(const dlcore_metric_type_t *type, const char *name)
{
    return dlcore_name_is(name, type->name) ||
           (type->short_name != NULL && dlcore_name_is(name, type->short_name)) ||
           (type->other_name != NULL && dlcore_name_is(name, type->other_name));
}

dlcore_metric_t dlcore_metric_from_name(const char *name)
{
    for (int kind = 1; kind < METRIC_TYPE_COUNT; kind++) {
        if (metric_is_called(&metric_types[kind], name))
            return dlcore_metric_default((dlcore_metric_kind_t)kind);
    }
    return dlcore_metric_default(DLCORE_METRIC_UNKNOWN);
}

static int find_name(const char *const *names, int count, const char *name)
{
    for (int i = 0; i < count; i++) {
        if (dlcore_name_is(name, names[i]))
            return i;
    }
    return -1;
}

dlcore_average_t dlcore_average_from_name(const char *name)
{
    return (dlcore_average_t)find_name(average_names, AVERAGE_COUNT, name);
}

const char *dlcore_average_name(dlcore_average_t average)
{
    return (int)average >= 0 && (int)average < AVERAGE_COUNT ? average_names[average] : "unknown";
}

dlcore_curve_t dlcore_curve_from_name(const char *name)
{
    return (dlcore_curve_t)find_name(curve_names, CURVE_COUNT, name);
}

const char *dlcore_curve_name(dlcore_curve_t curve)
{
    return (int)curve >= 0 && (int)curve < CURVE_COUNT ? curve_names[curve] : "unknown";
}

const char *dlcore_metric_name(dlcore_metric_kind_t kind)
{
    const dlcore_metric_type_t *type = dlcore_metric_type(kind);
    return type != NULL ? type->name : "unknown";
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

void dlcore_metric_merge(const dlcore_metric_t *metric, size_t units, const double *more,
                         double *state)
{
    const dlcore_metric_type_t *type = dlcore_metric_type(metric->kind);

    if (type->merge != NULL) {
        type->merge(metric, units, more, state);
        return;
    }
    for (size_t i = 0, length = dlcore_metric_length(metric, units); i < length; i++)
        state[i] += more[i];
}

double dlcore_metric_result(const dlcore_metric_t *metric, size_t units, const double *state)
{
    const dlcore_metric_type_t *type = dlcore_metric_type(metric->kind);

    if (type->result != NULL)
        return type->result(metric, units, state);
    return state[1] != 0.0 ? state[0] / state[1] : 0.0;
}
