/* Loading the state of training into a model that is there already.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_STORE_MODEL_RESTORE_H
#define DLCORE_STORE_MODEL_RESTORE_H

#include "system/compiler.h"

#include "dlcore/model.h"

DLCORE_HIDDEN_BEGIN

/* The model of a file that `model`, of the same layers and compiled alike, can go on as:
 * dlcore_model_take_over(model, *loaded), then dlcore_model_free(*loaded). It has weights, the
 * optimizer's state, counts, and where a run stood. For callbacks, in on_train_begin: the fit goes
 * on from there. DLCORE_ERROR_SHAPE or DLCORE_ERROR_STATE, which names what differs, for a file of
 * another model or of no run. On failure *loaded is NULL. */
dlcore_status dlcore_model_load_run(const dlcore_model_t *model, const char *path,
                                    dlcore_model_t **loaded, dlcore_error_record_t *error);

DLCORE_HIDDEN_END

#endif
