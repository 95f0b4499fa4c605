/* A network's parameters between Keras's row-major order and the layout of the engine.
 *
 * SPDX-License-Identifier: MIT */
#include "engine/network_exchange.h"

#include <string.h>

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
