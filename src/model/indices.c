/* Checking columns whose numbers name rows of tables.
 *
 * SPDX-License-Identifier: MIT */
#include "model/indices.h"

#include "base/error.h"
#include "nn/embeddings.h"
#include "tensor/tensor.h"

const dlcore_embeddings_t *dlcore_network_tables(const dlcore_network_t *network)
{
    return network->node_count > 0 && network->nodes[0].layer.kind == DLCORE_LAYER_EMBEDDING
               ? &network->nodes[0].layer.embeddings
               : NULL;
}

dlcore_status dlcore_refuse_index(const dlcore_network_t *network, const dlcore_embedding_t *table,
                                  double number, size_t row, dlcore_error_record_t *error)
{
    return dlcore_fail(error, DLCORE_ERROR_RANGE,
                       "%s: column %zu of sample %zu is %.9g; its table has the rows 0 .. %zu",
                       network->nodes[0].layer.name, (size_t)table->column, row, number,
                       (size_t)table->count - 1);
}

dlcore_status dlcore_check_indices(const dlcore_network_t *network, const dlcore_tensor_t *x,
                                   dlcore_error_record_t *error)
{
    const dlcore_embeddings_t *tables = dlcore_network_tables(network);

    for (size_t row = 0; tables != NULL && row < x->shape[0]; row++) {
        for (size_t i = 0; i < tables->count; i++) {
            const dlcore_embedding_t *table = &tables->table[i];
            double number;

            if (table->column >= x->row_size) /* building it will be refused */
                return DLCORE_OK;
            number = dlcore_row_number(x, row, table->column);
            if (!dlcore_embedding_has(table, number))
                return dlcore_refuse_index(network, table, number, row, error);
        }
    }
    return DLCORE_OK;
}
