/* Optimizers, schedules, regularizers and constraints as Keras writes them in JSON.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_STORE_OPTIMIZER_CONFIG_H
#define DLCORE_STORE_OPTIMIZER_CONFIG_H

#include "system/compiler.h"

#include "dlcore/constraint.h"
#include "dlcore/optimizer.h"
#include "dlcore/regularizer.h"
#include "store/config_reading.h"
#include "store/config_writing.h"

DLCORE_HIDDEN_BEGIN

/* As the member "optimizer". A schedule that is a function cannot be written: in its stead stands
 * `learning_rate`, that of the moment. */
void dlcore_optimizer_config_put(dlcore_json_writer_t *writer, const dlcore_optimizer_t *optimizer,
                                 double learning_rate);
dlcore_status dlcore_optimizer_config_read(const dlcore_config_reading_t *reading,
                                           const dlcore_json_t *object,
                                           dlcore_optimizer_t *optimizer);

/* As a member of that name: an object, or null for none. */
void dlcore_schedule_config_put(dlcore_json_writer_t *writer, const char *name,
                                const dlcore_schedule_t *schedule);
dlcore_status dlcore_schedule_config_read(const dlcore_config_reading_t *reading,
                                          const dlcore_json_t *object, dlcore_schedule_t *schedule);
void dlcore_regularizer_config_put(dlcore_json_writer_t *writer, const char *name,
                                   const dlcore_regularizer_t *regularizer);
dlcore_status dlcore_regularizer_config_read(const dlcore_config_reading_t *reading,
                                             const dlcore_json_t *object, const char *name,
                                             dlcore_regularizer_t *regularizer);
void dlcore_constraint_config_put(dlcore_json_writer_t *writer, const char *name,
                                  const dlcore_constraint_t *constraint);
dlcore_status dlcore_constraint_config_read(const dlcore_config_reading_t *reading,
                                            const dlcore_json_t *object, const char *name,
                                            dlcore_constraint_t *constraint);

DLCORE_HIDDEN_END

#endif
