/* First touch: a system puts a page of memory near to the CPU that writes it first.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_MODEL_PLACE_H
#define DLCORE_MODEL_PLACE_H

#include "system/compiler.h"

DLCORE_HIDDEN_BEGIN

/* Has the model's team make the pages of `floats`, which nobody has set, or to zero, and which lie
 * as the weights do (weights, a vector of the optimizer's state). Of each parameter a worker gets
 * the stretch in which its tiles of the kernel gradient lie, which move the weights. Weights of
 * less than 16 MiB are left to those who write them. `owner` is a dlcore_model_t. */
void dlcore_model_place(void *owner, float *floats);

DLCORE_HIDDEN_END

#endif
