/* Running a batch through a network: forward, loss, backward, update.
 *
 * What takes a place is called by all workers of a team at once, each with its own; they meet at
 * the team's barriers. One worker alone, with team NULL, is the same code.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_ENGINE_STEP_H
#define DLCORE_ENGINE_STEP_H

#include "system/compiler.h"

#include "engine/step_state.h"

DLCORE_HIDDEN_BEGIN

/* The outputs of every layer for the batch in the workspace, whose rows are set. With an objective,
 * the last activation is left out where the loss applies it. Ends with a barrier. */
void dlcore_step_forward(const dlcore_network_t *network, const dlcore_objective_t *objective,
                         dlcore_workspace_t *workspace, const dlcore_place_t *place);
/* The keys of every layer for a training step, to the workspace, by one thread. */
void dlcore_step_keys(const dlcore_network_t *network, dlcore_workspace_t *workspace, uint64_t seed,
                      uint64_t number);

/* Losses and metrics of this worker's rows; with `gradient`, the gradient by the last output. */
void dlcore_step_loss(const dlcore_network_t *network, const dlcore_objective_t *objective,
                      dlcore_workspace_t *workspace, size_t batch, bool gradient,
                      const dlcore_place_t *place);

/* Gradients of every parameter, to the sink. */
void dlcore_step_backward(const dlcore_network_t *network, const dlcore_objective_t *objective,
                          dlcore_workspace_t *workspace, const dlcore_gradient_sink_t *sink,
                          bool moves_statistics, const dlcore_place_t *place);

/* Runs a training step on `workers` of the team. */
void dlcore_step_run(dlcore_step_t *step, size_t workers);

DLCORE_HIDDEN_END

#endif
