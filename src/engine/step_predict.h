/* Running a batch forward through a network that is not being trained, and what a training step
 * does alike.
 *
 * What takes a place is called by all workers of a team at once, as in step.h.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_ENGINE_STEP_PREDICT_H
#define DLCORE_ENGINE_STEP_PREDICT_H

#include "system/compiler.h"

#include "engine/network.h"
#include "engine/team.h"
#include "engine/workspace.h"

DLCORE_HIDDEN_BEGIN

/* The outputs of every layer for the batch in the workspace, whose rows are set. Ends with a
 * barrier. */
void dlcore_step_predict(const dlcore_network_t *network, dlcore_workspace_t *workspace,
                         const dlcore_place_t *place);

/* One worker's view of node i, for predicting. */
dlcore_layer_pass_t dlcore_predict_pass(const dlcore_network_t *network,
                                        dlcore_workspace_t *workspace, const dlcore_place_t *place,
                                        size_t i);

/* One layer: y by `layer_forward`, and after a barrier what needs whole rows. Ends with a barrier.
 */
void dlcore_step_layer(const dlcore_layer_type_t *type,
                       void (*layer_forward)(const dlcore_layer_pass_t *pass),
                       const dlcore_layer_pass_t *pass, const dlcore_place_t *place);

DLCORE_HIDDEN_END

#endif
