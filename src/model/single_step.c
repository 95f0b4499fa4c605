/* One step outside of a fit, alone or with ranks.
 *
 * SPDX-License-Identifier: MIT */
#include "model/single_step.h"

#include "model/rank_calls.h"

/* One step on all rows of x and y at once. */
dlcore_status dlcore_single_step(dlcore_training_t *training, const dlcore_source_t *source,
                                 const dlcore_meeting_t *meeting)
{
    dlcore_scope_t scope = dlcore_scope_enter(training->model);
    dlcore_status status = DLCORE_OK;

    training->step.source = *source;
    training->step.source.rows = dlcore_sample_count(source->x);
    if (training->ranks == NULL)
        dlcore_step_run(&training->step, training->workers);
    else
        status = dlcore_training_step(training, meeting);
    dlcore_scope_leave(scope);
    if (status == DLCORE_OK && !training->step.finite)
        return dlcore_not_finite(training, "the batch", "");
    return status;
}

dlcore_status dlcore_single_begin(dlcore_model_t *model, const char *call)
{
    dlcore_ranks_t *ranks = dlcore_model_ranks(model);

    return ranks != NULL ? ranks->code->begin(ranks, call, &model->error) : DLCORE_OK;
}

/* Where ranks meet before the step; `status` is what came of everything until then. */
dlcore_status dlcore_single_meet(dlcore_training_t *training, dlcore_meeting_t *meeting,
                                 const dlcore_source_t *source, dlcore_status status)
{
    dlcore_model_t *model = training->model;
    dlcore_ranks_t *ranks = training->ranks;

    if (ranks == NULL)
        return status;
    meeting->status = status;
    meeting->rows = status == DLCORE_OK ? dlcore_sample_count(source->x) : 0;
    meeting->unchecked = ranks->code->is_unchecked(model);
    status = ranks->code->meet(ranks, meeting, &model->error);
    if (status == DLCORE_OK && meeting->check)
        status = ranks->code->compare(model, NULL, 0, &model->error);
    return status;
}

/* Of ranks with data of their own, one may know the number that is not finite. */
dlcore_status dlcore_single_settle(dlcore_training_t *training, dlcore_meeting_point_t point,
                                   dlcore_status status)
{
    dlcore_meeting_t meeting = {.point = point, .status = status};

    if (training->ranks == NULL || !training->ranks->collective.own_data ||
        status != DLCORE_ERROR_NOT_FINITE)
        return status;
    meeting.weak = !training->names_number;
    return training->ranks->code->meet(training->ranks, &meeting, &training->model->error);
}
