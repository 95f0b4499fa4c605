/* The training step of a small network, on the calling thread alone (products/small_loops.h).
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_ENGINE_SMALL_H
#define DLCORE_ENGINE_SMALL_H

#include "system/compiler.h"

#include "engine/step_state.h"

DLCORE_HIDDEN_BEGIN

/* Losses, predictions of every row where metrics need them, and gradients to the sink. */
void dlcore_small_step(dlcore_step_t *step);

DLCORE_HIDDEN_END

#endif
