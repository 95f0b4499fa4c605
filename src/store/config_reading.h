/* Members of the JSON objects that describe a model, read with errors that say where.
 *
 * A member that is absent leaves its value as it is.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_STORE_CONFIG_READING_H
#define DLCORE_STORE_CONFIG_READING_H

#include "system/compiler.h"

#include "dlcore/status.h"
#include "json/json.h"

DLCORE_HIDDEN_BEGIN

/* What reading carries along: "layer 3" is what is being read. */
typedef struct dlcore_config_reading {
    const char *file;
    const char *part;
    size_t number;
    dlcore_error_record_t *error;
} dlcore_config_reading_t;

/* Fails with "FILE: PART NUMBER: MEMBER WHAT". */
dlcore_status dlcore_config_refuse(const dlcore_config_reading_t *reading, dlcore_status status,
                                   const char *member, const char *what);

/* value->kind is DLCORE_JSON_NONE when it is absent. */
dlcore_status dlcore_config_find(const dlcore_config_reading_t *reading,
                                 const dlcore_json_t *object, const char *name,
                                 dlcore_json_t *value);
dlcore_status dlcore_config_bool(const dlcore_config_reading_t *reading,
                                 const dlcore_json_t *object, const char *name, bool *value);
dlcore_status dlcore_config_double(const dlcore_config_reading_t *reading,
                                   const dlcore_json_t *object, const char *name, double *value);
/* A name of fewer than `room` bytes; "" when it is absent. */
dlcore_status dlcore_config_name(const dlcore_config_reading_t *reading,
                                 const dlcore_json_t *object, const char *name, char *text,
                                 size_t room);
/* A thing by its name, "glorot_uniform", or as an object with class_name and config; `snake` is ""
 * when there is none. */
dlcore_status dlcore_config_thing(const dlcore_config_reading_t *reading,
                                  const dlcore_json_t *thing, char *snake, size_t room,
                                  dlcore_json_t *config);

DLCORE_HIDDEN_END

#endif
