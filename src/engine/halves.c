/* Rounded copies of kernels, and rounded batches.
 *
 * SPDX-License-Identifier: MIT */
#include "engine/halves.h"

#include "base/allocator.h"
#include "base/error.h"
#include "base/size.h"
#include "engine/path.h"

/* ---- memory ---- */

/* The kernel of a layer that multiplies; NULL: the layer does not. */
static const dlcore_parameter_t *kernel_of(const dlcore_node_t *node)
{
    return node->type->takes_half ? &node->parameters[0] : NULL;
}

/* Floats of the two copies. The first layer that computes has no gradient by its inputs. */
static size_t forward_floats(const dlcore_network_t *network, const dlcore_node_t *node)
{
    return network->products->kernel_floats(dlcore_pairs(node->input_width), node->output_width);
}

static size_t turned_floats(const dlcore_network_t *network, size_t i)
{
    const dlcore_node_t *node = &network->nodes[i];

    return i > network->first ? network->products->kernel_floats(dlcore_pairs(node->output_width),
                                                                 node->input_width)
                              : 0;
}

/* Struct and list first, then the copies. */
static size_t head_bytes(size_t count)
{
    return dlcore_size_round_up(sizeof(dlcore_halves_t) + count * sizeof(dlcore_half_node_t),
                                DLCORE_ALIGNMENT);
}

static size_t measure_halves(const dlcore_network_t *network, size_t *count)
{
    size_t floats = 0;

    *count = 0;
    for (size_t i = network->first; i < network->node_count; i++) {
        if (kernel_of(&network->nodes[i]) == NULL)
            continue;
        floats += forward_floats(network, &network->nodes[i]) + turned_floats(network, i);
        ++*count;
    }
    return head_bytes(*count) + floats * sizeof(float);
}

size_t dlcore_halves_bytes(const dlcore_network_t *network)
{
    size_t count;

    return network->half != NULL ? measure_halves(network, &count) : 0;
}

dlcore_status dlcore_halves_ensure(dlcore_network_t *network, dlcore_error_record_t *error)
{
    size_t count, bytes;
    dlcore_halves_t *halves;
    float *copies;

    if (network->halves != NULL || network->half == NULL)
        return DLCORE_OK;
    bytes = measure_halves(network, &count);
    halves = dlcore_allocate_untouched(&network->allocator, bytes, 1);
    if (halves == NULL)
        return dlcore_fail_memory(error, "weights in bfloat16", bytes);
    copies = (float *)(void *)((char *)halves + head_bytes(count));
    *halves = (dlcore_halves_t){.half = network->half,
                                .panel = network->products->kernel_panel,
                                .nodes = (dlcore_half_node_t *)(void *)(halves + 1)};
    for (size_t i = network->first; i < network->node_count; i++) {
        const dlcore_node_t *node = &network->nodes[i];
        const dlcore_parameter_t *parameter = kernel_of(node);
        size_t turned = turned_floats(network, i);
        dlcore_half_node_t *made = &halves->nodes[halves->count];

        if (parameter == NULL)
            continue;
        halves->count++;
        made->node = i;
        made->offset = parameter->offset;
        made->floats = parameter->floats;
        made->kernel = (dlcore_half_kernel_t){.inputs = node->input_width,
                                              .units = node->output_width,
                                              .values = network->values + parameter->offset,
                                              .forward = copies};
        copies += forward_floats(network, node);
        if (turned > 0)
            made->kernel.turned = copies;
        copies += turned;
    }
    network->halves = halves;
    return DLCORE_OK;
}

/* ---- kernels ---- */

/* Stretches of a panel that workers share out: an even number of inputs. */
#define STRETCH_INPUTS 256

void dlcore_halves_round(const dlcore_network_t *network, const dlcore_place_t *place)
{
    const dlcore_halves_t *halves = network->halves;
    size_t turn = 0;

    for (size_t k = 0; k < halves->count; k++) {
        const dlcore_half_kernel_t *kernel = &halves->nodes[k].kernel;
        size_t panel = network->products->kernel_panel(kernel->units);

        for (size_t p = 0; p * panel < kernel->units; p++) {
            for (size_t i = 0; i < kernel->inputs; i += STRETCH_INPUTS) {
                if (turn++ % place->workers == place->worker)
                    halves->half->follow(kernel, p, i,
                                         dlcore_size_min(STRETCH_INPUTS, kernel->inputs - i));
            }
        }
    }
}

