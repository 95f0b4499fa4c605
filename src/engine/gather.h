/* Copying chosen samples and labels of the user's tensors into a batch.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_ENGINE_GATHER_H
#define DLCORE_ENGINE_GATHER_H

#include "dlcore/tensor.h"
#include "engine/network.h"
#include "nn/loss.h"

/* Where samples come from: row r of a batch is sample order[begin + r], or begin + r without an
 * order. Tensors and order are borrowed. */
typedef struct dlcore_source {
    const dlcore_tensor_t *x;
    const dlcore_tensor_t *y; /* NULL when there are no labels */
    const size_t *order;
    size_t begin;
    size_t rows;
} dlcore_source_t;

/* Batch rows begin .. end-1 of x, with the network's leading layers applied. */
void dlcore_gather_samples(const dlcore_network_t *network, const dlcore_source_t *source,
                           dlcore_matrix_t *x, size_t begin, size_t end);

/* The same rows of y. */
void dlcore_gather_labels(const dlcore_kernels_t *kernels, const dlcore_source_t *source,
                          dlcore_labels_t *labels, size_t begin, size_t end);

#endif
