/* Inspecting a model file: its parts, in the order in which model_inspect.c goes through them.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_STORE_MODEL_INSPECT_H
#define DLCORE_STORE_MODEL_INSPECT_H

#include "system/compiler.h"

#include "store/inspection.h"
#include "store/model_loading.h"

DLCORE_HIDDEN_BEGIN

/* ---- model_inspect_file.c ---- */

/* The file's tensors and metadata. Failures are noted in `inspecting`. */
void dlcore_model_inspect_tensors(dlcore_inspecting_t *inspecting,
                                  const dlcore_model_loading_t *loading);
void dlcore_model_inspect_texts(dlcore_inspecting_t *inspecting,
                                const dlcore_model_loading_t *loading);

/* ---- model_inspect_layers.c ---- */

/* The layers, of a loading whose model is empty; answers what loading would. */
dlcore_status dlcore_model_inspect_layers(dlcore_inspecting_t *inspecting,
                                          dlcore_model_loading_t *loading);
/* Likewise the compile settings, and the counts of the training state. */
dlcore_status dlcore_model_inspect_compile(dlcore_inspecting_t *inspecting,
                                           dlcore_model_loading_t *loading);
dlcore_status dlcore_model_inspect_state(dlcore_inspecting_t *inspecting,
                                         dlcore_model_loading_t *loading);

DLCORE_HIDDEN_END

#endif
