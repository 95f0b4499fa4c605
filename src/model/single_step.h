/* One step outside of a fit, alone or with ranks: begin, what the call prepares, meet, the step,
 * settle.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_MODEL_SINGLE_STEP_H
#define DLCORE_MODEL_SINGLE_STEP_H

#include "system/compiler.h"

#include "model/train.h"

DLCORE_HIDDEN_BEGIN

/* With ranks, the call is one of all of them: the collective must not have failed before. */
dlcore_status dlcore_single_begin(dlcore_model_t *model, const char *call);
/* Where ranks meet before the step; `status` is what came of everything until then. */
dlcore_status dlcore_single_meet(dlcore_training_t *training, dlcore_meeting_t *meeting,
                                 const dlcore_source_t *source, dlcore_status status);
/* The step, on all rows of the source's tensors. */
dlcore_status dlcore_single_step(dlcore_training_t *training, const dlcore_source_t *source,
                                 const dlcore_meeting_t *meeting);
/* After a step with that status: of ranks with data of their own, one may know the number that is
 * not finite. */
dlcore_status dlcore_single_settle(dlcore_training_t *training, dlcore_meeting_point_t point,
                                   dlcore_status status);

DLCORE_HIDDEN_END

#endif
