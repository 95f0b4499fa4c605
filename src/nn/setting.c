/* Settings: defaults, and what is in range.
 *
 * SPDX-License-Identifier: MIT */
#include "nn/setting.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "dlcore/constraint.h"
#include "dlcore/initializer.h"
#include "dlcore/layer.h"
#include "dlcore/metric.h"
#include "dlcore/regularizer.h"

const dlcore_setting_t dlcore_no_settings[] = {{0}};
const dlcore_setting_key_t dlcore_no_keys[] = {{0}};

const dlcore_setting_t *dlcore_setting_find(const dlcore_setting_t *settings, const char *key)
{
    for (; settings->type != DLCORE_SETTING_END; settings++) {
        if (!settings->inner && strcmp(settings->key, key) == 0)
            return settings;
    }
    return NULL;
}

bool dlcore_setting_has(const dlcore_setting_t *settings, size_t place)
{
    for (; settings->type != DLCORE_SETTING_END; settings++) {
        if (settings->type != DLCORE_SETTING_TEXT && settings->place == place)
            return true;
    }
    return false;
}

/* ---- numbers in a descriptor ---- */

static double setting_number(const dlcore_setting_t *setting, const void *descriptor)
{
    const void *at = (const char *)descriptor + setting->place;

    switch (setting->type) {
    case DLCORE_SETTING_DOUBLE:
    case DLCORE_SETTING_RATE:
        return *(const double *)at;
    case DLCORE_SETTING_BOOL:
    case DLCORE_SETTING_UNITS_AXIS:
        return *(const bool *)at ? 1.0 : 0.0;
    case DLCORE_SETTING_SIZE:
        return (double)*(const size_t *)at;
    case DLCORE_SETTING_COUNT:
        return (double)*(const uint64_t *)at;
    case DLCORE_SETTING_INT:
    case DLCORE_SETTING_CHOICE:
    case DLCORE_SETTING_ACTIVATION:
        return (double)*(const int *)at;
    case DLCORE_SETTING_INITIALIZER:
        return (double)((const dlcore_initializer_t *)at)->kind;
    case DLCORE_SETTING_REGULARIZER: /* 1: there is one */
        return ((const dlcore_regularizer_t *)at)->l1 != 0.0 ||
                       ((const dlcore_regularizer_t *)at)->l2 != 0.0
                   ? 1.0
                   : 0.0;
    case DLCORE_SETTING_CONSTRAINT:
        return (double)((const dlcore_constraint_t *)at)->kind;
    case DLCORE_SETTING_TABLES:
        return (double)((const dlcore_embeddings_t *)at)->count;
    case DLCORE_SETTING_LIST:
        return (double)((const dlcore_metric_list_t *)at)->count;
    case DLCORE_SETTING_END:
    case DLCORE_SETTING_PIECES:
    case DLCORE_SETTING_TEXT:
        break;
    }
    return 0.0;
}

/* Where this is inlined, gcc warns of types that a descriptor's table does not have. */
DLCORE_KEPT_APART static void set_setting_number(const dlcore_setting_t *setting, void *descriptor,
                                                 double number)
{
    void *at = (char *)descriptor + setting->place;

    switch (setting->type) {
    case DLCORE_SETTING_DOUBLE:
    case DLCORE_SETTING_RATE:
        *(double *)at = number;
        break;
    case DLCORE_SETTING_BOOL:
    case DLCORE_SETTING_UNITS_AXIS:
        *(bool *)at = number != 0.0;
        break;
    case DLCORE_SETTING_SIZE:
        *(size_t *)at = (size_t)number;
        break;
    case DLCORE_SETTING_COUNT:
        *(uint64_t *)at = (uint64_t)number;
        break;
    case DLCORE_SETTING_INT:
    case DLCORE_SETTING_CHOICE:
    case DLCORE_SETTING_ACTIVATION:
        *(int *)at = (int)number;
        break;
    case DLCORE_SETTING_INITIALIZER:
        *(dlcore_initializer_t *)at =
            (dlcore_initializer_t){.kind = (dlcore_initializer_kind_t)(int)number};
        if ((int)number == DLCORE_INITIALIZER_RANDOM_UNIFORM) { /* as Keras has it */
            ((dlcore_initializer_t *)at)->minval = -0.05;
            ((dlcore_initializer_t *)at)->maxval = 0.05;
        }
        break;
    case DLCORE_SETTING_REGULARIZER:
        *(dlcore_regularizer_t *)at = (dlcore_regularizer_t){.l1 = 0.0};
        break;
    case DLCORE_SETTING_CONSTRAINT:
        *(dlcore_constraint_t *)at = (dlcore_constraint_t){.kind = DLCORE_CONSTRAINT_NONE};
        break;
    case DLCORE_SETTING_TABLES:
        *(dlcore_embeddings_t *)at = (dlcore_embeddings_t){.count = 0};
        break;
    case DLCORE_SETTING_LIST:
        *(dlcore_metric_list_t *)at = (dlcore_metric_list_t){.count = 0};
        break;
    case DLCORE_SETTING_END:
    case DLCORE_SETTING_PIECES:
    case DLCORE_SETTING_TEXT:
        break;
    }
}

