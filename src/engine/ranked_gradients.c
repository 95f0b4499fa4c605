/* Gradients of slices and ranks: added up within a rank, sent in pieces, handed to the update.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/size.h"
#include "engine/halves.h"
#include "engine/ranked.h"
#include "engine/step_pass.h"

/* ---- within a rank ---- */

/* Takes the gradients of one slice. Before it the stack has `height` partial sums: the ones of the
 * slice's number in binary. `merges` of them are complete with it. */
typedef struct slice_sink {
    dlcore_gradient_sink_t sink; /* first, so that one is the other */
    const dlcore_training_kernels_t *kernels;
    float *stack;
    size_t level; /* floats of a partial sum */
    size_t height, merges;
} slice_sink_t;

static void take_slice(const dlcore_gradient_sink_t *sink, size_t offset, const float *gradient,
                       size_t count)
{
    enum { AT_ONCE = 512 };
    const slice_sink_t *slice = (const slice_sink_t *)(const void *)sink;
    float *to = slice->stack + (slice->height - slice->merges) * slice->level + offset;
    float own[AT_ONCE];

    if (slice->merges == 0) {
        memcpy(to, gradient, count * sizeof *to);
        return;
    }
    for (size_t i = 0; i < count; i += AT_ONCE) {
        size_t n = dlcore_size_min(AT_ONCE, count - i);

        memcpy(own, gradient + i, n * sizeof *own);
        for (size_t m = 1; m < slice->merges; m++)
            slice->kernels->accumulate(
                n, own, slice->stack + (slice->height - m) * slice->level + offset + i);
        slice->kernels->accumulate(n, to + i, own);
    }
}

static slice_sink_t sink_of(const dlcore_ranked_step_t *run, size_t index)
{
    const dlcore_network_t *network = run->step->network;
    slice_sink_t sink = {.sink = {.take = take_slice},
                         .kernels = dlcore_training_kernels(network->kernels),
                         .stack = run->ranked->stack,
                         .level = network->value_floats};

    for (size_t bits = index; bits != 0; bits >>= 1)
        sink.height += bits & 1;
    for (size_t bits = index; (bits & 1) != 0; bits >>= 1)
        sink.merges++;
    return sink;
}

/* A slice without rows adds zeros: the tree is the same for all batches. */
static void take_no_rows(const dlcore_node_t *node, const dlcore_gradient_sink_t *sink)
{
    static const float zeros[256] = {0};

    for (size_t p = 0; p < node->parameter_count; p++) {
        const dlcore_parameter_t *parameter = &node->parameters[p];

        for (size_t at = 0; !parameter->is_statistic && at < parameter->floats; at += 256)
            sink->take(sink, parameter->offset + at, zeros,
                       dlcore_size_min(256, parameter->floats - at));
    }
}

void dlcore_ranked_add_gradients(dlcore_ranked_step_t *run, const dlcore_place_t *place, size_t i)
{
    const dlcore_step_t *step = run->step;
    const dlcore_node_t *node = &step->network->nodes[i];

    for (size_t k = 0; k < run->ranked->key.slices; k++) {
        dlcore_workspace_t *workspace = &run->ranked->slices[k];
        slice_sink_t sink = sink_of(run, k);
        dlcore_layer_pass_t pass =
            dlcore_step_pass(step->network, step->objective, workspace, place, i);
        dlcore_layer_half_t half;

        (void)dlcore_halves_pass(step->network, workspace, i, &pass, &half);
        pass.dy = &workspace->gradients[i];
        pass.dx = i > step->network->first ? &workspace->gradients[i - 1] : NULL;
        pass.sink = &sink.sink;
        if (pass.y->rows > 0 || pass.shares)
            dlcore_layer_training(node->layer.kind)->parameter_gradient(&pass);
        else if (place->worker == 0)
            take_no_rows(node, &sink.sink);
        if (k + 1 < run->ranked->key.slices)
            dlcore_place_meet(place); /* the next slice adds to what this one left */
    }
}

