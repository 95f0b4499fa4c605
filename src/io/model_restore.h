/* Loading the state of training into a model that is there already.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_IO_MODEL_RESTORE_H
#define DLCORE_IO_MODEL_RESTORE_H

#include "dlcore/model.h"

/* The model, of the same layers and compiled alike, goes on as the file says: weights, optimizer,
 * counts, and where a run stood. For callbacks, in on_train_begin: the fit goes on from there. On
 * failure the model is as before. */
dlcore_status dlcore_model_restore(dlcore_model_t *model, const char *path,
                                   dlcore_error_record_t *error);

#endif
