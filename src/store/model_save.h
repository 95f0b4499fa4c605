/* Saving a model, with a table of system calls that tests may choose.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_STORE_MODEL_SAVE_H
#define DLCORE_STORE_MODEL_SAVE_H

#include "system/compiler.h"

#include "dlcore/file.h"
#include "files/output.h"
#include "store/model_saving.h"

DLCORE_HIDDEN_BEGIN

/* To a path, as dlcore_model_save does. `system` NULL: the real one. */
dlcore_status dlcore_model_save_with(const dlcore_system_t *system, const dlcore_model_t *model,
                                     const char *path, dlcore_model_saving_how_t how);
/* As dlcore_model_save_memory does. */
dlcore_status dlcore_model_save_to_memory(const dlcore_model_t *model,
                                          dlcore_model_saving_how_t how, void **bytes,
                                          size_t *size);

DLCORE_HIDDEN_END

#endif
