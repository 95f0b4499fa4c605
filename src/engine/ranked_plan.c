/* The memory of a step in slices, and the pieces in which gradients are sent.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/size.h"
#include "engine/ranked.h"

/* What a piece has unless the collective says otherwise, in bytes. */
#define PIECE_BYTES ((size_t)1 << 20)

static size_t bytes_of_piece(const dlcore_collective_t *collective)
{
    return collective->piece_bytes > 0 ? collective->piece_bytes : PIECE_BYTES;
}

/* Rows of the largest slice of a batch: of all ranks', or with own data of this rank's alone. */
static size_t rows_of_largest(const dlcore_ranks_t *ranks, size_t rows)
{
    size_t slices =
        ranks->collective.own_data ? dlcore_ranks_slices(ranks) : dlcore_ranks_all_slices(ranks);

    return dlcore_size_max(1, rows / slices + (rows % slices != 0));
}

void dlcore_ranked_clear(dlcore_ranked_t *ranked)
{
    const dlcore_allocator_t *allocator = &ranked->allocator;

    if (ranked->key.revision != 0) {
        for (size_t k = 0; ranked->slices != NULL && k < ranked->key.slices; k++)
            dlcore_workspace_clear(&ranked->slices[k]);
        dlcore_release(allocator, ranked->slices);
        dlcore_release(allocator, ranked->stack);
        dlcore_release(allocator, ranked->other);
        dlcore_release(allocator, ranked->sums);
        dlcore_release(allocator, ranked->other_sums);
        dlcore_release(allocator, ranked->pieces);
    }
    memset(ranked, 0, sizeof *ranked);
}

/* ---- pieces ---- */

/* Where the parameters that training moves lie; false where there are none. */
static bool moving_range(const dlcore_node_t *node, size_t *begin, size_t *end)
{
    *begin = SIZE_MAX;
    *end = 0;
    for (size_t p = 0; node->layer.trainable && p < node->parameter_count; p++) {
        const dlcore_parameter_t *parameter = &node->parameters[p];

        if (parameter->is_statistic)
            continue;
        *begin = dlcore_size_min(*begin, parameter->offset);
        *end = dlcore_size_max(*end, parameter->offset + parameter->floats);
    }
    return *end > *begin;
}

/* Cuts the gradients into pieces, last layers first: small neighbours together, large ones apart.
 * With pieces NULL only counts. */
static size_t cut_pieces(const dlcore_network_t *network, size_t most,
                         dlcore_ranked_piece_t *pieces)
{
    dlcore_ranked_piece_t at = {0};
    size_t count = 0, begin, end;

    for (size_t i = network->node_count; i-- > 0;) {
        if (!moving_range(&network->nodes[i], &begin, &end))
            continue;
        if (at.floats > 0 && (end != at.offset || at.floats + (end - begin) > most)) {
            if (pieces != NULL)
                pieces[count] = at;
            count++;
            at.floats = 0;
        }
        for (; end - begin > most; end -= most, count++) {
            if (pieces != NULL)
                pieces[count] =
                    (dlcore_ranked_piece_t){.offset = end - most, .floats = most, .node = i};
        }
        at = (dlcore_ranked_piece_t){
            .offset = begin, .floats = at.floats + (end - begin), .node = i};
    }
    if (at.floats > 0 && pieces != NULL)
        pieces[count] = at;
    return count + (at.floats > 0);
}

/* ---- memory ---- */

static size_t sums_length(const dlcore_network_t *network, const dlcore_objective_t *objective)
{
    size_t length = dlcore_size_max(dlcore_sums_stored_length(objective),
                                    sizeof(dlcore_loss_batch_t) / sizeof(double));

    for (size_t i = network->first; i < network->node_count; i++) {
        const dlcore_node_t *node = &network->nodes[i];

        if (dlcore_layer_training(node->layer.kind)->shared != NULL)
            length = dlcore_size_max(
                length, dlcore_layer_training(node->layer.kind)->shared->length(node->input_width));
    }
    return length;
}

/* Partial sums that the slices of a rank leave at most. */
static size_t levels_of(size_t slices)
{
    size_t levels = 1;

    for (; slices > 2; slices /= 2)
        levels++;
    return levels;
}

static dlcore_status make_slices(const dlcore_network_t *network, dlcore_ranked_t *ranked,
                                 dlcore_error_record_t *error)
{
    for (size_t k = 0; k < ranked->key.slices; k++) {
        dlcore_status status = dlcore_workspace_create(
            network, &ranked->key.objective, DLCORE_WORKSPACE_TRAIN, ranked->key.forms,
            ranked->capacity, ranked->workers, &ranked->slices[k], error);

        if (status != DLCORE_OK)
            return status;
    }
    return DLCORE_OK;
}

