/* Where ranks meet: before each step, and wherever else all of them must come to the same end.
 *
 * What fails on one rank is carried to its next meeting, and so are wishes to stop. All meetings
 * are one call of the collective of one form, so that it does not matter where a rank that failed
 * comes to it. Between a meeting and the end of the step, or of the sums, that follow it, nothing
 * can fail but the collective itself.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_MODEL_MEETING_H
#define DLCORE_MODEL_MEETING_H

#include "system/compiler.h"

#include <stdint.h>

#include "base/error.h"
#include "model/model.h"

DLCORE_HIDDEN_BEGIN

typedef enum dlcore_meeting_point {
    DLCORE_MEETING_FIT,
    DLCORE_MEETING_TRAIN_ON_BATCH,
    DLCORE_MEETING_TRAIN_ON_GRADIENT,
    DLCORE_MEETING_GRADIENTS,
    DLCORE_MEETING_LBFGS, /* before its first evaluation */
    DLCORE_MEETING_EVALUATE,
    DLCORE_MEETING_BEGUN, /* of a fit: the callbacks have begun */
    DLCORE_MEETING_STEP,
    DLCORE_MEETING_VALIDATION,
    DLCORE_MEETING_EPOCH, /* its end */
    DLCORE_MEETING_END,   /* of a fit, before its last callbacks */
    DLCORE_MEETING_CLOSE, /* after them */
    DLCORE_MEETING_POINTS
} dlcore_meeting_point_t;

typedef struct dlcore_meeting {
    dlcore_meeting_point_t point;
    dlcore_status status; /* of this rank, whose message is in *error */
    bool weak;            /* the message of another rank that failed says more */
    bool stops;           /* it wants to stop; also, as a callback said so */
    bool stops_by_callback;
    bool ends;      /* it has no more data */
    bool unchecked; /* its model has changed since models were compared */
    size_t rows;    /* that it brings to the batch; others' are the same but with own data */
    uint64_t other; /* compared as it is: what else must be the same */

    /* found */
    bool stopped, stopped_by_callback, check; /* any stops; any is unchecked */
    size_t ended;                             /* how many have no more data */
    size_t batch_rows;                        /* of all ranks; without own data, `rows` */
    size_t first_row;                         /* this rank's among them; without own data 0 */
    size_t rows_min, rows_max;
} dlcore_meeting_t;

/* The ranks that the calls of a model are calls of; NULL: it is alone. */
static inline dlcore_ranks_t *dlcore_model_ranks(const dlcore_model_t *model)
{
    const dlcore_ranks_t *ranks = model->ranks;

    return ranks != NULL && (ranks->collective.size > 1 || ranks->collective.deterministic)
               ? model->ranks
               : NULL;
}

/* Whether this process writes files and shows progress. */
static inline bool dlcore_model_writes(const dlcore_model_t *model)
{
    return model->ranks == NULL || model->ranks->collective.rank == 0;
}

/* Begins a call of all ranks: no meeting was held. DLCORE_ERROR_STATE where the collective has
 * failed in an earlier one. */
dlcore_status dlcore_ranks_begin(dlcore_ranks_t *ranks, const char *call,
                                 dlcore_error_record_t *error);
/* DLCORE_ERROR_UNSUPPORTED for a loss or a metric that wants all rows of a batch at once. */
dlcore_status dlcore_ranks_check_objective(const dlcore_objective_t *objective, const char *call,
                                           dlcore_error_record_t *error);
/* Meets the other ranks. When any has failed: its status, and a message that names it, on all
 * ranks; then, and when the collective fails, ranks->told, and there is no further meeting in this
 * call. */
dlcore_status dlcore_ranks_meet(dlcore_ranks_t *ranks, dlcore_meeting_t *meeting,
                                dlcore_error_record_t *error);
/* The message of a failed collective, in *error, and its status. */
static inline dlcore_status dlcore_ranks_failed(const dlcore_ranks_t *ranks,
                                                dlcore_error_record_t *error)
{
    if (ranks->failure.status == DLCORE_OK)
        return DLCORE_OK;
    return dlcore_fail(error, ranks->failure.status, "%s", ranks->failure.message);
}

DLCORE_HIDDEN_END

#endif
