/* Sparse tensors, for the library's own sources.
 *
 * A sparse tensor is a dlcore_tensor_t of rank 2 and dtype float32 that is read-only, has no data,
 * and has its arrays in `sparse`. What reads elements of any tensor goes by dlcore_row_number;
 * what cannot refuses it (dlcore_refuse_sparse).
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TENSOR_SPARSE_H
#define DLCORE_TENSOR_SPARSE_H

#include "system/compiler.h"

#include "dlcore/sparse.h"
#include "tensor/tensor.h"

DLCORE_HIDDEN_BEGIN

/* DLCORE_ERROR_UNSUPPORTED, naming the call and what is sparse ("labels"), if it is. NULL is not.
 */
dlcore_status dlcore_refuse_sparse(const char *call, const char *what,
                                   const dlcore_tensor_t *tensor, dlcore_error_record_t *error);

/* Whether the arrays are what dlcore/sparse.h says. Memory that a count says there is may not be
 * there only where that count is one that the arrays could have. */
dlcore_status dlcore_sparse_check(const char *call, const dlcore_sparse_t *sparse,
                                  dlcore_error_record_t *error);

/* Arrays of a sparse tensor under construction. */
typedef struct dlcore_sparse_arrays {
    size_t *starts;
    int32_t *indices;
    float *values; /* NULL: all are 1 */
} dlcore_sparse_arrays_t;

/* An owning tensor of `entries` entries, whose arrays are the caller's to fill. The sizes may be
 * anybody's. */
dlcore_status dlcore_sparse_allocate(const dlcore_allocator_t *allocator, size_t rows,
                                     size_t columns, size_t entries, bool has_values,
                                     dlcore_sparse_arrays_t *arrays, dlcore_tensor_t **out,
                                     dlcore_error_record_t *error);

/* Entries of all rows. */
static inline size_t dlcore_sparse_entries(const dlcore_sparse_t *sparse)
{
    return sparse->rows > 0 ? sparse->starts[sparse->rows] - sparse->starts[0] : 0;
}

/* The first entry of a row whose index is `column` or more; the row's end when there is none. */
size_t dlcore_sparse_find(const dlcore_sparse_t *sparse, size_t row, size_t column);

/* Rows of that order, `count` of them; order NULL: all rows, as they are. An owning copy. */
dlcore_status dlcore_sparse_take_rows(const dlcore_tensor_t *from, const size_t *order,
                                      size_t count, dlcore_tensor_t **out,
                                      dlcore_error_record_t *error);

DLCORE_HIDDEN_END

#endif