static dlcore_status make_memory(const dlcore_network_t *network, dlcore_ranked_t *ranked,
                                 dlcore_error_record_t *error)
{
    const dlcore_allocator_t *allocator = &network->allocator;
    const dlcore_ranked_key_t *key = &ranked->key;
    size_t most = dlcore_size_max(key->piece_bytes / sizeof(float) / 16 * 16, 16);
    size_t floats = levels_of(key->slices) * network->value_floats;

    ranked->sums_length = sums_length(network, &key->objective);
    ranked->piece_count = cut_pieces(network, most, NULL);
    ranked->slices = dlcore_allocate(allocator, key->slices, sizeof *ranked->slices);
    ranked->stack = dlcore_allocate(allocator, floats, sizeof *ranked->stack);
    ranked->other = dlcore_allocate(allocator, dlcore_size_min(most, network->value_floats),
                                    sizeof *ranked->other);
    ranked->sums =
        dlcore_allocate(allocator, key->slices * ranked->sums_length, sizeof *ranked->sums);
    ranked->other_sums =
        dlcore_allocate(allocator, ranked->sums_length, sizeof *ranked->other_sums);
    ranked->pieces = dlcore_allocate(allocator, ranked->piece_count + 1, sizeof *ranked->pieces);
    if (ranked->slices == NULL || ranked->stack == NULL || ranked->other == NULL ||
        ranked->sums == NULL || ranked->other_sums == NULL || ranked->pieces == NULL)
        return dlcore_fail_memory(error, "gradients", floats * sizeof *ranked->stack);
    for (size_t i = 0; i < floats; i++)
        ranked->stack[i] = 0.0f;
    for (size_t k = 0; k < key->slices; k++)
        ranked->slices[k] = (dlcore_workspace_t){0};
    (void)cut_pieces(network, most, ranked->pieces);
    return make_slices(network, ranked, error);
}

/* What was made still does: `key` has no less room than is asked for. */
static bool serves(const dlcore_ranked_key_t *key, const dlcore_network_t *network,
                   const dlcore_objective_t *objective, const dlcore_ranks_t *ranks,
                   unsigned batch_forms)
{
    return key->revision == network->revision && key->slices == dlcore_ranks_slices(ranks) &&
           key->size == ranks->collective.size &&
           key->piece_bytes == bytes_of_piece(&ranks->collective) &&
           dlcore_objective_is_same(&key->objective, objective) &&
           (key->objective.weighted || !objective->weighted) && (batch_forms & ~key->forms) == 0;
}

/* A key is not put on the stack: an objective has several KB. */
dlcore_status dlcore_ranked_ensure(const dlcore_network_t *network,
                                   const dlcore_objective_t *objective, dlcore_ranks_t *ranks,
                                   unsigned batch_forms, size_t rows, size_t workers,
                                   dlcore_ranked_t *ranked, dlcore_error_record_t *error)
{
    dlcore_ranked_key_t *key = &ranked->key;
    bool weighted = objective->weighted;
    dlcore_status status =
        dlcore_ranks_reserve(ranks, dlcore_sums_stored_length(objective) * sizeof(double), error);

    if (status != DLCORE_OK)
        return status;
    rows = rows_of_largest(ranks, rows);
    if (serves(key, network, objective, ranks, batch_forms) && ranked->capacity >= rows &&
        ranked->workers >= workers)
        return DLCORE_OK;
    if (key->revision == network->revision) { /* with no less room than before */
        weighted |= key->objective.weighted;
        batch_forms |= key->forms;
        rows = dlcore_size_max(rows, ranked->capacity);
        workers = dlcore_size_max(workers, ranked->workers);
    }
    dlcore_ranked_clear(ranked);
    ranked->allocator = network->allocator;
    ranked->capacity = rows;
    ranked->workers = workers;
    key->revision = network->revision;
    key->objective = *objective;
    key->objective.weighted = weighted;
    key->slices = dlcore_ranks_slices(ranks);
    key->size = ranks->collective.size;
    key->forms = batch_forms;
    key->piece_bytes = bytes_of_piece(&ranks->collective);
    status = make_memory(network, ranked, error);
    if (status != DLCORE_OK)
        dlcore_ranked_clear(ranked);
    return status;
}
