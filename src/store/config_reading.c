/* Members of the JSON objects that describe a model.
 *
 * SPDX-License-Identifier: MIT */
#include "store/config_reading.h"

#include <string.h>

#include "base/error.h"
#include "dlcore/layer.h"
#include "store/model_config.h"

dlcore_status dlcore_config_refuse(const dlcore_config_reading_t *reading, dlcore_status status,
                                   const char *member, const char *what)
{
    return dlcore_fail(reading->error, status, "%s: %s %zu: %s %s", reading->file, reading->part,
                       reading->number, member, what);
}

dlcore_status dlcore_config_find(const dlcore_config_reading_t *reading,
                                 const dlcore_json_t *object, const char *name,
                                 dlcore_json_t *value)
{
    if (!dlcore_json_member(object, name, value))
        return dlcore_config_refuse(reading, DLCORE_ERROR_FORMAT, name, "is there twice");
    return DLCORE_OK;
}

dlcore_status dlcore_config_bool(const dlcore_config_reading_t *reading,
                                 const dlcore_json_t *object, const char *name, bool *value)
{
    dlcore_json_t found;
    dlcore_status status = dlcore_config_find(reading, object, name, &found);

    if (status != DLCORE_OK || found.kind == DLCORE_JSON_NONE)
        return status;
    if (found.kind != DLCORE_JSON_TRUE && found.kind != DLCORE_JSON_FALSE)
        return dlcore_config_refuse(reading, DLCORE_ERROR_FORMAT, name,
                                    "is neither true nor false");
    *value = found.kind == DLCORE_JSON_TRUE;
    return DLCORE_OK;
}

dlcore_status dlcore_config_double(const dlcore_config_reading_t *reading,
                                   const dlcore_json_t *object, const char *name, double *value)
{
    dlcore_json_t found;
    dlcore_status status = dlcore_config_find(reading, object, name, &found);

    if (status != DLCORE_OK || found.kind == DLCORE_JSON_NONE)
        return status;
    if (!dlcore_json_double(&found, value))
        return dlcore_config_refuse(reading, DLCORE_ERROR_UNSUPPORTED, name, "is no finite number");
    return DLCORE_OK;
}

dlcore_status dlcore_config_name(const dlcore_config_reading_t *reading,
                                 const dlcore_json_t *object, const char *name, char *text,
                                 size_t room)
{
    dlcore_json_t found;
    dlcore_status status = dlcore_config_find(reading, object, name, &found);

    text[0] = '\0';
    if (status != DLCORE_OK || found.kind == DLCORE_JSON_NONE)
        return status;
    if (found.kind != DLCORE_JSON_STRING)
        return dlcore_config_refuse(reading, DLCORE_ERROR_UNSUPPORTED, name, "is no name");
    if (dlcore_json_string(&found, text, room) != strlen(text))
        return dlcore_config_refuse(reading, DLCORE_ERROR_FORMAT, name,
                                    "is too long, or has a zero byte");
    return DLCORE_OK;
}

dlcore_status dlcore_config_thing(const dlcore_config_reading_t *reading,
                                  const dlcore_json_t *thing, char *snake, size_t room,
                                  dlcore_json_t *config)
{
    char name[DLCORE_NAME_SIZE] = "";
    dlcore_status status = DLCORE_OK;

    *config = (dlcore_json_t){0};
    if (thing->kind == DLCORE_JSON_STRING) {
        if (dlcore_json_string(thing, name, sizeof name) != strlen(name))
            return dlcore_config_refuse(reading, DLCORE_ERROR_FORMAT, "its name", "is too long");
    } else {
        status = dlcore_config_name(reading, thing, "class_name", name, sizeof name);
        if (status == DLCORE_OK)
            status = dlcore_config_find(reading, thing, "config", config);
    }
    dlcore_snake_name(name, snake, room);
    return status;
}
