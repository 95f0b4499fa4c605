/* Going on as a model that was loaded.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_MODEL_TAKE_OVER_H
#define DLCORE_MODEL_TAKE_OVER_H

#include "system/compiler.h"

#include "dlcore/model.h"

DLCORE_HIDDEN_BEGIN

/* Whether two models have the same weights, by number, name and shape, in the same layout;
 * DLCORE_ERROR_SHAPE, or DLCORE_ERROR_STATE for different engines, and a message that says what
 * differs. */
dlcore_status dlcore_model_compare(const dlcore_model_t *model, const dlcore_model_t *loaded,
                                   dlcore_error_record_t *error);
/* The model goes on as `loaded`, which compares equal and has the same settings: weights, the
 * optimizer's state, counts, seed and record are moved over, and the learning rate, which callbacks
 * may have changed, where the optimizer has no schedule. To be called by a callback at the
 * beginning of training, or between calls. */
void dlcore_model_take_over(dlcore_model_t *model, dlcore_model_t *loaded);

DLCORE_HIDDEN_END

#endif
