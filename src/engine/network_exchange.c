/* A network's parameters between Keras's row-major order and the layout of the engine.
 *
 * SPDX-License-Identifier: MIT */
#include "engine/network_exchange.h"

#include <string.h>

#include "base/size.h"

void dlcore_network_export(const dlcore_network_t *network, const dlcore_parameter_t *parameter,
                           const float *flat, float *row_major)
{
    const float *from = flat + parameter->offset;

    if (parameter->rank == 2)
        network->products->unpack_kernel(parameter->shape[0], parameter->shape[1], from, row_major);
    else
        memcpy(row_major, from, dlcore_parameter_size(parameter) * sizeof *from);
}

void dlcore_network_import(const dlcore_network_t *network, const dlcore_parameter_t *parameter,
                           const float *row_major, float *flat)
{
    float *to = flat + parameter->offset;

    if (parameter->rank == 2)
        network->products->pack_kernel(parameter->shape[0], parameter->shape[1], row_major, to);
    else
        memcpy(to, row_major, dlcore_parameter_size(parameter) * sizeof *to);
}

void dlcore_network_export_rows(const dlcore_network_t *network,
                                const dlcore_parameter_t *parameter, size_t first, size_t count,
                                const float *flat, float *rows)
{
    const float *from = flat + parameter->offset;

    if (parameter->rank == 2)
        network->products->unpack_rows(parameter->shape[0], parameter->shape[1], first, count, from,
                                       rows);
    else
        memcpy(rows, from + first, count * sizeof *from);
}

void dlcore_network_import_rows(const dlcore_network_t *network,
                                const dlcore_parameter_t *parameter, size_t first, size_t count,
                                const float *rows, float *flat)
{
    float *to = flat + parameter->offset;
    size_t end = first + count;

    if (parameter->rank == 2) {
        network->products->pack_rows(parameter->shape[0], parameter->shape[1], first, count, rows,
                                     to);
        return;
    }
    memcpy(to + first, rows, count * sizeof *to);
    if (end == parameter->shape[0])
        memset(to + end, 0, (parameter->floats - end) * sizeof *to);
}

/* ---- columns: the inputs of one output lie a panel's width apart ---- */

static size_t column_place(const dlcore_parameter_t *parameter, size_t panel, size_t column)
{
    return parameter->offset + (column - column % panel) * parameter->shape[0] + column % panel;
}

void dlcore_network_export_columns(const dlcore_network_t *network,
                                   const dlcore_parameter_t *parameter, size_t first, size_t count,
                                   const float *flat, float *columns)
{
    size_t inputs = parameter->shape[0];
    size_t panel = network->products->kernel_panel(parameter->shape[1]);

    for (size_t c = 0; c < count; c++) {
        const float *from = flat + column_place(parameter, panel, first + c);

        for (size_t i = 0; i < inputs; i++)
            columns[c * inputs + i] = from[i * panel];
    }
}

/* Behind the last column: the rest of its panel, and of the kernel. */
static void clear_kernel_padding(const dlcore_parameter_t *parameter, size_t panel, float *flat)
{
    size_t inputs = parameter->shape[0], units = parameter->shape[1];
    size_t used = units % panel, end = (units + panel - 1) / panel * panel * inputs;
    float *last = flat + column_place(parameter, panel, units - used);

    for (size_t i = 0; used > 0 && i < inputs; i++)
        memset(last + i * panel + used, 0, (panel - used) * sizeof *last);
    memset(flat + parameter->offset + end, 0, (parameter->floats - end) * sizeof *flat);
}

/* Some columns at a time, input by input: a column's numbers lie on as many cache lines. */
void dlcore_network_import_columns(const dlcore_network_t *network,
                                   const dlcore_parameter_t *parameter, size_t first, size_t count,
                                   const float *columns, float *flat)
{
    enum { TOGETHER = 16 };
    size_t inputs = parameter->shape[0];
    size_t panel = network->products->kernel_panel(parameter->shape[1]);

    for (size_t c = 0, width; c < count; c += width, columns += width * inputs) {
        float *to = flat + column_place(parameter, panel, first + c);

        width = dlcore_size_min(panel - (first + c) % panel, dlcore_size_min(TOGETHER, count - c));
        for (size_t i = 0; i < inputs; i++) {
            for (size_t k = 0; k < width; k++)
                to[i * panel + k] = columns[k * inputs + i];
        }
    }
    if (first + count == parameter->shape[1])
        clear_kernel_padding(parameter, panel, flat);
}
