/* Checking columns whose numbers name rows of tables.
 *
 * SPDX-License-Identifier: MIT */
#include "model/indices.h"

#include "nn/embeddings.h"

const dlcore_embeddings_t *dlcore_network_tables(const dlcore_network_t *network)
{
    return network->node_count > 0 && network->nodes[0].layer.kind == DLCORE_LAYER_EMBEDDING
               ? &network->nodes[0].layer.embeddings
               : NULL;
}

dlcore_status dlcore_check_indices(const dlcore_network_t *network, const dlcore_tensor_t *x,
                                   dlcore_error_record_t *error)
{
    const dlcore_embeddings_t *tables = dlcore_network_tables(network);

    return tables != NULL ? tables->code->check_indices(&network->nodes[0].layer, x, error)
                          : DLCORE_OK;
}
