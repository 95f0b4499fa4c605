/* Saving a model, with a table of system calls that tests may choose.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_STORE_MODEL_SAVE_H
#define DLCORE_STORE_MODEL_SAVE_H

#include "system/compiler.h"

#include "dlcore/file.h"
#include "files/output.h"

DLCORE_HIDDEN_BEGIN

/* dlcore_model_save, or with `whole` false dlcore_model_save_weights. `system` NULL: the real one.
 */
dlcore_status dlcore_model_save_with(const dlcore_system_t *system, const dlcore_model_t *model,
                                     const char *path, bool whole,
                                     const dlcore_save_options_t *options);

DLCORE_HIDDEN_END

#endif
