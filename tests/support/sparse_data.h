/* Samples for the tests of sparse tensors: the same numbers, sparse and dense.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TESTS_SPARSE_DATA_H
#define DLCORE_TESTS_SPARSE_DATA_H

#include <stdbool.h>

#include "dlcore/sparse.h"

typedef struct sparse_data {
    dlcore_tensor_t *sparse, *dense; /* (rows, columns) */
    dlcore_tensor_t *y;              /* float32 (rows, units), numbers 0 and 1 */
} sparse_data_t;

/* About `share` of the numbers are there, all 1 or, with `values`, any; row 1 is empty, if there is
 * one. Random numbers of tests. */
sparse_data_t sparse_data(size_t rows, size_t columns, double share, bool values, size_t units);
void sparse_data_free(sparse_data_t *data);

#endif
