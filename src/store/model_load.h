/* Loading a whole model, wherever its bytes come from.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_STORE_MODEL_LOAD_H
#define DLCORE_STORE_MODEL_LOAD_H

#include "system/compiler.h"

#include "dlcore/file.h"
#include "files/byte_source.h"

DLCORE_HIDDEN_BEGIN

/* Compile settings and training state: model_load_training.c. */
extern const struct dlcore_model_loading_training dlcore_model_loading_training;

/* `options` NULL: the defaults; else their structure_size has been checked. `training` NULL: only
 * to predict. *model is only set on success. */
dlcore_status dlcore_model_load_source(dlcore_byte_source_t *source,
                                       const dlcore_load_options_t *options,
                                       const struct dlcore_model_loading_training *training,
                                       dlcore_model_t **model);

DLCORE_HIDDEN_END

#endif
