/* Writing settings by their tables.
 *
 * SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <string.h>

#include "store/activation_config.h"
#include "store/config_writing.h"
#include "store/optimizer_config.h"
#include "store/weight_config.h"
#include "json/json.h"

/* As few characters as give it back, whoever reads it. */
static void put_plain(dlcore_json_writer_t *writer, const char *key, double number)
{
    bool for_keras = writer->for_keras;

    writer->for_keras = false;
    dlcore_json_put_double(writer, key, number);
    writer->for_keras = for_keras;
}

static void setting_put_text(dlcore_json_writer_t *writer, const dlcore_setting_t *setting)
{
    dlcore_json_t value = dlcore_json_at(setting->text, setting->text + strlen(setting->text));
    double number;

    if (dlcore_json_double(&value, &number))
        put_plain(writer, setting->key, number);
    else if (!writer->for_keras)
        dlcore_json_put_null(writer, setting->key);
}

/* Here, so that writing does not link what reading does. */
static void put_tables(dlcore_json_writer_t *writer, const char *key,
                       const dlcore_embeddings_t *tables)
{
    dlcore_json_open(writer, key, '[');
    for (size_t i = 0; i < tables->count; i++) {
        dlcore_json_open(writer, NULL, '[');
        dlcore_json_put_uint64(writer, NULL, tables->table[i].column);
        dlcore_json_put_uint64(writer, NULL, tables->table[i].count);
        dlcore_json_put_uint64(writer, NULL, tables->table[i].units);
        dlcore_json_close(writer, ']');
    }
    dlcore_json_close(writer, ']');
}

static void put_list(dlcore_json_writer_t *writer, const char *key,
                     const dlcore_metric_list_t *list)
{
    dlcore_json_open(writer, key, '[');
    for (size_t i = 0; i < list->count; i++)
        dlcore_json_put_double(writer, NULL, (double)list->values[i]);
    dlcore_json_close(writer, ']');
}

/* Settings that are never written, and those that are only where they are not the default. */
static bool setting_stays_out(const dlcore_setting_t *setting, const void *descriptor)
{
    if (setting->only_read || setting->inner)
        return true;
    if (!setting->quiet)
        return false;
    return setting->switch_place != 0 ? dlcore_setting_is_none(setting, descriptor)
                                      : dlcore_setting_is_default(setting, descriptor);
}

/* A setting that is not none. */
static void setting_put_value(dlcore_json_writer_t *writer, const dlcore_setting_t *setting,
                              const void *descriptor)
{
    const char *key = setting->key;
    const void *at = (const char *)descriptor + setting->place;

    switch (setting->type) {
    case DLCORE_SETTING_DOUBLE:
        (setting->with_point ? dlcore_json_put_point : dlcore_json_put_double)(writer, key,
                                                                               *(const double *)at);
        break;
    case DLCORE_SETTING_BOOL:
        dlcore_json_put_bool(writer, key, *(const bool *)at);
        break;
    case DLCORE_SETTING_UNITS_AXIS: /* none is null */
        dlcore_json_put_double(writer, key, -1.0);
        break;
    case DLCORE_SETTING_SIZE:
        dlcore_json_put_uint64(writer, key, *(const size_t *)at);
        break;
    case DLCORE_SETTING_COUNT:
        dlcore_json_put_uint64(writer, key, *(const uint64_t *)at);
        break;
    case DLCORE_SETTING_INT:
        put_plain(writer, key, *(const int *)at);
        break;
    case DLCORE_SETTING_CHOICE:
        dlcore_json_put_string(writer, key, setting->names->name_of(*(const int *)at));
        break;
    case DLCORE_SETTING_INITIALIZER:
        dlcore_initializer_config_put(writer, key, at);
        break;
    case DLCORE_SETTING_REGULARIZER:
        dlcore_regularizer_config_put(writer, key, at);
        break;
    case DLCORE_SETTING_CONSTRAINT:
        dlcore_constraint_config_put(writer, key, at);
        break;
    case DLCORE_SETTING_ACTIVATION:
        dlcore_activation_config_put(writer, descriptor);
        break;
    case DLCORE_SETTING_RATE:
        dlcore_learning_rate_config_put(writer, descriptor);
        break;
    case DLCORE_SETTING_PIECES:
        dlcore_schedule_config_put_pieces(writer, descriptor);
        break;
    case DLCORE_SETTING_TABLES:
        put_tables(writer, key, at);
        break;
    case DLCORE_SETTING_LIST:
        put_list(writer, key, at);
        break;
    case DLCORE_SETTING_TEXT:
        setting_put_text(writer, setting);
        break;
    case DLCORE_SETTING_END:
        break;
    }
}

static void setting_put(dlcore_json_writer_t *writer, const dlcore_setting_t *setting,
                        const void *descriptor)
{
    if (setting_stays_out(setting, descriptor))
        return;
    if (!dlcore_setting_is_none(setting, descriptor))
        setting_put_value(writer, setting, descriptor);
    else if (!writer->for_keras)
        dlcore_json_put_null(writer, setting->key);
}

void dlcore_settings_put(dlcore_json_writer_t *writer, const dlcore_setting_t *settings,
                         const dlcore_setting_t *over, const void *descriptor)
{
    for (; settings->type != DLCORE_SETTING_END; settings++) {
        const dlcore_setting_t *row = settings, *other = NULL;

        if (over != NULL)
            other = dlcore_setting_find(over, row->key);
        else if (row->replaces)
            continue;
        if (other != NULL && other->replaces)
            row = other;
        setting_put(writer, row, descriptor);
    }
}
