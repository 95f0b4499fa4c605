/* Optimizers and schedules as Keras writes them in JSON.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_STORE_OPTIMIZER_CONFIG_H
#define DLCORE_STORE_OPTIMIZER_CONFIG_H

#include "system/compiler.h"

#include "dlcore/optimizer.h"
#include "store/config_reading.h"
#include "json/json_writer.h"

DLCORE_HIDDEN_BEGIN

/* As the member "optimizer". A schedule that is a function cannot be written: in its stead stands
 * `learning_rate`, that of the moment. */
void dlcore_optimizer_config_put(dlcore_json_writer_t *writer, const dlcore_optimizer_t *optimizer,
                                 double learning_rate);
dlcore_status dlcore_optimizer_config_read(const dlcore_config_reading_t *reading,
                                           const dlcore_json_t *object,
                                           dlcore_optimizer_t *optimizer);

/* The optimizer's learning_rate: a number, or a schedule. */
void dlcore_learning_rate_config_put(dlcore_json_writer_t *writer,
                                     const dlcore_optimizer_t *optimizer);
dlcore_status dlcore_learning_rate_config_read(const dlcore_config_reading_t *reading,
                                               const dlcore_json_t *value,
                                               dlcore_optimizer_t *optimizer);

/* A schedule, and its boundaries and values, which are members of its config. */
void dlcore_schedule_config_put(dlcore_json_writer_t *writer, const char *name,
                                const dlcore_schedule_t *schedule);
dlcore_status dlcore_schedule_config_read(const dlcore_config_reading_t *reading,
                                          const dlcore_json_t *object, dlcore_schedule_t *schedule);
void dlcore_schedule_config_put_pieces(dlcore_json_writer_t *writer,
                                       const dlcore_schedule_t *schedule);
dlcore_status dlcore_schedule_config_read_pieces(const dlcore_config_reading_t *reading,
                                                 const dlcore_json_t *config,
                                                 dlcore_schedule_t *schedule);

DLCORE_HIDDEN_END

#endif