/* ---- defaults and None ---- */

void dlcore_settings_default(const dlcore_setting_t *settings, void *descriptor)
{
    for (; settings->type != DLCORE_SETTING_END; settings++) {
        if (!settings->only_read)
            set_setting_number(settings, descriptor, settings->value);
    }
}

void dlcore_settings_default_unused(const dlcore_setting_t *settings, void *descriptor)
{
    for (; settings->type != DLCORE_SETTING_END; settings++) {
        if (!settings->only_read && !settings->own)
            set_setting_number(settings, descriptor, settings->value);
    }
}

bool dlcore_setting_is_default(const dlcore_setting_t *setting, const void *descriptor)
{
    return setting_number(setting, descriptor) == setting->value;
}

bool dlcore_setting_is_none(const dlcore_setting_t *setting, const void *descriptor)
{
    if (setting->switch_place != 0)
        return !*(const bool *)((const char *)descriptor + setting->switch_place);
    return setting->has_none && setting_number(setting, descriptor) == setting->none;
}

bool dlcore_setting_set_none(const dlcore_setting_t *setting, void *descriptor)
{
    if (setting->switch_place != 0)
        *(bool *)((char *)descriptor + setting->switch_place) = false;
    else if (setting->has_none)
        set_setting_number(setting, descriptor, setting->none);
    else
        return false;
    return true;
}

/* ---- ranges ---- */

/* What messages call it. */
static const char *field_of(const dlcore_setting_t *setting)
{
    return setting->field != NULL ? setting->field : setting->key;
}

static dlcore_status validate_double(const dlcore_setting_t *setting, double value,
                                     const char *what, dlcore_error_record_t *error)
{
    bool any = setting->low == 0.0 && setting->high == 0.0;
    char or_none[40] = "";

    if (any || (setting->has_none && value == setting->none))
        return DLCORE_OK;
    if (setting->below)
        return dlcore_check_below(what, field_of(setting), value, setting->low, setting->high,
                                  error);
    if (!setting->has_none && !setting->above)
        return dlcore_check_range(what, field_of(setting), value, setting->low, setting->high,
                                  error);
    if (value >= setting->low && value <= setting->high &&
        !(setting->above && (float)value <= (float)setting->low))
        return DLCORE_OK;
    if (setting->has_none && setting->none < setting->low)
        snprintf(or_none, sizeof or_none, ", or be %g", setting->none);
    if (setting->above)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "%s: %s must be above %g and at most %g%s, got %.9g", what,
                           field_of(setting), setting->low, setting->high, or_none, value);
    return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                       "%s: %s must lie in %.10g .. %.10g%s, got %.9g", what, field_of(setting),
                       setting->low, setting->high, or_none, value);
}

/* Without low and high: any count. */
static dlcore_status validate_count(const dlcore_setting_t *setting, uint64_t value,
                                    const char *what, dlcore_error_record_t *error)
{
    size_t high = setting->high > 0.0 ? (size_t)setting->high : SIZE_MAX;

    if (setting->low == 0.0 && setting->high == 0.0)
        return DLCORE_OK;
    if (setting->has_none && (double)value == setting->none)
        return DLCORE_OK;
    return dlcore_check_count(what, field_of(setting), value <= SIZE_MAX ? (size_t)value : SIZE_MAX,
                              (size_t)setting->low, high, error);
}

dlcore_status dlcore_setting_validate_number(const dlcore_setting_t *setting,
                                             const void *descriptor, const char *what,
                                             dlcore_error_record_t *error)
{
    const void *at = (const char *)descriptor + setting->place;

    if (setting->switch_place != 0 && dlcore_setting_is_none(setting, descriptor))
        return DLCORE_OK;
    switch (setting->type) {
    case DLCORE_SETTING_DOUBLE:
    case DLCORE_SETTING_RATE:
    case DLCORE_SETTING_INT:
        return validate_double(setting, setting_number(setting, descriptor), what, error);
    case DLCORE_SETTING_SIZE:
        return validate_count(setting, *(const size_t *)at, what, error);
    case DLCORE_SETTING_COUNT:
        return validate_count(setting, *(const uint64_t *)at, what, error);
    case DLCORE_SETTING_CHOICE:
        return dlcore_check_choice(what, setting->key, *(const int *)at, (int)setting->low,
                                   (int)setting->high, setting->names->name_of, error);
    default:
        return DLCORE_OK;
    }
}

dlcore_status dlcore_settings_validate_numbers(const dlcore_setting_t *settings,
                                               const void *descriptor, const char *what,
                                               dlcore_error_record_t *error)
{
    dlcore_status status = DLCORE_OK;

    for (; settings->type != DLCORE_SETTING_END && status == DLCORE_OK; settings++)
        status = dlcore_setting_validate_number(settings, descriptor, what, error);
    return status;
}
