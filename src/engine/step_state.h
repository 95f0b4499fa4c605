/* A training step: what it is given, and what it finds.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_ENGINE_STEP_STATE_H
#define DLCORE_ENGINE_STEP_STATE_H

#include "system/compiler.h"

#include "engine/gather.h"
#include "engine/network.h"
#include "engine/objective.h"
#include "engine/sums.h"
#include "engine/team.h"
#include "engine/update.h"
#include "engine/workspace.h"

typedef struct dlcore_step {
    const dlcore_network_t *network;
    const dlcore_objective_t *objective;
    dlcore_workspace_t *workspace;
    dlcore_team_t *team;
    const dlcore_gradient_sink_t *sink;
    const dlcore_update_plan_t *penalty; /* of regularizers, for the loss; NULL: none */
    const dlcore_update_sink_t *update;  /* which finishes the step; NULL: none has to */
    dlcore_source_t source;              /* of the batch at hand */
    dlcore_source_t next;                /* of the batch after it; rows 0: not known, or none */
    size_t batch;                        /* which of the workspace's batches is the one at hand */
    bool gathered;                       /* it is there: it was the `next` of the step before */
    bool stop_on_not_finite;
    uint64_t seed, number; /* the model's, and of this step in its life: key what is random in it */
    bool moves_statistics; /* false: only gradients are wanted */

    /* result: when the loss is not finite and that stops, nothing went to the sink */
    dlcore_sums_t sums; /* its states are the workspace's */
    bool finite;
} dlcore_step_t;

#endif
