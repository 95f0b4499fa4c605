/* Initializers in JSON.
 *
 * SPDX-License-Identifier: MIT */
#include "store/weight_config.h"

#include <stdio.h>
#include <string.h>

#include "dlcore/layer.h"
#include "nn/initializer.h"
#include "store/config_writing.h"
#include "store/model_config.h"

void dlcore_initializer_config_put(dlcore_json_writer_t *writer, const char *name,
                                   const dlcore_initializer_t *initializer)
{
    char class_name[DLCORE_NAME_SIZE];

    if (initializer->kind == DLCORE_INITIALIZER_NAMED && writer->for_keras)
        return;
    if (initializer->kind == DLCORE_INITIALIZER_NAMED) {
        if (initializer->name[0] == '\0') {
            dlcore_json_put_null(writer, name);
            return;
        }
        snprintf(class_name, sizeof class_name, "%s", initializer->name);
    } else {
        dlcore_class_name(dlcore_initializer_name(initializer->kind), class_name,
                          sizeof class_name);
    }
    dlcore_config_open(writer, name, "keras.initializers", class_name);
    dlcore_settings_put(writer, dlcore_initializer_settings(initializer->kind), NULL, initializer);
    dlcore_config_close(writer);
}

#define CHANGED " (changed)"
enum { KEPT = DLCORE_INITIALIZER_NAME_SIZE - sizeof CHANGED };

/* `known`: the class draws otherwise than it does here, with settings that this version lacks. */
static void keep_by_name(dlcore_initializer_t *initializer, const char *name, bool known)
{
    *initializer = (dlcore_initializer_t){.kind = DLCORE_INITIALIZER_NAMED};
    snprintf(initializer->name, sizeof initializer->name, "%.*s%s", KEPT, name,
             known ? CHANGED : "");
}

DLCORE_KEPT_APART dlcore_status
dlcore_initializer_config_read(const dlcore_config_reading_t *reading, const dlcore_json_t *value,
                               const char *name, dlcore_initializer_t *initializer)
{
    dlcore_config_reading_t within = dlcore_config_within(reading, name), silent = within;
    char class_name[DLCORE_NAME_SIZE] = "";
    dlcore_json_t config = {.kind = DLCORE_JSON_NONE};
    dlcore_config_class_t kind = {.common = dlcore_no_settings, .common_keys = dlcore_no_keys};
    dlcore_status status = DLCORE_OK;

    silent.error = NULL;
    if (value->kind != DLCORE_JSON_NULL)
        status = dlcore_config_thing(&silent, value, class_name, sizeof class_name, &config);
    if (status == DLCORE_ERROR_UNSUPPORTED && value->kind == DLCORE_JSON_OBJECT) {
        (void)dlcore_config_name(&silent, value, "class_name", class_name, sizeof class_name);
        keep_by_name(initializer, class_name, false); /* of the program that wrote it */
        return DLCORE_OK;
    }
    if (status != DLCORE_OK)
        return dlcore_config_thing(&within, value, class_name, sizeof class_name, &config);
    *initializer = dlcore_initializer_from_name(class_name);
    if (initializer->kind == DLCORE_INITIALIZER_UNKNOWN) {
        keep_by_name(initializer, class_name, false);
        return DLCORE_OK;
    }
    kind.name = class_name;
    kind.settings = dlcore_initializer_settings(initializer->kind);
    kind.keys = dlcore_initializer_keys;
    status = dlcore_settings_read(&silent, &config, &kind, initializer);
    if (status == DLCORE_ERROR_UNSUPPORTED) {
        keep_by_name(initializer, class_name, true);
        return DLCORE_OK;
    }
    return status != DLCORE_OK ? dlcore_settings_read(&within, &config, &kind, initializer)
                               : DLCORE_OK;
}
