/* Regularizers and constraints in JSON.
 *
 * SPDX-License-Identifier: MIT */
#include "base/name.h"
#include "dlcore/layer.h"
#include "store/model_config.h"
#include "store/optimizer_config.h"

/* ---- regularizers ---- */

void dlcore_regularizer_config_put(dlcore_json_writer_t *writer, const char *name,
                                   const dlcore_regularizer_t *regularizer)
{
    bool l1 = regularizer->l1 != 0.0, l2 = regularizer->l2 != 0.0;

    if (!l1 && !l2) {
        dlcore_json_put_null(writer, name);
        return;
    }
    dlcore_config_open(writer, name, "keras.regularizers", l1 && l2 ? "L1L2" : l1 ? "L1" : "L2");
    if (l1)
        dlcore_json_put_double(writer, "l1", regularizer->l1);
    if (l2)
        dlcore_json_put_double(writer, "l2", regularizer->l2);
    dlcore_config_close(writer);
}

dlcore_status dlcore_regularizer_config_read(const dlcore_config_reading_t *reading,
                                             const dlcore_json_t *object, const char *name,
                                             dlcore_regularizer_t *regularizer)
{
    char snake[2 * DLCORE_NAME_SIZE];
    dlcore_json_t found, config;
    dlcore_status status = dlcore_config_find(reading, object, name, &found);
    bool l1, l2, both;

    if (status != DLCORE_OK || found.kind == DLCORE_JSON_NONE || found.kind == DLCORE_JSON_NULL)
        return status;
    status = dlcore_config_thing(reading, &found, snake, sizeof snake, &config);
    if (status != DLCORE_OK)
        return status;
    l1 = dlcore_name_is(snake, "l1");
    l2 = dlcore_name_is(snake, "l2");
    both = dlcore_name_is(snake, "l1_l2");
    if (!l1 && !l2 && !both)
        return dlcore_config_refuse(reading, DLCORE_ERROR_UNSUPPORTED, name, "is not known here");
    *regularizer = dlcore_regularizer_l1_l2(l1 ? 0.01 : 0.0, l2 ? 0.01 : 0.0);
    if (!l2)
        status = dlcore_config_double(reading, &config, "l1", &regularizer->l1);
    if (status == DLCORE_OK && !l1)
        status = dlcore_config_double(reading, &config, "l2", &regularizer->l2);
    return status;
}

/* ---- constraints ---- */

void dlcore_constraint_config_put(dlcore_json_writer_t *writer, const char *name,
                                  const dlcore_constraint_t *constraint)
{
    dlcore_constraint_kind_t kind = constraint->kind;
    char class_name[64];

    if (kind == DLCORE_CONSTRAINT_NONE) {
        dlcore_json_put_null(writer, name);
        return;
    }
    dlcore_class_name(dlcore_constraint_name(kind), class_name, sizeof class_name);
    dlcore_config_open(writer, name, "keras.constraints", class_name);
    if (kind == DLCORE_CONSTRAINT_MIN_MAX_NORM)
        dlcore_json_put_double(writer, "min_value", constraint->min_value);
    if (kind == DLCORE_CONSTRAINT_MIN_MAX_NORM || kind == DLCORE_CONSTRAINT_MAX_NORM)
        dlcore_json_put_double(writer, "max_value", constraint->max_value);
    if (kind == DLCORE_CONSTRAINT_MIN_MAX_NORM)
        dlcore_json_put_double(writer, "rate", constraint->rate);
    if (kind != DLCORE_CONSTRAINT_NON_NEG)
        dlcore_json_put_uint64(writer, "axis", 0);
    dlcore_config_close(writer);
}

static dlcore_status check_axis(const dlcore_config_reading_t *reading, const dlcore_json_t *config,
                                const char *name)
{
    double axis = 0.0;
    dlcore_status status = dlcore_config_double(reading, config, "axis", &axis);

    if (status == DLCORE_OK && axis != 0.0)
        return dlcore_config_refuse(reading, DLCORE_ERROR_UNSUPPORTED, name,
                                    "has another axis than 0");
    return status;
}

dlcore_status dlcore_constraint_config_read(const dlcore_config_reading_t *reading,
                                            const dlcore_json_t *object, const char *name,
                                            dlcore_constraint_t *constraint)
{
    char snake[2 * DLCORE_NAME_SIZE];
    dlcore_json_t found, config;
    dlcore_status status = dlcore_config_find(reading, object, name, &found);

    if (status != DLCORE_OK || found.kind == DLCORE_JSON_NONE || found.kind == DLCORE_JSON_NULL)
        return status;
    status = dlcore_config_thing(reading, &found, snake, sizeof snake, &config);
    if (status != DLCORE_OK)
        return status;
    *constraint = dlcore_constraint_from_name(snake);
    if (constraint->kind == DLCORE_CONSTRAINT_UNKNOWN)
        return dlcore_config_refuse(reading, DLCORE_ERROR_UNSUPPORTED, name, "is not known here");
    status = check_axis(reading, &config, name);
    if (status == DLCORE_OK)
        status = dlcore_config_double(reading, &config, "min_value", &constraint->min_value);
    if (status == DLCORE_OK)
        status = dlcore_config_double(reading, &config, "max_value", &constraint->max_value);
    if (status == DLCORE_OK)
        status = dlcore_config_double(reading, &config, "rate", &constraint->rate);
    return status;
}
