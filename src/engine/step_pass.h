/* What a layer and a loss are given in a step, for those that run steps (step.c, ranked.c).
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_ENGINE_STEP_PASS_H
#define DLCORE_ENGINE_STEP_PASS_H

#include "system/compiler.h"

#include "engine/network.h"
#include "engine/objective.h"
#include "engine/team.h"
#include "engine/workspace.h"

DLCORE_HIDDEN_BEGIN

/* Node i's pass, without what only the backward pass has. */
dlcore_layer_pass_t dlcore_step_pass(const dlcore_network_t *network,
                                     const dlcore_objective_t *objective,
                                     dlcore_workspace_t *workspace, const dlcore_place_t *place,
                                     size_t i);
/* Whether the layer above folds the slope of node i's activation into its input gradient. Not where
 * a penalty of the outputs adds to the gradient in between. */
bool dlcore_step_folds(const dlcore_network_t *network, dlcore_activation_t activation, size_t i);
/* The activation that node i folds into its input gradient for the layer below. */
dlcore_activate_t dlcore_step_activation_below(const dlcore_network_t *network, size_t i);

/* Of the batch in the workspace, without the weight. */
dlcore_loss_pass_t dlcore_step_loss_pass(const dlcore_network_t *network,
                                         const dlcore_objective_t *objective,
                                         dlcore_workspace_t *workspace, size_t batch,
                                         bool gradient);

DLCORE_HIDDEN_END

#endif
