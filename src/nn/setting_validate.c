/* Settings: whether all of a table are in range, parts of a descriptor included.
 *
 * SPDX-License-Identifier: MIT */
#include "nn/setting.h"

#include <stdio.h>

#include "base/error.h"
#include "dlcore/metric.h"
#include "kernels/kernels.h"
#include "nn/constraint.h"
#include "nn/embeddings.h"
#include "nn/initializer.h"
#include "nn/regularizer.h"

/* "dense: kernel_regularizer" */
static dlcore_status validate_part(const dlcore_setting_t *setting, const void *at,
                                   const char *what, dlcore_error_record_t *error)
{
    char part[128];

    snprintf(part, sizeof part, "%s: %s", what, setting->key);
    if (setting->type == DLCORE_SETTING_INITIALIZER)
        return dlcore_initializer_validate(at, part, error);
    if (setting->type == DLCORE_SETTING_REGULARIZER)
        return dlcore_regularizer_validate(at, part, error);
    return dlcore_constraint_validate(at, part, error);
}

static dlcore_status validate_tables(const dlcore_embeddings_t *tables, const char *what,
                                     dlcore_error_record_t *error)
{
    if (tables->code == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "%s: has no tables; make it with layer_embedding", what);
    return tables->code->validate(tables, what, error);
}

static dlcore_status validate_list(const dlcore_setting_t *setting,
                                   const dlcore_metric_list_t *list, const char *what,
                                   dlcore_error_record_t *error)
{
    if (list->count > DLCORE_METRIC_THRESHOLDS_MAX || (list->count > 0 && list->values == NULL))
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "%s: %s: count is %zu, and values is %sNULL: at most %d numbers", what,
                           setting->key, list->count, list->values == NULL ? "" : "not ",
                           DLCORE_METRIC_THRESHOLDS_MAX);
    for (size_t i = 0; i < list->count; i++) {
        double value = (double)list->values[i];

        if (!(value >= setting->low && value <= setting->high))
            return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                               "%s: %s: number %zu is %g, not in %g .. %g", what, setting->key, i,
                               value, setting->low, setting->high);
    }
    return DLCORE_OK;
}

static const char *activation_word(int activation)
{
    return dlcore_activation_name((dlcore_activation_t)activation);
}

static dlcore_status setting_validate(const dlcore_setting_t *setting, const void *descriptor,
                                      const char *what, dlcore_error_record_t *error)
{
    const void *at = (const char *)descriptor + setting->place;

    switch (setting->type) {
    case DLCORE_SETTING_DOUBLE:
    case DLCORE_SETTING_RATE:
    case DLCORE_SETTING_INT:
    case DLCORE_SETTING_SIZE:
    case DLCORE_SETTING_COUNT:
    case DLCORE_SETTING_CHOICE:
        return dlcore_setting_validate_number(setting, descriptor, what, error);
    case DLCORE_SETTING_ACTIVATION:
        return dlcore_check_choice(what, setting->key, *(const int *)at, 1,
                                   DLCORE_ACTIVATION_COUNT - 1, activation_word, error);
    case DLCORE_SETTING_INITIALIZER:
    case DLCORE_SETTING_REGULARIZER:
    case DLCORE_SETTING_CONSTRAINT:
        return validate_part(setting, at, what, error);
    case DLCORE_SETTING_TABLES:
        return validate_tables(at, what, error);
    case DLCORE_SETTING_LIST:
        return validate_list(setting, at, what, error);
    case DLCORE_SETTING_END:
    case DLCORE_SETTING_BOOL:
    case DLCORE_SETTING_UNITS_AXIS:
    case DLCORE_SETTING_PIECES:
    case DLCORE_SETTING_TEXT:
        break;
    }
    return DLCORE_OK;
}

dlcore_status dlcore_settings_validate(const dlcore_setting_t *settings, const void *descriptor,
                                       const char *what, dlcore_error_record_t *error)
{
    dlcore_status status = DLCORE_OK;

    for (; settings->type != DLCORE_SETTING_END && status == DLCORE_OK; settings++)
        status = setting_validate(settings, descriptor, what, error);
    return status;
}
