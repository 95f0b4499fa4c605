/* The frame of every object in a model's JSON, its settings, and names of classes.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_STORE_CONFIG_WRITING_H
#define DLCORE_STORE_CONFIG_WRITING_H

#include "system/compiler.h"

#include "dlcore/metric.h"
#include "nn/setting.h"
#include "json/json_writer.h"

DLCORE_HIDDEN_BEGIN

/* {"module":...,"class_name":...,"config":{, and its end. */
void dlcore_config_open(dlcore_json_writer_t *writer, const char *name, const char *module,
                        const char *class_name);
void dlcore_config_close(dlcore_json_writer_t *writer);

/* The members of a config, in the order of the table. A row of `over` stands in for one of the same
 * key that it replaces; without `over` the rows that replace others are left out, because those
 * were written with the family's table. */
void dlcore_settings_put(dlcore_json_writer_t *writer, const dlcore_setting_t *settings,
                         const dlcore_setting_t *over, const void *descriptor);

DLCORE_HIDDEN_END

#endif
