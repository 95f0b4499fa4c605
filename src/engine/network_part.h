/* Networks that are a part of another, over its weights: some of its layers, or all of them as they
 * predict, with a gradient by their inputs.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_ENGINE_NETWORK_PART_H
#define DLCORE_ENGINE_NETWORK_PART_H

#include "system/compiler.h"

#include "engine/network.h"

DLCORE_HIDDEN_BEGIN

/* Layers begin .. end-1 of a built network, 1 or more; nothing to free. The network must outlive it
 * unchanged. */
dlcore_network_t dlcore_network_part(const dlcore_network_t *network, size_t begin, size_t end);

/* A network for the gradient by the inputs: in front a layer that passes them on, at whose output
 * the gradient is found, and all layers as they are in predicting: frozen, those that only train
 * left out, without penalties. It owns its nodes, for dlcore_network_free_differentiable. */
dlcore_status dlcore_network_differentiable(const dlcore_network_t *network, dlcore_network_t *made,
                                            dlcore_error_record_t *error);
void dlcore_network_free_differentiable(dlcore_network_t *made);

DLCORE_HIDDEN_END

#endif
