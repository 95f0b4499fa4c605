/* Copying chosen samples and labels of the user's tensors into a batch.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_ENGINE_GATHER_H
#define DLCORE_ENGINE_GATHER_H

#include "system/compiler.h"

#include "dlcore/sparse.h"
#include "dlcore/tensor.h"
#include "engine/network.h"
#include "engine/workspace.h"
#include "nn/loss.h"

DLCORE_HIDDEN_BEGIN

/* Where samples come from: row r of a batch is sample order[begin + r], or begin + r without an
 * order. Tensors and order are borrowed. */
typedef struct dlcore_source {
    const dlcore_tensor_t *x;
    const dlcore_tensor_t *y; /* NULL when there are no labels */
    /* What samples and classes count; both multiply, and a class from class_count on counts 1. Only
     * looked at where the objective is weighted. NULL: all 1. */
    const dlcore_tensor_t *weights; /* float32, one for each sample */
    const float *class_weights;
    size_t class_count;
    const size_t *order;
    size_t begin;
    size_t rows;
} dlcore_source_t;

/* The sample that is row `row` of the batch. */
static inline size_t dlcore_source_sample(const dlcore_source_t *source, size_t row)
{
    size_t at = source->begin + row;
    return source->order != NULL ? source->order[at] : at;
}

/* Whether the network's first layer takes rows of that tensor as lists (matrix.h): the tensor is
 * sparse, and what comes before the layer leaves zeros zero. A network with another first layer
 * gets dense rows of a sparse tensor, batch by batch. x NULL: a rank without rows has none. */
bool dlcore_gather_is_lists(const dlcore_network_t *network, const dlcore_tensor_t *x);
/* Whether it takes lists at all, and those of arrays as they are. */
bool dlcore_gather_takes_lists(const dlcore_network_t *network);
dlcore_lists_t dlcore_gather_lists(const dlcore_network_t *network, const dlcore_sparse_t *sparse);
static inline dlcore_batch_forms_t dlcore_gather_form(const dlcore_network_t *network,
                                                      const dlcore_tensor_t *x)
{
    return dlcore_gather_is_lists(network, x) ? DLCORE_BATCH_LISTS : DLCORE_BATCH_ROWS;
}
/* Tells the workspace which of both batch `batch` is. Before dlcore_workspace_set_batch, by one
 * thread. */
void dlcore_gather_begin(const dlcore_network_t *network, const dlcore_source_t *source,
                         dlcore_workspace_t *workspace, size_t batch);
/* One row of a sparse tensor into panels, scaled and shifted like a dense one. */
void dlcore_gather_list(const dlcore_sparse_t *sparse, size_t row, float *to, size_t panel,
                        size_t panel_stride, float scale, float offset);

/* Where rows need no gathering, because predicting begins with a dense layer and they lie in order
 * as floats that nothing is done to: makes *x, which has all columns, a view of them. */
bool dlcore_gather_view(const dlcore_network_t *network, const dlcore_source_t *source,
                        dlcore_matrix_t *x);

/* Batch rows begin .. end-1 of x, those of its columns that it has (matrix.h: index), with the
 * network's leading layers applied. Of lists nothing is copied. */
void dlcore_gather_samples(const dlcore_network_t *network, const dlcore_source_t *source,
                           dlcore_matrix_t *x, size_t begin, size_t end);

/* The same rows of y, and of the weights where the labels have room for them. */
void dlcore_gather_labels(const dlcore_kernels_t *kernels, const dlcore_source_t *source,
                          dlcore_labels_t *labels, size_t begin, size_t end);

DLCORE_HIDDEN_END

#endif
