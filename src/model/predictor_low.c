/* Predictors in fewer bits: weights and rows rounded, and which way a product goes.
 *
 * SPDX-License-Identifier: MIT */
#include "model/predictor_low.h"

#include "base/allocator.h"
#include "base/error.h"
#include "base/float_mode.h"
#include "base/size.h"
#include "engine/path.h"
#include "model/measured.h"

/* ---- memory ---- */

/* What there is to allocate, in bytes, and what was taken of it. */
typedef struct low_room {
    size_t kernels, rows, lists;
    size_t stride;     /* words of a row of the widest layer */
    size_t list_count; /* lists of so many words */
} low_room_t;

static bool is_low(const dlcore_node_t *node)
{
    return node->layer.kind == DLCORE_LAYER_DENSE;
}

static dlcore_status check_inputs_fit(const dlcore_predictor_t *p, const dlcore_node_t *node,
                                      dlcore_error_record_t *error)
{
    size_t most = p->low->functions->inputs_most;

    if (node->input_width <= most)
        return DLCORE_OK;
    return dlcore_fail(error, DLCORE_ERROR_UNSUPPORTED,
                       "predictor: %s has %zu inputs; in %s a sum has at most %zu",
                       node->layer.name, node->input_width, p->precision->name, most);
}

static dlcore_status refuse_capacity(const dlcore_predictor_t *p, dlcore_error_record_t *error)
{
    return dlcore_fail(error, DLCORE_ERROR_OVERFLOW,
                       "predictor: batch_size %zu is too large for the network", p->capacity);
}

static dlcore_status measure_low(const dlcore_predictor_t *p, low_room_t *room,
                                 dlcore_error_record_t *error)
{
    const dlcore_low_functions_t *low = p->low->functions;
    const dlcore_network_t *network = &p->network;
    bool fits = true;

    for (size_t i = network->first; i < network->node_count; i++) {
        const dlcore_node_t *node = &network->nodes[i];
        dlcore_status status;
        size_t bytes;

        if (!is_low(node))
            continue;
        status = check_inputs_fit(p, node, error);
        if (status != DLCORE_OK)
            return status;
        bytes = dlcore_low_kernel_bytes(low, node->input_width, node->output_width);
        fits = fits && bytes > 0 && dlcore_size_add(room->kernels, bytes, &room->kernels);
        room->stride = dlcore_size_max(room->stride, dlcore_low_stride(low, node->input_width));
    }
    room->list_count = dlcore_size_min(p->capacity, DLCORE_LOW_LISTS);
    room->lists = 2 * room->list_count * room->stride * sizeof(uint32_t);
    if (!fits || !dlcore_size_multiply(room->stride * sizeof(uint32_t), p->capacity, &room->rows))
        return refuse_capacity(p, error);
    return DLCORE_OK;
}

/* Everything but `rows.scales` is a multiple of 64 bytes, so that comes last. */
static void place_low(dlcore_predictor_t *p, const low_room_t *room, char *memory)
{
    struct dlcore_predictor_low *low = p->low;
    const dlcore_network_t *network = &p->network;

    for (size_t i = network->first; i < network->node_count; i++) {
        const dlcore_node_t *node = &network->nodes[i];

        if (!is_low(node))
            continue;
        low->kernels[i] =
            dlcore_low_kernel_at(low->functions, node->input_width, node->output_width, memory);
        memory += dlcore_low_kernel_bytes(low->functions, node->input_width, node->output_width);
    }
    low->rows.words = (uint32_t *)(void *)memory;
    memory += room->rows;
    low->list_count = room->list_count;
    for (size_t i = 0; i < room->list_count; i++) {
        low->lists[i].index = (uint32_t *)(void *)memory + 2 * i * room->stride;
        low->lists[i].word = low->lists[i].index + room->stride;
    }
    low->rows.scales = (dlcore_low_scale_t *)(void *)(memory + room->lists);
}

/* Of the block that all else lies in. */
static dlcore_status low_block_bytes(const dlcore_predictor_t *p, low_room_t *room, size_t *bytes,
                                     dlcore_error_record_t *error)
{
    dlcore_status status = measure_low(p, room, error);
    size_t scales;

    if (status != DLCORE_OK)
        return status;
    if (!dlcore_size_multiply(p->capacity, sizeof(dlcore_low_scale_t), &scales) ||
        !dlcore_size_add(room->kernels, room->rows, bytes) ||
        !dlcore_size_add(*bytes, room->lists, bytes) || !dlcore_size_add(*bytes, scales, bytes))
        return refuse_capacity(p, error);
    return DLCORE_OK;
}

