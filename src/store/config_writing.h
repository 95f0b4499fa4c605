/* The frame of every object in a model's JSON, and names of classes.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_STORE_CONFIG_WRITING_H
#define DLCORE_STORE_CONFIG_WRITING_H

#include "system/compiler.h"

#include "json/json_writer.h"

DLCORE_HIDDEN_BEGIN

/* {"module":...,"class_name":...,"config":{, and its end. */
void dlcore_config_open(dlcore_json_writer_t *writer, const char *name, const char *module,
                        const char *class_name);
void dlcore_config_close(dlcore_json_writer_t *writer);

DLCORE_HIDDEN_END

#endif
