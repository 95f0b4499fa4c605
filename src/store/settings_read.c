/* Reading settings by their tables. Objects within an object, an initializer in a layer, are read
 * by files of their own, which come back here with tables of their own.
 *
 * SPDX-License-Identifier: MIT */
#include "store/config_reading.h"

#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "dlcore/layer.h"
#include "dlcore/metric.h"
#include "dlcore/schedule.h"
#include "store/activation_config.h"
#include "store/optimizer_config.h"
#include "store/weight_config.h"

/* ---- values ---- */

static dlcore_status setting_read_number(const dlcore_config_reading_t *reading,
                                         const dlcore_json_t *value,
                                         const dlcore_setting_t *setting, void *at)
{
    dlcore_json_t number = dlcore_config_unpacked(value);
    double found;
    uint64_t count;

    switch (setting->type) {
    case DLCORE_SETTING_DOUBLE:
        if (!dlcore_json_double(&number, at))
            return dlcore_config_refuse_value(reading, setting->key, value, "no finite number");
        return DLCORE_OK;
    case DLCORE_SETTING_INT:
        if (!dlcore_json_double(&number, &found) || !(found >= INT_MIN && found <= INT_MAX) ||
            found != (double)(int)found)
            return dlcore_config_refuse_value(reading, setting->key, value,
                                              "no integer, or too large");
        *(int *)at = (int)found;
        return DLCORE_OK;
    default:
        if (!dlcore_config_is_count(&number, &count) ||
            (setting->type == DLCORE_SETTING_SIZE && count > SIZE_MAX))
            return dlcore_config_refuse_value(reading, setting->key, value, "no count");
        if (setting->type == DLCORE_SETTING_SIZE)
            *(size_t *)at = (size_t)count;
        else
            *(uint64_t *)at = count;
        return DLCORE_OK;
    }
}

static dlcore_status setting_read_bool(const dlcore_config_reading_t *reading,
                                       const dlcore_json_t *value, const dlcore_setting_t *setting,
                                       bool *at)
{
    if (value->kind != DLCORE_JSON_TRUE && value->kind != DLCORE_JSON_FALSE)
        return dlcore_config_refuse_value(reading, setting->key, value, "neither true nor false");
    *at = value->kind == DLCORE_JSON_TRUE;
    return DLCORE_OK;
}

/* The rows of a batch are one axis, its units the other. */
static dlcore_status setting_read_units_axis(const dlcore_config_reading_t *reading,
                                             const dlcore_json_t *value,
                                             const dlcore_setting_t *setting, bool *at)
{
    if (!dlcore_config_is_one_of(value, "[-1, 1, [-1], [1]]"))
        return dlcore_config_refuse_value(reading, setting->key, value,
                                          "this version takes only [null, -1, 1]");
    *at = true;
    return DLCORE_OK;
}

static dlcore_status setting_read_choice(const dlcore_config_reading_t *reading,
                                         const dlcore_json_t *value,
                                         const dlcore_setting_t *setting, int *at)
{
    char word[DLCORE_NAME_SIZE];
    int found = -1;

    if (value->kind == DLCORE_JSON_STRING && dlcore_json_string(value, word, sizeof word) != 0)
        found = setting->names->from_name(word);
    if (found < 0)
        return dlcore_config_refuse_value(reading, setting->key, value,
                                          "this version has no such choice");
    *at = found;
    return DLCORE_OK;
}

static dlcore_status setting_read_list(const dlcore_config_reading_t *reading,
                                       const dlcore_json_t *value, const dlcore_setting_t *setting,
                                       dlcore_metric_list_t *at)
{
    dlcore_config_numbers_t *numbers = reading->numbers;
    dlcore_json_steps_t steps = dlcore_json_steps(value);
    dlcore_json_t element;
    double number;

    *at = (dlcore_metric_list_t){.count = 0};
    if (value->kind != DLCORE_JSON_ARRAY)
        return dlcore_config_refuse_value(reading, setting->key, value, "no list of numbers");
    if (numbers->block == NULL)
        numbers->block =
            dlcore_allocate_raw(numbers->allocator, DLCORE_CONFIG_NUMBERS_MAX, sizeof(float));
    if (numbers->block == NULL)
        return dlcore_fail_memory(reading->error, setting->key,
                                  DLCORE_CONFIG_NUMBERS_MAX * sizeof(float));
    at->values = numbers->block + numbers->used;
    while (dlcore_json_step(&steps, NULL, &element)) {
        element = dlcore_config_unpacked(&element);
        if (!dlcore_json_double(&element, &number))
            return dlcore_config_refuse_value(reading, setting->key, value, "no list of numbers");
        if (numbers->used == DLCORE_CONFIG_NUMBERS_MAX)
            return dlcore_config_refuse(reading, DLCORE_ERROR_UNSUPPORTED, setting->key,
                                        "has too many numbers");
        numbers->block[numbers->used++] = (float)number;
        at->count++;
    }
    return DLCORE_OK;
}

