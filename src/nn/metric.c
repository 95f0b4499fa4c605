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

size_t dlcore_metric_length(const dlcore_metric_t *metric, size_t units)
{
    const dlcore_metric_type_t *type = dlcore_metric_type(metric->kind);
    return dlcore_metric_is_mean(type) ? 2 : type->length(metric, units);
}