dlcore_status dlcore_predictor_low_measure(dlcore_predictor_t *p, size_t *bytes,
                                           dlcore_error_record_t *error)
{
    struct dlcore_predictor_low low = {.functions = p->precision->kind(0)};
    low_room_t room = {0};
    dlcore_status status;
    size_t block = 0;

    p->low = &low;
    status = low_block_bytes(p, &room, &block, error);
    p->low = NULL;
    *bytes = dlcore_asked_for(1, sizeof low) +
             dlcore_asked_for(p->network.node_count, sizeof *low.kernels) +
             dlcore_asked_for(block, 1);
    return status;
}

dlcore_status dlcore_predictor_low_settle(dlcore_predictor_t *p, dlcore_error_record_t *error)
{
    size_t count = p->network.node_count, bytes = 0;
    low_room_t room = {0};
    dlcore_status status;

    p->low = dlcore_allocate(&p->allocator, 1, sizeof *p->low);
    if (p->low == NULL)
        return dlcore_fail_memory(error, "predictor", sizeof *p->low);
    p->low->functions = p->precision->kind(0);
    status = low_block_bytes(p, &room, &bytes, error);
    if (status != DLCORE_OK)
        return status;
    p->low->kernels = dlcore_allocate(&p->allocator, count, sizeof *p->low->kernels);
    p->low->memory = dlcore_allocate(&p->allocator, bytes, 1);
    if (p->low->kernels == NULL || p->low->memory == NULL)
        return dlcore_fail_memory(error, "predictor", bytes);
    place_low(p, &room, p->low->memory);
    return DLCORE_OK;
}

void dlcore_predictor_low_release(dlcore_predictor_t *p)
{
    if (p->low == NULL)
        return;
    dlcore_release(&p->allocator, p->low->memory);
    dlcore_release(&p->allocator, p->low->kernels);
    dlcore_release(&p->allocator, p->low);
}

/* ---- weights ---- */

void dlcore_predictor_low_fill(dlcore_predictor_t *p)
{
    dlcore_float_mode_t mode = dlcore_float_mode_enter(p->flush_denormals);
    const dlcore_network_t *network = &p->network;

    for (size_t i = network->first; i < network->node_count; i++) {
        const dlcore_node_t *node = &network->nodes[i];
        dlcore_low_source_t from = {.inputs = node->input_width, .units = node->output_width};

        if (!is_low(node))
            continue;
        from.kernel = dlcore_predictor_values(network, node, 0);
        from.panel = network->products->kernel_panel(from.units);
        p->low->functions->pack(&from, &p->low->kernels[i]);
    }
    dlcore_float_mode_leave(mode);
}

size_t dlcore_predictor_low_weight_bytes(const dlcore_predictor_t *p)
{
    const dlcore_network_t *network = &p->network;
    size_t bytes = 0;

    for (size_t i = network->first; i < network->node_count; i++) {
        const dlcore_node_t *node = &network->nodes[i];

        if (is_low(node))
            bytes +=
                dlcore_low_kernel_bytes(p->low->functions, node->input_width, node->output_width);
    }
    return bytes;
}

/* ---- a run ---- */

/* Whether most words of the rows are zero. */
static bool prefers_word_lists(const struct dlcore_predictor_low *low,
                               const dlcore_low_kernel_t *kernel, size_t rows)
{
    size_t share = dlcore_path_word_share(rows), count = 0, most;

    if (share == SIZE_MAX)
        return true;
    if (!kernel->skips_zeros)
        return false;
    most = rows * kernel->words / 16 * share;
    for (size_t r = 0; r < rows && count < most; r++)
        count += dlcore_low_nonzeros(kernel, &low->rows, r);
    return count < most;
}

void dlcore_predictor_low_multiply(dlcore_predictor_t *p, size_t node,
                                   const dlcore_layer_pass_t *pass)
{
    struct dlcore_predictor_low *low = p->low;
    const dlcore_low_kernel_t *kernel = &low->kernels[node];
    dlcore_low_product_t product = {
        .kernel = kernel,
        .bias = dlcore_predictor_values(&p->network, &p->network.nodes[node], 1),
        .relu = pass->activation.kind == DLCORE_ACTIVATION_RELU,
        .x = &low->rows,
        .y = pass->y,
    };
    size_t rows = pass->x->rows, count;

    low->rows.stride = dlcore_low_stride(low->functions, kernel->inputs);
    low->functions->encode(pass->x, &low->rows);
    if (!prefers_word_lists(low, kernel, rows)) {
        low->functions->multiply(&product, 0, rows);
        return;
    }
    for (size_t row = 0; row < rows; row += count) {
        count = dlcore_size_min(rows - row, low->list_count);
        for (size_t r = 0; r < count; r++)
            dlcore_low_make_list(kernel, &low->rows, row + r, !kernel->skips_zeros, &low->lists[r]);
        low->functions->multiply_lists(&product, low->lists, count);
    }
}
