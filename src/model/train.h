/* The frame of a training call: everything allocated and checked before its first step.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_MODEL_TRAIN_H
#define DLCORE_MODEL_TRAIN_H

#include "model/model.h"

typedef struct dlcore_training {
    dlcore_model_t *model;
    dlcore_objective_t objective;
    dlcore_team_t *team;
    size_t workers;
    dlcore_step_t step; /* sink, source, next and batch are the caller's to set */
} dlcore_training_t;

/* Checks model and data, builds the network if need be, allocates state and buffers for batches
 * of up to batch_size rows, and takes the team. `call` names the caller in messages. The struct
 * must stay where it is until the end. After an error there is nothing to end. */
dlcore_status dlcore_training_begin(dlcore_training_t *training, dlcore_model_t *model,
                                    const char *call, const dlcore_tensor_t *x,
                                    const dlcore_tensor_t *y, size_t batch_size);
/* Makes room for batches of that many rows, between two steps. */
dlcore_status dlcore_training_reserve(dlcore_training_t *training, size_t rows);
void dlcore_training_end(dlcore_training_t *training);

/* The sink that moves this model's weights by its optimizer. */
dlcore_update_sink_t dlcore_model_update_sink(dlcore_model_t *model);

/* DLCORE_ERROR_NOT_FINITE with a message for that batch. */
dlcore_status dlcore_not_finite(dlcore_model_t *model, const dlcore_sums_t *sums, size_t batch);

#endif
