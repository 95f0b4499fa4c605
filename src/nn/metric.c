/* The kinds of metrics: names, defaults, and how a batch goes into a state.
 *
 * SPDX-License-Identifier: MIT */
#include "nn/metric.h"

#include "base/name.h"
#include "nn/function.h"
#include "nn/loss_masked.h"

static const dlcore_metric_type_t *const metric_types[] = {NULL,
#define DLCORE_METRIC_ROW(kind, name, keys) [DLCORE_METRIC_##kind] = &dlcore_metric_type_##name,
                                                           DLCORE_METRIC_KINDS(DLCORE_METRIC_ROW)
#undef DLCORE_METRIC_ROW
};

_Static_assert(sizeof metric_types / sizeof metric_types[0] == DLCORE_METRIC_KIND_COUNT,
               "one row each");

const dlcore_setting_key_t dlcore_metric_common_keys[] = {
    {"name", NULL}, /* which is read where metrics are told apart by it */
    {"dtype", DLCORE_KEY_DTYPE},
    {0},
};

/* ---- descriptors and names ---- */

const dlcore_metric_type_t *dlcore_metric_type(dlcore_metric_kind_t kind)
{
    if ((int)kind <= 0 || (int)kind >= DLCORE_METRIC_KIND_COUNT)
        return NULL;
    return metric_types[kind];
}

/* The settings of other kinds, too: a program may change the kind. */
dlcore_metric_t dlcore_metric_default(dlcore_metric_kind_t kind)
{
    const dlcore_metric_type_t *type = dlcore_metric_type(kind);
    dlcore_metric_t metric = {.kind = kind};

    for (int other = DLCORE_METRIC_KIND_COUNT - 1; other > 0; other--)
        dlcore_settings_default_unused(metric_types[other]->settings, &metric);
    if (type != NULL)
        dlcore_settings_default(type->settings, &metric);
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
    for (int kind = 1; kind < DLCORE_METRIC_KIND_COUNT; kind++) {
        if (metric_is_called(metric_types[kind], name))
            return dlcore_metric_default((dlcore_metric_kind_t)kind);
    }
    return dlcore_metric_default(DLCORE_METRIC_UNKNOWN);
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

    loss.from_logits = metric->from_logits &&
                       dlcore_setting_has(type->settings, offsetof(dlcore_metric_t, from_logits));
    if (dlcore_setting_has(type->settings, offsetof(dlcore_metric_t, label_smoothing)))
        loss.label_smoothing = metric->label_smoothing;
    return loss;
}

/* A row's metric of elements: the mean of those that are present. */
static float masked_metric_row(const dlcore_metric_pass_t *pass, const dlcore_metric_type_t *type,
                               size_t row)
{
    const dlcore_matrix_t *y = pass->y;
    float total = 0.0f;

    for (size_t u = 0; u < y->columns; u++) {
        dlcore_matrix_t at = {.data = dlcore_matrix_at(y, row, u / y->panel) + u % y->panel,
                              .rows = 1,
                              .columns = 1,
                              .panel = y->panel,
                              .panel_stride = y->panel_stride};
        dlcore_labels_t label = {
            .values = pass->labels->values + row * pass->labels->width + u, .width = 1, .units = 1};
        dlcore_metric_pass_t one = *pass;

        one.y = &at;
        one.labels = &label;
        if (dlcore_label_weight(pass->labels, row, u, false) != 0.0f)
            total += type->row(&one, 0);
    }
    return dlcore_label_mean(pass->labels, row, total / (float)y->columns);
}

static void masked_metric_rows(const dlcore_metric_pass_t *pass, size_t begin, size_t end,
                               float *values)
{
    const dlcore_metric_type_t *type = dlcore_metric_type(pass->metric->kind);
    dlcore_loss_t loss = dlcore_metric_loss(pass->metric);
    dlcore_loss_pass_t rows = {
        .kernels = pass->kernels,
        .training_kernels = pass->training_kernels,
        .loss = &loss,
        .output = loss.from_logits ? DLCORE_OUTPUT_LOGITS : DLCORE_OUTPUT_PREDICTIONS,
        .y = pass->y,
        .labels = pass->labels,
        .row_loss = values,
    };

    if (type->loss != DLCORE_LOSS_UNKNOWN)
        dlcore_loss_masked_rows(dlcore_loss_type(loss.kind), &rows,
                                dlcore_loss_smoothing(&loss, pass->y->columns), begin, end, false);
    for (size_t row = begin; row < end; row++)
        values[row] = type->loss != DLCORE_LOSS_UNKNOWN
                          ? dlcore_label_mean(pass->labels, row, values[row])
                          : masked_metric_row(pass, type, row);
}

void dlcore_metric_rows(const dlcore_metric_pass_t *pass, size_t begin, size_t end, float *values)
{
    const dlcore_metric_type_t *type = dlcore_metric_type(pass->metric->kind);
    dlcore_loss_t loss = dlcore_metric_loss(pass->metric);

    if (pass->metric->kind == DLCORE_METRIC_FUNCTION) {
        pass->metric->function.type->metric_rows(pass, begin, end, values);
        return;
    }
    if (dlcore_mask_is_of_elements(&pass->labels->mask)) {
        masked_metric_rows(pass, begin, end, values);
        return;
    }
    if (type->loss != DLCORE_LOSS_UNKNOWN) {
        dlcore_loss_pass_t rows = {
            .kernels = pass->kernels,
            .training_kernels = pass->training_kernels,
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