/* The last kernel that begins at `offset` or before; NULL: none does. */
static const dlcore_half_node_t *node_at(const dlcore_halves_t *halves, size_t offset)
{
    size_t low = 0, high = halves->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (halves->nodes[middle].offset <= offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 ? &halves->nodes[low - 1] : NULL;
}

void dlcore_halves_follow(const dlcore_halves_t *halves, size_t offset, size_t count)
{
    const dlcore_half_node_t *node = node_at(halves, offset);
    size_t panel, width;

    if (node == NULL || offset >= node->offset + node->floats)
        return;
    offset -= node->offset;
    width = halves->panel(node->kernel.units);
    panel = width * node->kernel.inputs;
    while (count > 0) {
        size_t part = dlcore_size_min(count, panel - offset % panel);

        halves->half->follow(&node->kernel, offset / panel, offset % panel / width, part / width);
        offset += part;
        count -= part;
    }
}

/* ---- passes ---- */

static const dlcore_half_node_t *node_of(const dlcore_halves_t *halves, size_t i, size_t *ordinal)
{
    size_t low = 0, high = halves->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (halves->nodes[middle].node < i)
            low = middle + 1;
        else
            high = middle;
    }
    *ordinal = low;
    return low < halves->count && halves->nodes[low].node == i ? &halves->nodes[low] : NULL;
}

/* A matrix of pairs over a buffer. */
static dlcore_matrix_t pairs_over(const dlcore_network_t *network, float *data, size_t capacity,
                                  size_t rows, size_t columns)
{
    size_t panel = network->products->panel(columns);

    return (dlcore_matrix_t){.data = data,
                             .rows = rows,
                             .columns = columns,
                             .panel = panel,
                             .panel_stride = panel * capacity};
}

bool dlcore_halves_pass(const dlcore_network_t *network, dlcore_workspace_t *workspace, size_t i,
                        dlcore_layer_pass_t *pass, dlcore_layer_half_t *half)
{
    const dlcore_half_node_t *node;
    const dlcore_matrix_t *x = pass->x;
    size_t ordinal, capacity = workspace->capacity;

    if (network->halves == NULL || workspace->half_columns == NULL || x->lists != NULL)
        return false;
    node = node_of(network->halves, i, &ordinal);
    if (node == NULL)
        return false;
    *half = (dlcore_layer_half_t){.half = network->halves->half, .kernel = &node->kernel};
    half->x_columns =
        pairs_over(network, workspace->half_columns, capacity, x->rows, dlcore_pairs(x->columns));
    if (x->index != NULL) {
        half->x_columns.index = workspace->columns[workspace->batch].pairs;
        half->x_columns.gaps = workspace->columns[workspace->batch].pair_gaps;
    }
    half->dy_columns = pairs_over(network, workspace->half_columns, capacity, x->rows,
                                  dlcore_pairs(pass->output_width));
    half->x_rows = pairs_over(network, workspace->half_rows[ordinal % 2][0], dlcore_pairs(capacity),
                              dlcore_pairs(x->rows), x->columns);
    half->x_rows.index = x->index;
    half->x_rows.gaps = x->gaps;
    half->dy_rows = pairs_over(network, workspace->half_rows[ordinal % 2][1],
                               dlcore_pairs(capacity), dlcore_pairs(x->rows), pass->output_width);
    pass->half = half;
    return true;
}

static void round_column_pairs(const dlcore_layer_pass_t *pass, const dlcore_matrix_t *from,
                               const dlcore_matrix_t *to)
{
    pass->half->half->pair_columns(from, to, dlcore_share(from->rows, pass->worker, pass->workers),
                                   dlcore_share(from->rows, pass->worker + 1, pass->workers));
}

static void round_row_pairs(const dlcore_layer_pass_t *pass, const dlcore_matrix_t *from,
                            const dlcore_matrix_t *to)
{
    pass->half->half->pair_rows(from, to, dlcore_share(to->rows, pass->worker, pass->workers),
                                dlcore_share(to->rows, pass->worker + 1, pass->workers));
}

void dlcore_halves_round_forward(const dlcore_layer_pass_t *pass)
{
    round_column_pairs(pass, pass->x, &pass->half->x_columns);
}

void dlcore_halves_round_backward(const dlcore_layer_pass_t *pass, bool by_inputs, bool by_kernel)
{
    if (by_inputs)
        round_column_pairs(pass, pass->dy, &pass->half->dy_columns);
    if (!by_kernel)
        return;
    round_row_pairs(pass, pass->dy, &pass->half->dy_rows);
    round_row_pairs(pass, pass->x, &pass->half->x_rows);
}
