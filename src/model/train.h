/* The frame of a training call: everything allocated and checked before its first step.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_MODEL_TRAIN_H
#define DLCORE_MODEL_TRAIN_H

#include "system/compiler.h"

#include "engine/pace.h"
#include "engine/path.h"
#include "model/meeting.h"
#include "model/model.h"

DLCORE_HIDDEN_BEGIN

typedef struct dlcore_training {
    dlcore_model_t *model;
    dlcore_team_t *team;
    size_t workers;     /* at most */
    dlcore_pace_t pace; /* of full batches' steps */
    size_t rows;        /* of the largest batch so far, which the team was taken for */
    bool misfit;        /* beginning failed because of the samples or the labels */
    dlcore_path_t path;
    dlcore_step_t step;           /* the caller sets sink, source, next, batch, gathered */
    dlcore_ranks_t *ranks;        /* NULL: alone */
    dlcore_ranked_step_t ranked;  /* with ranks */
    bool names_number;            /* the message of dlcore_not_finite does */
    dlcore_update_sink_t *update; /* of dlcore_training_set_update */
    dlcore_objective_t objective; /* the last: it is large, and begun apart */
} dlcore_training_t;

/* Checks model and data, builds the network if need be, allocates state and buffers for batches
 * of up to batch_size rows, whose samples have weights when `weighted`, and takes the team. `call`
 * names the caller in messages. The struct must stay where it is until the end. After an error
 * there is nothing to end. */
dlcore_status dlcore_training_begin(dlcore_training_t *training, dlcore_model_t *model,
                                    const char *call, const dlcore_tensor_t *x,
                                    const dlcore_tensor_t *y, size_t batch_size, bool weighted);
/* The same for another objective than compile's: `setter` (NULL: none) puts it in the place of
 * that, and checks y in the place of labels. */
typedef dlcore_status dlcore_objective_setter_t(const dlcore_network_t *network, const char *call,
                                                const dlcore_tensor_t *x, const dlcore_tensor_t *y,
                                                dlcore_objective_t *objective,
                                                dlcore_error_record_t *error);
dlcore_status dlcore_training_begin_as(dlcore_training_t *training, dlcore_model_t *model,
                                       const char *call, const dlcore_tensor_t *x,
                                       const dlcore_tensor_t *y, size_t batch_size, bool weighted,
                                       dlcore_objective_setter_t *setter);
/* Makes room for batches of that many rows of tensors like x, takes the threads that they are
 * worth, and makes room for weights of samples when objective.weighted, between two steps. */
dlcore_status dlcore_training_reserve(dlcore_training_t *training, const dlcore_tensor_t *x,
                                      size_t rows);
void dlcore_training_end(dlcore_training_t *training);

/* Lets the steps move the model's weights by its optimizer. *update must stay where it is. */
dlcore_status dlcore_training_set_update(dlcore_training_t *training, dlcore_update_sink_t *update);

/* Before each such step, in its scope (NULL: in none): settles the learning rate. */
dlcore_status dlcore_training_prepare_scheduled(dlcore_training_t *training, dlcore_scope_t *scope);
static inline dlcore_status dlcore_training_prepare(dlcore_training_t *training,
                                                    dlcore_scope_t *scope)
{
    const dlcore_optimizer_t *optimizer = &training->model->settings.optimizer;

    if (optimizer->schedule.kind != DLCORE_SCHEDULE_NONE)
        return dlcore_training_prepare_scheduled(training, scope);
    dlcore_update_prepare(training->update, &training->model->trainer.clock,
                          optimizer->learning_rate);
    return DLCORE_OK;
}
/* After each such step that was not stopped. */
static inline void dlcore_training_advance(dlcore_training_t *training)
{
    dlcore_update_advance(training->update, &training->model->trainer.clock);
}
/* Runs the step on as many workers as are fastest now. With ranks it is theirs, for the batch that
 * they have met for. Fails only with the collective. */
dlcore_status dlcore_training_step(dlcore_training_t *training, const dlcore_meeting_t *meeting);
/* At the end of a fit: the weights become their averages where the optimizer keeps them. */
void dlcore_training_take_averages(dlcore_training_t *training);

/* DLCORE_ERROR_NOT_FINITE with a message for the batch of the step that found it, which looks for
 * the cause in its rows. `batch` names it, `owner` whose tensors those are: "" or "the batch's ".
 */
dlcore_status dlcore_not_finite(dlcore_training_t *training, const char *batch, const char *owner);

DLCORE_HIDDEN_END

#endif
