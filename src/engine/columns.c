/* Inputs that a batch can do without.
 *
 * SPDX-License-Identifier: MIT */
#include "engine/columns.h"

#include <math.h>
#include <string.h>

#include "base/finite.h"
#include "base/size.h"
#include "products/products_half.h"
#include "tensor/tensor.h"

enum {
    ROWS_LEAST = 16, /* with fewer rows, leaving columns out gains less than looking for them */
    ROWS_TRIED = 8   /* when these, or fewer, leave out too little, no others are looked at */
};

/* Whether it is worth it: an eighth of the inputs, and one at least. */
static bool gains(size_t used, size_t inputs)
{
    return used + dlcore_size_max(inputs / 8, 1) <= inputs;
}

static void mark_bytes(const uint8_t *x, size_t n, uint8_t *used)
{
    for (size_t i = 0; i < n; i++)
        used[i] |= x[i];
}

/* Floats and integers; `ignored`: the sign of a zero. */
static void mark_words(const unsigned char *x, size_t n, uint32_t ignored, uint8_t *used)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t word;
        memcpy(&word, x + i * sizeof word, sizeof word);
        used[i] |= (uint8_t)((word & ~ignored) != 0);
    }
}

static void mark_row(const dlcore_tensor_t *x, size_t row, size_t n, uint8_t *used)
{
    const unsigned char *from = x->data + row * x->row_stride * dlcore_dtype_size(x->dtype);

    if (x->dtype == DLCORE_DTYPE_UINT8)
        mark_bytes(from, n, used);
    else
        mark_words(from, n, x->dtype == DLCORE_DTYPE_FLOAT32 ? 0x80000000u : 0, used);
}

static size_t count_used(const uint8_t *used, size_t n)
{
    size_t count = 0;

    for (size_t i = 0; i < n; i++)
        count += used[i] != 0;
    return count;
}

/* Whether the first layer and the folded rescaling keep zeros out of every sum. */
static bool can_leave_out(const dlcore_network_t *network, const dlcore_source_t *source)
{
    return source->rows >= ROWS_LEAST && network->input_offset == 0.0f &&
           isfinite(network->input_scale);
}

/* 1, 2, 4 .. ROWS_TRIED rows: mostly the first says all. */
static bool is_try(size_t rows)
{
    return rows <= ROWS_TRIED && (rows & (rows - 1)) == 0;
}

void dlcore_columns_scan(const dlcore_network_t *network, const dlcore_source_t *source,
                         dlcore_workspace_t *workspace, size_t batch, size_t worker, size_t begin,
                         size_t end)
{
    dlcore_columns_t *columns = &workspace->columns[batch];
    size_t n = network->nodes[network->first].input_width;
    uint8_t *used;

    if (columns->used == NULL || dlcore_gather_is_lists(network, source->x))
        return;
    used = columns->used + worker * n;
    if (!can_leave_out(network, source)) {
        memset(used, 1, n);
        return;
    }
    memset(used, 0, n);
    for (size_t row = begin; row < end; row++) {
        mark_row(source->x, dlcore_source_sample(source, row), n, used);
        if (is_try(row - begin + 1) && !gains(count_used(used, n), n)) {
            memset(used, 1, n);
            return;
        }
    }
}

static bool weights_are_finite(const dlcore_network_t *network, dlcore_workspace_t *workspace)
{
    const dlcore_node_t *node = &network->nodes[network->first];

    if (workspace->weights == DLCORE_WEIGHTS_UNKNOWN)
        workspace->weights = dlcore_all_finite(network->values + node->parameters[0].offset,
                                               node->parameters[0].floats)
                                 ? DLCORE_WEIGHTS_FINITE
                                 : DLCORE_WEIGHTS_NOT_FINITE;
    return workspace->weights == DLCORE_WEIGHTS_FINITE;
}

/* Both inputs of a pair are there, but for the last where inputs are odd. */
static void choose_pairs(dlcore_columns_t *columns, size_t count)
{
    size_t pairs = dlcore_pairs(count);

    for (size_t k = 0; k < pairs; k++)
        columns->pairs[k] = columns->index[2 * k] / 2;
    for (size_t k = 0; k + 1 < pairs; k++)
        columns->pair_gaps[k] = columns->pairs[k + 1] - columns->pairs[k];
    columns->pair_gaps[pairs - 1] = 0;
}

void dlcore_columns_choose(const dlcore_network_t *network, dlcore_workspace_t *workspace,
                           size_t batch, size_t workers)
{
    dlcore_columns_t *columns = &workspace->columns[batch];
    dlcore_matrix_t *x = &workspace->input[batch];
    size_t n = network->nodes[network->first].input_width, count = 0;

    x->columns = n;
    x->index = x->gaps = NULL;
    if (columns->used == NULL)
        return;
    for (size_t w = 1; w < workers; w++)
        mark_bytes(columns->used + w * n, n, columns->used);
    for (size_t i = 0; columns->pairs != NULL && i + 1 < n; i += 2)
        columns->used[i] = columns->used[i + 1] = columns->used[i] | columns->used[i + 1];
    for (size_t i = 0; i < n; i++) {
        columns->index[count] = (uint32_t)i;
        count += columns->used[i] != 0;
    }
    if (count == 0) { /* a batch of zeros: one column, or pair, as good as any */
        columns->index[count++] = 0;
        if (columns->pairs != NULL && n > 1)
            columns->index[count++] = 1;
    }
    if (!gains(count, n) || !weights_are_finite(network, workspace))
        return;
    for (size_t i = 0; i + 1 < count; i++)
        columns->gaps[i] = columns->index[i + 1] - columns->index[i];
    columns->gaps[count - 1] = 0;
    if (columns->pairs != NULL)
        choose_pairs(columns, count);
    x->columns = count;
    x->index = columns->index;
    x->gaps = columns->gaps;
}

void dlcore_columns_settle_zeros(const dlcore_network_t *network, dlcore_workspace_t *workspace)
{
    dlcore_matrix_t *x = &workspace->input[workspace->batch];

    if (workspace->zeros == NULL || x->lists != NULL || x->rows < ROWS_LEAST ||
        !network->products->zeros_gain(x) || !weights_are_finite(network, workspace))
        return;
    x->zeros = workspace->zeros;
    for (size_t i = 0; i < network->first; i++) /* what the first layer takes for its input */
        workspace->outputs[i].zeros = x->zeros;
}

void dlcore_columns_note_zeros(const dlcore_network_t *network, const dlcore_workspace_t *workspace,
                               const dlcore_place_t *place)
{
    const dlcore_node_t *node = &network->nodes[network->first];
    const dlcore_matrix_t *x = &workspace->input[workspace->batch];

    if (x->zeros != NULL)
        network->products->note_zeros(x, node->input_width, node->output_width,
                                      workspace->gradients != NULL, x->zeros, place->worker,
                                      place->workers);
}
