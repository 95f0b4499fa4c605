/* Training in bfloat16: the rounded copies of kernels (products_half.h), which follow the weights,
 * and what passes through a dense layer multiply.
 *
 * The copies belong to the network, from its first training call on. Where each piece of a gradient
 * moves its weights at once, the sink has the copies follow it while it is in cache (update.h).
 * Where weights change otherwise, the copies are stale, and the next step begins by rounding all of
 * them: so, too, with the BLAS engine, whose pieces may be parts of an input.
 *
 * Layers of sparse rows, which read a few rows of the kernel once each, multiply in float32.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_ENGINE_HALVES_H
#define DLCORE_ENGINE_HALVES_H

#include "system/compiler.h"

#include "engine/network.h"
#include "engine/team.h"
#include "engine/workspace.h"

DLCORE_HIDDEN_BEGIN

/* One kernel. */
typedef struct dlcore_half_node {
    dlcore_half_kernel_t kernel;
    size_t node;
    size_t offset, floats; /* of the values */
} dlcore_half_node_t;

typedef struct dlcore_halves {
    const dlcore_half_t *half;
    bool fresh;                    /* the copies are those of the values */
    size_t (*panel)(size_t units); /* of kernels: the engine's */
    size_t count;
    dlcore_half_node_t *nodes; /* in the order of layers, and so of offsets */
} dlcore_halves_t;

/* Makes the copies, stale, of a network that trains in bfloat16 and has none. */
dlcore_status dlcore_halves_ensure(dlcore_network_t *network, dlcore_error_record_t *error);
/* Bytes that they take; 0 where a network trains in float32. */
size_t dlcore_halves_bytes(const dlcore_network_t *network);

/* The copies that have to be made again before a step. */
static inline bool dlcore_halves_are_stale(const dlcore_network_t *network)
{
    return network->halves != NULL && !network->halves->fresh;
}

/* Weights have changed otherwise than by a sink that follows, or will. */
static inline void dlcore_halves_forget(const dlcore_network_t *network)
{
    if (network->halves != NULL)
        network->halves->fresh = false;
}

/* This worker's share of rounding all kernels. */
void dlcore_halves_round(const dlcore_network_t *network, const dlcore_place_t *place);
/* The copies of `count` values from `offset` on, whole inputs of a kernel or none of one. Of the
 * two inputs of a pair both must be the calling worker's. */
void dlcore_halves_follow(const dlcore_halves_t *halves, size_t offset, size_t count);

/* ---- passes ---- */

/* Gives the pass what node i multiplies, and `half` to hold it; false where that is float32. */
bool dlcore_halves_pass(const dlcore_network_t *network, dlcore_workspace_t *workspace, size_t i,
                        dlcore_layer_pass_t *pass, dlcore_layer_half_t *half);
/* This worker's share of rounding x before forward, and of what the gradients need: dy for that by
 * the inputs, both for that by the kernel. Each needs a barrier before it is used. */
void dlcore_halves_round_forward(const dlcore_layer_pass_t *pass);
void dlcore_halves_round_backward(const dlcore_layer_pass_t *pass, bool by_inputs, bool by_kernel);

DLCORE_HIDDEN_END

#endif
