/* The frame of every object in a model's JSON, and names of classes.
 *
 * SPDX-License-Identifier: MIT */
#include "store/config_writing.h"

#include <stdbool.h>

#include "store/model_config.h"

void dlcore_class_name(const char *snake, char *camel, size_t room)
{
    bool upper = true;
    size_t length = 0;

    for (; *snake != '\0' && length + 1 < room; snake++) {
        bool lower = *snake >= 'a' && *snake <= 'z';

        if (*snake != '_')
            camel[length++] = (char)(upper && lower ? *snake - 'a' + 'A' : *snake);
        upper = *snake == '_';
    }
    camel[length] = '\0';
}

void dlcore_config_open(dlcore_json_writer_t *writer, const char *name, const char *module,
                        const char *class_name)
{
    dlcore_json_open(writer, name, '{');
    dlcore_json_put_string(writer, "module", module);
    dlcore_json_put_string(writer, "class_name", class_name);
    dlcore_json_open(writer, "config", '{');
}

void dlcore_config_close(dlcore_json_writer_t *writer)
{
    dlcore_json_close(writer, '}');
    dlcore_json_put_null(writer, "registered_name");
    dlcore_json_close(writer, '}');
}
