/* A training step of all ranks, on a batch that is cut into slices.
 *
 * Each slice has a workspace of its own, and all slices of a rank go through the layers together,
 * so that a layer may ask for sums over the whole batch (nn/layer.h: dlcore_layer_shared_t).
 * Gradients of slices are added up as they come, over the lower levels of the tree (ranks.h): a
 * counter in binary, whose ones are partial sums. The sums of a rank are cut into pieces and sent
 * as the backward pass leaves their layers; when the sums of all ranks are there, they go to the
 * sink of the step, and the update is that of any other step. Weights move only then, so that a
 * failure leaves them whole; with `early_update` piece by piece, as their sums come.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_ENGINE_RANKED_H
#define DLCORE_ENGINE_RANKED_H

#include "system/compiler.h"

#include "engine/ranks.h"
#include "engine/step_state.h"

DLCORE_HIDDEN_BEGIN

/* Gradients that are sent at a time. */
typedef struct dlcore_ranked_piece {
    size_t offset, floats;
    size_t node; /* the last that the backward pass has to leave */
    void *request;
    bool there; /* its sum is; read by all workers, so not what the next piece is told by */
} dlcore_ranked_piece_t;

/* What the memory was made for. */
typedef struct dlcore_ranked_key {
    uint64_t revision; /* of the network; 0: none was made */
    dlcore_objective_t objective;
    size_t slices, size; /* of the rank; ranks */
    size_t piece_bytes;
    unsigned forms; /* of batches (workspace.h) */
} dlcore_ranked_key_t;

typedef struct dlcore_ranked {
    dlcore_ranked_key_t key;
    dlcore_allocator_t allocator;
    size_t capacity, workers; /* rows of a slice */
    dlcore_workspace_t *slices;
    float *stack; /* partial sums of gradients, as long as the values; the first becomes the sum */
    float *other; /* what another rank sends of a piece */
    double *sums; /* of each slice, sums_length */
    double *other_sums;
    size_t sums_length;
    dlcore_ranked_piece_t *pieces; /* in the order of the backward pass */
    size_t piece_count;
} dlcore_ranked_t;

/* *ranked, empty or made before, is one for these and batches of that many rows (of all ranks, or
 * with own data of this one): it stays where its key is theirs and it has room for as many rows of
 * a slice and workers. On failure it is empty. Makes room for gathers of sums, too. */
dlcore_status dlcore_ranked_ensure(const dlcore_network_t *network,
                                   const dlcore_objective_t *objective, dlcore_ranks_t *ranks,
                                   unsigned batch_forms, size_t rows, size_t workers,
                                   dlcore_ranked_t *ranked, dlcore_error_record_t *error);
void dlcore_ranked_clear(dlcore_ranked_t *ranked);
/* Something has written the weights: what is known of them is stale. */
static inline void dlcore_ranked_forget_weights(dlcore_ranked_t *ranked)
{
    for (size_t k = 0; k < ranked->key.slices; k++)
        ranked->slices[k].weights = DLCORE_WEIGHTS_UNKNOWN;
}

typedef struct dlcore_ranked_step {
    dlcore_step_t *step; /* its source is the batch, or with own data this rank's rows of it */
    dlcore_ranks_t *ranks;
    dlcore_ranked_t *ranked;
    size_t first_row;  /* with own data: of this rank's in the batch */
    size_t batch_rows; /* of the batch of all ranks */

    /* while it runs */
    double scale;              /* dlcore_loss_scale of the batch */
    dlcore_loss_batch_t batch; /* where the loss needs it */
    size_t begun;              /* pieces that were sent */
} dlcore_ranked_step_t;

/* Runs the step on `workers` of the team, on all ranks. step->sums and step->finite are those of
 * the batch. On failure of the collective nothing was updated; with early updates maybe the pieces
 * whose sums had come. */
dlcore_status dlcore_ranked_run(dlcore_ranked_step_t *run, size_t workers);

/* ---- ranked_gradients.c: called by all workers of the step ---- */

/* Gradients of node i's parameters, of all slices, to the sum of this rank. */
void dlcore_ranked_add_gradients(dlcore_ranked_step_t *run, const dlcore_place_t *place, size_t i);
/* Sends the pieces whose nodes are i or come later; for one worker. */
void dlcore_ranked_send(dlcore_ranked_step_t *run, size_t i);
/* Waits for the sums of all ranks, or, where they are not wanted, only ends what was sent; for one
 * worker. */
dlcore_status dlcore_ranked_receive(dlcore_ranked_step_t *run, bool wanted);
/* Hands them to the step's sink: this worker's share. */
void dlcore_ranked_update(const dlcore_ranked_step_t *run, const dlcore_place_t *place);
/* In place of both: a piece is updated while those behind it are on their way. False where one did
 * not come: those before it have moved. */
bool dlcore_ranked_update_as_sums_come(dlcore_ranked_step_t *run, const dlcore_place_t *place);
/* Whether that is wanted, and there is anything to wait for. */
static inline bool dlcore_ranked_updates_early(const dlcore_ranked_step_t *run)
{
    const dlcore_collective_t *collective = &run->ranks->collective;

    return collective->early_update && collective->size > 1 && !collective->deterministic;
}

DLCORE_HIDDEN_END

#endif
