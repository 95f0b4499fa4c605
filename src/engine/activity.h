/* Activity regularizers: what a layer's outputs y add to the loss, the mean over the batch's rows
 * of l1 sum |y| + l2 sum y^2 (keras/src/layers/layer.py, Layer.__call__).
 *
 * Rows are summed by whoever has them in cache and added up in their order, so that results do not
 * depend on threads. What takes a place is called by all workers of a team at once.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_ENGINE_ACTIVITY_H
#define DLCORE_ENGINE_ACTIVITY_H

#include "system/compiler.h"

#include "engine/network.h"
#include "engine/team.h"
#include "engine/workspace.h"

DLCORE_HIDDEN_BEGIN

/* Begins the worker's rows anew, where the workspace has room for them. */
void dlcore_activity_clear(dlcore_workspace_t *workspace, const dlcore_place_t *place);
/* Adds the penalty of node i's outputs to the worker's rows; after a barrier behind these. */
void dlcore_activity_rows(const dlcore_network_t *network, dlcore_workspace_t *workspace, size_t i,
                          const dlcore_place_t *place);
/* The penalties of all rows of the batch; 0 without room for them. After a barrier. */
double dlcore_activity_sum(const dlcore_workspace_t *workspace, size_t rows);
/* Adds to the worker's rows of the gradient by node i's outputs. */
void dlcore_activity_gradient(const dlcore_network_t *network, dlcore_workspace_t *workspace,
                              size_t i, const dlcore_place_t *place);

DLCORE_HIDDEN_END

#endif
