/* The kinds of metrics: what each says of one row, names and defaults.
 *
 * SPDX-License-Identifier: MIT */
#include "nn/metric.h"

#include <math.h>

#include "base/error.h"
#include "base/name.h"

/* The first column of the largest value, NaN skipped unless it is the first, as tf.argmax. */
static size_t argmax_row(const dlcore_matrix_t *m, size_t row)
{
    float largest = *dlcore_matrix_at(m, row, 0);
    size_t best = 0;

    for (size_t p = 0; p < dlcore_matrix_panels(m); p++) {
        const float *x = dlcore_matrix_at(m, row, p);
        for (size_t i = 0; i < dlcore_matrix_panel_columns(m, p); i++) {
            if (x[i] > largest) {
                largest = x[i];
                best = p * m->panel + i;
            }
        }
    }
    return best;
}

static const float *labels_of(const dlcore_metric_pass_t *pass, size_t row)
{
    return pass->labels->values + row * pass->labels->width;
}

static float categorical_accuracy(const dlcore_metric_pass_t *pass, size_t row)
{
    const float *t = labels_of(pass, row);
    size_t label = 0;

    for (size_t i = 1; i < pass->labels->width; i++) {
        if (t[i] > t[label])
            label = i;
    }
    return argmax_row(pass->y, row) == label ? 1.0f : 0.0f;
}

static float sparse_categorical_accuracy(const dlcore_metric_pass_t *pass, size_t row)
{
    return argmax_row(pass->y, row) == (size_t)pass->labels->classes[row] ? 1.0f : 0.0f;
}

/* The mean over units of whether y_true == (y_pred > threshold). */
static float binary_accuracy(const dlcore_metric_pass_t *pass, size_t row)
{
    const dlcore_matrix_t *y = pass->y;
    float threshold = (float)pass->metric->threshold;
    size_t right = 0;

    for (size_t p = 0; p < dlcore_matrix_panels(y); p++) {
        const float *x = dlcore_matrix_at(y, row, p);
        for (size_t i = 0; i < dlcore_matrix_panel_columns(y, p); i++) {
            float t = pass->labels->classes != NULL ? (float)pass->labels->classes[row]
                                                    : labels_of(pass, row)[p * y->panel + i];
            right += t == (x[i] > threshold ? 1.0f : 0.0f);
        }
    }
    return (float)right / (float)y->columns;
}

static float mean_absolute_error(const dlcore_metric_pass_t *pass, size_t row)
{
    const dlcore_matrix_t *y = pass->y;
    float total = 0.0f;

    for (size_t p = 0; p < dlcore_matrix_panels(y); p++)
        total += pass->kernels->element_loss[DLCORE_ELEMENT_ABSOLUTE_ERROR](
            dlcore_matrix_at(y, row, p), labels_of(pass, row) + p * y->panel, NULL,
            dlcore_matrix_panel_columns(y, p), 0.0f, 0.0f);
    return total / (float)y->columns;
}

static float mean_squared_error(const dlcore_metric_pass_t *pass, size_t row)
{
    const dlcore_matrix_t *y = pass->y;
    float total = 0.0f;

    for (size_t p = 0; p < dlcore_matrix_panels(y); p++)
        total += pass->kernels->squared_error(dlcore_matrix_at(y, row, p),
                                              labels_of(pass, row) + p * y->panel, NULL,
                                              dlcore_matrix_panel_columns(y, p), 0.0f);
    return total / (float)y->columns;
}

static const dlcore_metric_type_t types[] = {
    [DLCORE_METRIC_NONE] = {.name = "unknown"},
    [DLCORE_METRIC_ACCURACY] = {.name = "accuracy", .short_name = "acc"},
    [DLCORE_METRIC_CATEGORICAL_ACCURACY] = {.name = "categorical_accuracy",
                                            .row = categorical_accuracy},
    [DLCORE_METRIC_SPARSE_CATEGORICAL_ACCURACY] = {.name = "sparse_categorical_accuracy",
                                                   .row = sparse_categorical_accuracy,
                                                   .wants_classes = true},
    [DLCORE_METRIC_BINARY_ACCURACY] = {.name = "binary_accuracy", .row = binary_accuracy},
    [DLCORE_METRIC_MEAN_ABSOLUTE_ERROR] = {.name = "mean_absolute_error",
                                           .short_name = "mae",
                                           .row = mean_absolute_error},
    [DLCORE_METRIC_MEAN_SQUARED_ERROR] = {.name = "mean_squared_error",
                                          .short_name = "mse",
                                          .row = mean_squared_error},
};

enum { TYPE_COUNT = sizeof types / sizeof types[0] };
_Static_assert(TYPE_COUNT == DLCORE_METRIC_MEAN_SQUARED_ERROR + 1, "one row each");

const dlcore_metric_type_t *dlcore_metric_type(dlcore_metric_kind_t kind)
{
    if ((int)kind <= 0 || (int)kind >= TYPE_COUNT)
        return NULL;
    return &types[kind];
}

dlcore_metric_t dlcore_metric_default(dlcore_metric_kind_t kind)
{
    return (dlcore_metric_t){.kind = kind, .threshold = 0.5};
}

dlcore_metric_t dlcore_metric_from_name(const char *name)
{
    for (int kind = 1; kind < TYPE_COUNT; kind++) {
        if (dlcore_name_is(name, types[kind].name) ||
            (types[kind].short_name != NULL && dlcore_name_is(name, types[kind].short_name)))
            return dlcore_metric_default((dlcore_metric_kind_t)kind);
    }
    return (dlcore_metric_t){.kind = DLCORE_METRIC_NONE};
}

const char *dlcore_metric_name(dlcore_metric_kind_t kind)
{
    const dlcore_metric_type_t *type = dlcore_metric_type(kind);
    return type != NULL ? type->name : "unknown";
}

double dlcore_evaluation_value(const dlcore_evaluation_t *evaluation, const char *name)
{
    if (evaluation == NULL || name == NULL)
        return NAN;
    if (dlcore_name_is(name, "loss"))
        return evaluation->loss;
    for (size_t i = 0; i < evaluation->metric_count && i < DLCORE_METRICS_MAX; i++) {
        if (dlcore_name_is(name, evaluation->metrics[i].name))
            return evaluation->metrics[i].value;
    }
    return NAN;
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

dlcore_status dlcore_metric_validate(const dlcore_metric_t *metric, dlcore_label_form_t labels,
                                     size_t units, dlcore_error_record_t *error)
{
    const dlcore_metric_type_t *type = dlcore_metric_type(metric->kind);
    bool classes = labels == DLCORE_LABELS_CLASSES;

    if (type == NULL || type->row == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "metric: kind %d is unknown (a name that was not found?)",
                           (int)metric->kind);
    if (!(metric->threshold >= 0.0 && metric->threshold <= 1.0))
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "%s: threshold must lie in 0 .. 1, got %g",
                           type->name, metric->threshold);
    if (type->wants_classes && !classes)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "%s needs integer labels, which the loss does not take: use accuracy",
                           type->name);
    if (!type->wants_classes && classes &&
        !(metric->kind == DLCORE_METRIC_BINARY_ACCURACY && units == 1))
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "%s needs a label for each of the %zu units, but the loss takes "
                           "integer labels: use accuracy",
                           type->name, units);
    return DLCORE_OK;
}
