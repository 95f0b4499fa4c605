/* Optimizers in JSON.
 *
 * SPDX-License-Identifier: MIT */
#include "store/optimizer_config.h"

#include <string.h>

#include "dlcore/layer.h"
#include "nn/optimizer.h"
#include "store/config_writing.h"

/* In the order of the kinds. */
static const dlcore_setting_key_t *const optimizer_keys[] = {
    dlcore_no_keys,
#define DLCORE_OPTIMIZER_KEYS(kind, name) dlcore_optimizer_keys_##name,
    DLCORE_OPTIMIZER_KINDS(DLCORE_OPTIMIZER_KEYS)
#undef DLCORE_OPTIMIZER_KEYS
};

/* ---- writing ---- */

void dlcore_learning_rate_config_put(dlcore_json_writer_t *writer,
                                     const dlcore_optimizer_t *optimizer)
{
    if (optimizer->schedule.kind == DLCORE_SCHEDULE_NONE)
        dlcore_json_put_double(writer, "learning_rate", optimizer->learning_rate);
    else
        dlcore_schedule_config_put(writer, "learning_rate", &optimizer->schedule);
}

void dlcore_optimizer_config_put(dlcore_json_writer_t *writer, const dlcore_optimizer_t *optimizer,
                                 double learning_rate)
{
    const dlcore_optimizer_type_t *type = dlcore_optimizer_type(optimizer->kind);
    dlcore_optimizer_t written = *optimizer;

    if (written.schedule.kind == DLCORE_SCHEDULE_FUNCTION) {
        written.schedule.kind = DLCORE_SCHEDULE_NONE;
        written.learning_rate = learning_rate;
    }
    dlcore_config_open(writer, "optimizer", "keras.optimizers", type->class_name);
    dlcore_json_put_string(writer, "name", type->name);
    dlcore_settings_put(writer, dlcore_optimizer_common_settings, type->settings, &written);
    dlcore_settings_put(writer, type->settings, NULL, &written);
    dlcore_config_close(writer);
}

/* ---- reading ---- */

DLCORE_KEPT_APART dlcore_status
dlcore_learning_rate_config_read(const dlcore_config_reading_t *reading, const dlcore_json_t *value,
                                 dlcore_optimizer_t *optimizer)
{
    dlcore_config_reading_t within = dlcore_config_within(reading, "learning_rate");
    dlcore_json_t number = dlcore_config_unpacked(value);

    if (dlcore_json_double(&number, &optimizer->learning_rate))
        return DLCORE_OK;
    if (value->kind == DLCORE_JSON_OBJECT)
        return dlcore_schedule_config_read(&within, value, &optimizer->schedule);
    return dlcore_config_refuse_value(reading, "learning_rate", value, "no finite number");
}

/* Keras 2.11 to 2.15 registered its optimizers as if they were of a program's own. */
static const char *plain_class(const char *name)
{
    static const char prefix[] = "Custom>";

    return strncmp(name, prefix, sizeof prefix - 1) == 0 ? name + sizeof prefix - 1 : name;
}

dlcore_status dlcore_optimizer_config_read(const dlcore_config_reading_t *reading,
                                           const dlcore_json_t *object,
                                           dlcore_optimizer_t *optimizer)
{
    char name[DLCORE_NAME_SIZE];
    dlcore_json_t config;
    const dlcore_optimizer_type_t *type;
    dlcore_config_class_t kind = {.common = dlcore_optimizer_common_settings,
                                  .common_keys = dlcore_optimizer_common_keys};
    dlcore_status status = dlcore_config_thing(reading, object, name, sizeof name, &config);

    if (status != DLCORE_OK)
        return status;
    *optimizer = dlcore_optimizer_from_name(plain_class(name));
    type = dlcore_optimizer_type(optimizer->kind);
    if (type == NULL)
        return dlcore_config_refuse_class(reading, "optimizer", object, name);
    kind.name = type->class_name;
    kind.settings = type->settings;
    kind.keys = optimizer_keys[optimizer->kind];
    return dlcore_settings_read(reading, &config, &kind, optimizer);
}