static dlcore_status setting_read_value(const dlcore_config_reading_t *reading,
                                        const dlcore_json_t *config, const dlcore_json_t *value,
                                        const dlcore_setting_t *setting, void *descriptor)
{
    void *at = (char *)descriptor + setting->place;

    if (value->kind == DLCORE_JSON_NULL && dlcore_setting_set_none(setting, descriptor))
        return DLCORE_OK;
    if (value->kind == DLCORE_JSON_NULL && setting->type == DLCORE_SETTING_LIST)
        return DLCORE_OK;
    if (setting->switch_place != 0)
        *(bool *)((char *)descriptor + setting->switch_place) = true;
    switch (setting->type) {
    case DLCORE_SETTING_DOUBLE:
    case DLCORE_SETTING_SIZE:
    case DLCORE_SETTING_COUNT:
    case DLCORE_SETTING_INT:
        return setting_read_number(reading, value, setting, at);
    case DLCORE_SETTING_BOOL:
        return setting_read_bool(reading, value, setting, at);
    case DLCORE_SETTING_UNITS_AXIS:
        return setting_read_units_axis(reading, value, setting, at);
    case DLCORE_SETTING_CHOICE:
        return setting_read_choice(reading, value, setting, at);
    case DLCORE_SETTING_INITIALIZER:
        return dlcore_initializer_config_read(reading, value, setting->key, at);
    case DLCORE_SETTING_REGULARIZER:
        return dlcore_regularizer_config_read(reading, value, setting->key, at);
    case DLCORE_SETTING_CONSTRAINT:
        return dlcore_constraint_config_read(reading, value, setting->key, at);
    case DLCORE_SETTING_ACTIVATION:
        return dlcore_activation_config_read(reading, value, descriptor);
    case DLCORE_SETTING_RATE:
        return dlcore_learning_rate_config_read(reading, value, descriptor);
    case DLCORE_SETTING_PIECES:
        return dlcore_schedule_config_read_pieces(reading, config, descriptor);
    case DLCORE_SETTING_TABLES:
        return dlcore_embeddings_config_read(reading, value, setting->key, at);
    case DLCORE_SETTING_LIST:
        return setting_read_list(reading, value, setting, at);
    case DLCORE_SETTING_END:
    case DLCORE_SETTING_TEXT:
        break;
    }
    return DLCORE_OK;
}

/* ---- members ---- */

static const dlcore_setting_key_t *find_key(const dlcore_setting_key_t *keys, const char *name)
{
    for (; keys->key != NULL; keys++) {
        if (strcmp(keys->key, name) == 0)
            return keys;
    }
    return NULL;
}

/* A key that has no setting: its value must be one that changes nothing. */
DLCORE_KEPT_APART static dlcore_status check_key(const dlcore_config_reading_t *reading,
                                                 const dlcore_config_class_t *kind,
                                                 const char *name, const dlcore_json_t *value)
{
    const dlcore_setting_key_t *key = find_key(kind->keys, name);
    char why[128];

    if (key == NULL)
        key = find_key(kind->common_keys, name);
    if (key == NULL)
        return dlcore_config_refuse_value(reading, name, value,
                                          "this version does not know the key");
    if (key->neutral == NULL || dlcore_config_is_one_of(value, key->neutral))
        return DLCORE_OK;
    snprintf(why, sizeof why, "this version takes only %s", key->neutral);
    return dlcore_config_refuse_value(reading, name, value, why);
}

/* Of a setting that is written as text, the keys say what may be read. */
static dlcore_status read_member(const dlcore_config_reading_t *reading,
                                 const dlcore_json_t *config, const dlcore_config_class_t *kind,
                                 const char *name, const dlcore_json_t *value, void *descriptor)
{
    const dlcore_setting_t *setting = dlcore_setting_find(kind->settings, name);

    if (setting == NULL)
        setting = dlcore_setting_find(kind->common, name);
    if (setting == NULL || setting->type == DLCORE_SETTING_TEXT)
        return check_key(reading, kind, name, value);
    return setting_read_value(reading, config, value, setting, descriptor);
}

dlcore_status dlcore_settings_read(const dlcore_config_reading_t *reading,
                                   const dlcore_json_t *config, const dlcore_config_class_t *kind,
                                   void *descriptor)
{
    dlcore_config_reading_t within = dlcore_config_within(reading, kind->name);
    dlcore_json_steps_t steps = dlcore_json_steps(config);
    dlcore_json_t key, value;
    char name[DLCORE_NAME_SIZE];
    dlcore_status status = DLCORE_OK;

    while (status == DLCORE_OK && dlcore_json_step(&steps, &key, &value)) {
        if (dlcore_json_string(&key, name, sizeof name) != strlen(name))
            return dlcore_config_refuse_value(&within, name, &value,
                                              "this version does not know the key");
        status = dlcore_config_find(&within, config, name, &value); /* is it there twice? */
        if (status == DLCORE_OK)
            status = read_member(&within, config, kind, name, &value, descriptor);
    }
    return status;
}
