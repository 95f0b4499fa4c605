/* Checking columns whose numbers name rows of tables.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_MODEL_INDICES_H
#define DLCORE_MODEL_INDICES_H

#include "system/compiler.h"

#include "dlcore/tensor.h"
#include "engine/network.h"

DLCORE_HIDDEN_BEGIN

/* The tables of a first layer that is an embedding; NULL: there is none. */
const dlcore_embeddings_t *dlcore_network_tables(const dlcore_network_t *network);

/* DLCORE_ERROR_RANGE, with column, sample and number, where x names a row that a table does not
 * have. */
dlcore_status dlcore_check_indices(const dlcore_network_t *network, const dlcore_tensor_t *x,
                                   dlcore_error_record_t *error);

DLCORE_HIDDEN_END

#endif
