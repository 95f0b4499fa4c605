/* Regularizers and constraints in JSON.
 *
 * SPDX-License-Identifier: MIT */
#include "base/name.h"
#include "dlcore/layer.h"
#include "nn/constraint.h"
#include "nn/regularizer.h"
#include "store/config_writing.h"
#include "store/model_config.h"
#include "store/weight_config.h"

/* ---- regularizers ---- */

void dlcore_regularizer_config_put(dlcore_json_writer_t *writer, const char *name,
                                   const dlcore_regularizer_t *regularizer)
{
    const dlcore_regularizer_class_t *type = dlcore_regularizer_class(regularizer);

    if (type == NULL) {
        if (!writer->for_keras)
            dlcore_json_put_null(writer, name);
        return;
    }
    dlcore_config_open(writer, name, "keras.regularizers", type->class_name);
    dlcore_settings_put(writer, type->settings, NULL, regularizer);
    dlcore_config_close(writer);
}

DLCORE_KEPT_APART dlcore_status
dlcore_regularizer_config_read(const dlcore_config_reading_t *reading, const dlcore_json_t *value,
                               const char *name, dlcore_regularizer_t *regularizer)
{
    dlcore_config_reading_t within = dlcore_config_within(reading, name);
    char class_name[DLCORE_NAME_SIZE];
    const dlcore_regularizer_class_t *type;
    dlcore_config_class_t kind = {
        .common = dlcore_no_settings, .common_keys = dlcore_no_keys, .keys = dlcore_no_keys};
    dlcore_json_t config;
    dlcore_status status;

    *regularizer = (dlcore_regularizer_t){.l1 = 0.0};
    if (value->kind == DLCORE_JSON_NULL)
        return DLCORE_OK;
    status = dlcore_config_thing(&within, value, class_name, sizeof class_name, &config);
    if (status != DLCORE_OK)
        return status;
    type = dlcore_regularizer_class_of_name(class_name);
    if (type == NULL)
        return dlcore_config_refuse_class(&within, "regularizer", value, class_name);
    kind.name = type->class_name;
    kind.settings = type->settings;
    dlcore_settings_default(type->settings, regularizer);
    return dlcore_settings_read(&within, &config, &kind, regularizer);
}

/* ---- constraints ---- */

void dlcore_constraint_config_put(dlcore_json_writer_t *writer, const char *name,
                                  const dlcore_constraint_t *constraint)
{
    char class_name[DLCORE_NAME_SIZE];

    if (constraint->kind == DLCORE_CONSTRAINT_NONE) {
        if (!writer->for_keras)
            dlcore_json_put_null(writer, name);
        return;
    }
    dlcore_class_name(dlcore_constraint_name(constraint->kind), class_name, sizeof class_name);
    dlcore_config_open(writer, name, "keras.constraints", class_name);
    dlcore_settings_put(writer, dlcore_constraint_settings(constraint->kind), NULL, constraint);
    dlcore_config_close(writer);
}

DLCORE_KEPT_APART dlcore_status
dlcore_constraint_config_read(const dlcore_config_reading_t *reading, const dlcore_json_t *value,
                              const char *name, dlcore_constraint_t *constraint)
{
    dlcore_config_reading_t within = dlcore_config_within(reading, name);
    char class_name[DLCORE_NAME_SIZE];
    dlcore_config_class_t kind = {.common = dlcore_no_settings, .common_keys = dlcore_no_keys};
    dlcore_json_t config;
    dlcore_status status;

    *constraint = (dlcore_constraint_t){.kind = DLCORE_CONSTRAINT_NONE};
    if (value->kind == DLCORE_JSON_NULL)
        return DLCORE_OK;
    status = dlcore_config_thing(&within, value, class_name, sizeof class_name, &config);
    if (status != DLCORE_OK)
        return status;
    *constraint = dlcore_constraint_from_name(class_name);
    if (constraint->kind == DLCORE_CONSTRAINT_UNKNOWN)
        return dlcore_config_refuse_class(&within, "constraint", value, class_name);
    kind.name = class_name;
    kind.settings = dlcore_constraint_settings(constraint->kind);
    kind.keys = dlcore_constraint_keys;
    return dlcore_settings_read(&within, &config, &kind, constraint);
}
