/* Initializers, regularizers and constraints, which layers have for their weights, as Keras writes
 * them in JSON.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_STORE_WEIGHT_CONFIG_H
#define DLCORE_STORE_WEIGHT_CONFIG_H

#include "system/compiler.h"

#include "dlcore/constraint.h"
#include "dlcore/initializer.h"
#include "dlcore/layer.h"
#include "dlcore/regularizer.h"
#include "store/config_reading.h"
#include "json/json_writer.h"

DLCORE_HIDDEN_BEGIN

/* As a member of that name: an object, or null for none. */
void dlcore_initializer_config_put(dlcore_json_writer_t *writer, const char *name,
                                   const dlcore_initializer_t *initializer);
void dlcore_regularizer_config_put(dlcore_json_writer_t *writer, const char *name,
                                   const dlcore_regularizer_t *regularizer);
void dlcore_constraint_config_put(dlcore_json_writer_t *writer, const char *name,
                                  const dlcore_constraint_t *constraint);

/* Tables, from a list of [column, count, units]. */
dlcore_status dlcore_embeddings_config_read(const dlcore_config_reading_t *reading,
                                            const dlcore_json_t *value, const char *name,
                                            dlcore_embeddings_t *tables);

/* From the value of the member `name`. An initializer that this version cannot draw from is kept by
 * its name, kind DLCORE_INITIALIZER_NAMED: weights that are trained do not need it. */
dlcore_status dlcore_initializer_config_read(const dlcore_config_reading_t *reading,
                                             const dlcore_json_t *value, const char *name,
                                             dlcore_initializer_t *initializer);
dlcore_status dlcore_regularizer_config_read(const dlcore_config_reading_t *reading,
                                             const dlcore_json_t *value, const char *name,
                                             dlcore_regularizer_t *regularizer);
dlcore_status dlcore_constraint_config_read(const dlcore_config_reading_t *reading,
                                            const dlcore_json_t *value, const char *name,
                                            dlcore_constraint_t *constraint);

DLCORE_HIDDEN_END

#endif