/* ---- between ranks ---- */

void dlcore_ranked_send(dlcore_ranked_step_t *run, size_t i)
{
    dlcore_ranked_t *ranked = run->ranked;
    bool sums = run->ranks->collective.size > 1 && !run->ranks->collective.deterministic;

    for (; run->begun < ranked->piece_count; run->begun++) {
        dlcore_ranked_piece_t *piece = &ranked->pieces[run->begun];

        if (piece->node < i || !sums)
            break;
        if (dlcore_ranks_begin_sum(run->ranks, ranked->stack + piece->offset, piece->floats,
                                   DLCORE_COLLECTIVE_FLOAT32, &piece->request) != DLCORE_OK)
            return;
    }
    dlcore_ranks_progress(run->ranks);
}

dlcore_status dlcore_ranked_receive(dlcore_ranked_step_t *run, bool wanted)
{
    dlcore_ranked_t *ranked = run->ranked;
    const dlcore_training_kernels_t *kernels = dlcore_training_kernels(run->step->network->kernels);

    /* also those after a failure, which only ends them */
    for (size_t p = 0; p < run->begun; p++)
        (void)dlcore_ranks_finish_sum(run->ranks, ranked->pieces[p].request);
    if (!run->ranks->collective.deterministic || !wanted)
        return dlcore_ranks_status(run->ranks);
    for (size_t p = 0; p < ranked->piece_count; p++) {
        const dlcore_ranked_piece_t *piece = &ranked->pieces[p];

        if (dlcore_ranks_add_tree(run->ranks, kernels, ranked->stack + piece->offset, piece->floats,
                                  ranked->other) != DLCORE_OK)
            break;
    }
    return dlcore_ranks_status(run->ranks);
}

/* This worker's share of a piece: chunks are shared out in turn, those of all pieces together. */
static void update_piece(const dlcore_ranked_step_t *run, const dlcore_place_t *place,
                         const dlcore_ranked_piece_t *piece, size_t *turn)
{
    const dlcore_gradient_sink_t *sink = run->step->sink;

    for (size_t at = 0; at < piece->floats; at += DLCORE_UPDATE_CHUNK) {
        if ((*turn)++ % place->workers != place->worker)
            continue;
        sink->take(sink, piece->offset + at, run->ranked->stack + piece->offset + at,
                   dlcore_size_min(DLCORE_UPDATE_CHUNK, piece->floats - at));
        if (place->worker == 0)
            dlcore_ranks_progress(run->ranks);
    }
}

void dlcore_ranked_update(const dlcore_ranked_step_t *run, const dlcore_place_t *place)
{
    size_t turn = 0;

    for (size_t p = 0; p < run->ranked->piece_count; p++)
        update_piece(run, place, &run->ranked->pieces[p], &turn);
}

/* Waits for the sum of a piece; after a failure ends what else was begun. For one worker. */
static void await_piece(dlcore_ranked_step_t *run, size_t p)
{
    dlcore_ranked_t *ranked = run->ranked;

    ranked->pieces[p].there =
        p < run->begun &&
        dlcore_ranks_finish_sum(run->ranks, ranked->pieces[p].request) == DLCORE_OK;
    for (p++; !ranked->pieces[p - 1].there && p < run->begun; p++) {
        (void)dlcore_ranks_finish_sum(run->ranks, ranked->pieces[p].request);
        ranked->pieces[p].there = false;
    }
}

bool dlcore_ranked_update_as_sums_come(dlcore_ranked_step_t *run, const dlcore_place_t *place)
{
    size_t turn = 0;

    for (size_t p = 0; p < run->ranked->piece_count; p++) {
        if (place->worker == 0)
            await_piece(run, p);
        dlcore_place_meet(place);
        if (!run->ranked->pieces[p].there)
            return false;
        update_piece(run, place, &run->ranked->pieces[p], &turn);
    }
    return true;
}
