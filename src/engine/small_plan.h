/* The plan of a small network's training steps: layers and loss as the loops of
 * products/small_loops.h take them, and buffers.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_ENGINE_SMALL_PLAN_H
#define DLCORE_ENGINE_SMALL_PLAN_H

#include "system/compiler.h"

#include "engine/network.h"
#include "engine/objective.h"

DLCORE_HIDDEN_BEGIN

/* What a step needs that is settled once for a network and an objective. */
typedef struct dlcore_small_plan {
    const dlcore_small_functions_t *functions;
    dlcore_small_t net;
    dlcore_label_change_t labels; /* smoothing */
    bool keeps_x, keeps_t;        /* floats of samples and labels are what the network sees */
    /* of one allocation, which the workspace owns */
    float *x, *t, *y, *weight, *loss; /* of a group, in lanes */
    float *work;
    float *gradients; /* as long as the flat parameter vector; padding stays zero */
} dlcore_small_plan_t;

/* The loss as small networks know it; false where they have none for the objective. */
bool dlcore_small_loss(const dlcore_objective_t *objective, dlcore_small_loss_t *loss);
/* What a layer applies itself: not what the loss does. */
dlcore_activation_t dlcore_small_activation(const dlcore_node_t *node,
                                            const dlcore_objective_t *objective, bool is_last);

/* Everything of the plan but its memory, for a network that goes this way (dlcore_path_train). */
void dlcore_small_settle(const dlcore_network_t *network, const dlcore_objective_t *objective,
                         dlcore_small_plan_t *plan);

/* The kernels that update its weights. One sample of a narrow network leaves its gradients in
 * stores of 8 floats, from which loads of 16 would have to wait. `plan` NULL: the network's own. */
const dlcore_training_kernels_t *dlcore_small_kernels(const dlcore_network_t *network,
                                                      const dlcore_small_plan_t *plan);

DLCORE_HIDDEN_END

#endif
