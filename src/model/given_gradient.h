/* Gradients of the outputs that the caller gives in the place of a loss.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_MODEL_GIVEN_GRADIENT_H
#define DLCORE_MODEL_GIVEN_GRADIENT_H

#include "system/compiler.h"

#include "model/model.h"

DLCORE_HIDDEN_BEGIN

/* The objective whose labels are that gradient, without metrics, where dy is one for x: float32,
 * of the network's outputs, and finite. `call` begins messages. */
dlcore_status dlcore_objective_set_given(const dlcore_network_t *network, const char *call,
                                         const dlcore_tensor_t *x, const dlcore_tensor_t *dy,
                                         dlcore_objective_t *objective,
                                         dlcore_error_record_t *error);

DLCORE_HIDDEN_END

#endif
