/* Schedules in JSON.
 *
 * SPDX-License-Identifier: MIT */
#include "store/optimizer_config.h"

#include <stdint.h>

#include "dlcore/layer.h"
#include "nn/schedule.h"
#include "store/config_writing.h"

/* In the order of the kinds. */
static const dlcore_setting_key_t *const schedule_keys[] = {
    dlcore_no_keys,
#define DLCORE_SCHEDULE_KEYS(kind, name) dlcore_schedule_keys_##name,
    DLCORE_SCHEDULE_KINDS(DLCORE_SCHEDULE_KEYS)
#undef DLCORE_SCHEDULE_KEYS
};

/* ---- writing ---- */

void dlcore_schedule_config_put_pieces(dlcore_json_writer_t *writer,
                                       const dlcore_schedule_t *schedule)
{
    dlcore_json_open(writer, "boundaries", '[');
    for (size_t i = 0; i < schedule->boundary_count; i++)
        dlcore_json_put_uint64(writer, NULL, schedule->boundaries[i]);
    dlcore_json_close(writer, ']');
    dlcore_json_open(writer, "values", '[');
    for (size_t i = 0; i <= schedule->boundary_count; i++)
        dlcore_json_put_double(writer, NULL, schedule->values[i]);
    dlcore_json_close(writer, ']');
}

void dlcore_schedule_config_put(dlcore_json_writer_t *writer, const char *name,
                                const dlcore_schedule_t *schedule)
{
    const char *class_name = dlcore_schedule_name(schedule->kind);
    const dlcore_schedule_type_t *type = dlcore_schedule_type(schedule->kind);

    dlcore_config_open(writer, name, "keras.optimizers.schedules", class_name);
    dlcore_settings_put(writer, type->settings, NULL, schedule);
    dlcore_json_put_string(writer, "name", class_name);
    dlcore_config_close(writer);
}

/* ---- reading ---- */

static dlcore_status read_boundaries(const dlcore_config_reading_t *reading,
                                     const dlcore_json_t *boundaries, dlcore_schedule_t *schedule)
{
    dlcore_json_steps_t steps = dlcore_json_steps(boundaries);
    dlcore_json_t value;

    schedule->boundary_count = 0;
    for (; dlcore_json_step(&steps, NULL, &value); schedule->boundary_count++) {
        if (schedule->boundary_count == DLCORE_SCHEDULE_BOUNDARIES_MAX)
            return dlcore_config_refuse(reading, DLCORE_ERROR_UNSUPPORTED, "boundaries",
                                        "are too many");
        if (!dlcore_config_is_count(&value, &schedule->boundaries[schedule->boundary_count]))
            return dlcore_config_refuse_value(reading, "boundaries", &value, "no count");
    }
    return DLCORE_OK;
}

DLCORE_KEPT_APART dlcore_status
dlcore_schedule_config_read_pieces(const dlcore_config_reading_t *reading,
                                   const dlcore_json_t *config, dlcore_schedule_t *schedule)
{
    dlcore_json_t boundaries, values, value;
    dlcore_json_steps_t steps;
    size_t count = 0;
    dlcore_status status = dlcore_config_find(reading, config, "boundaries", &boundaries);

    if (status == DLCORE_OK)
        status = dlcore_config_find(reading, config, "values", &values);
    if (status == DLCORE_OK)
        status = read_boundaries(reading, &boundaries, schedule);
    if (status != DLCORE_OK)
        return status;
    steps = dlcore_json_steps(&values);
    while (dlcore_json_step(&steps, NULL, &value)) {
        if (count > schedule->boundary_count ||
            !dlcore_json_double(&value, &schedule->values[count])) {
            count = 0;
            break;
        }
        count++;
    }
    if (count != schedule->boundary_count + 1)
        return dlcore_config_refuse(reading, DLCORE_ERROR_FORMAT, "values",
                                    "are not one number more than boundaries");
    return DLCORE_OK;
}

dlcore_status dlcore_schedule_config_read(const dlcore_config_reading_t *reading,
                                          const dlcore_json_t *object, dlcore_schedule_t *schedule)
{
    char name[DLCORE_NAME_SIZE];
    dlcore_json_t config;
    const dlcore_schedule_type_t *type;
    dlcore_config_class_t kind = {.common = dlcore_no_settings,
                                  .common_keys = dlcore_schedule_common_keys};
    dlcore_status status = dlcore_config_thing(reading, object, name, sizeof name, &config);

    if (status != DLCORE_OK)
        return status;
    *schedule = dlcore_schedule_from_name(name);
    type = dlcore_schedule_type(schedule->kind);
    if (type == NULL)
        return dlcore_config_refuse_class(reading, "schedule", object, name);
    kind.name = dlcore_schedule_name(schedule->kind);
    kind.settings = type->settings;
    kind.keys = schedule_keys[schedule->kind];
    status = dlcore_settings_read(reading, &config, &kind, schedule);
    if (status == DLCORE_OK && type->settle != NULL)
        type->settle(schedule);
    return status;
}
