/* Tensors as matrices: product and transpose.
 *
 * SPDX-License-Identifier: MIT */
#include <limits.h>

#include "base/error.h"
#include "base/size.h"
#include "base/traces.h"
#include "products/blas.h"
#include "tensor/sparse.h"

/* Rows and columns that are transposed together, within the first-level cache. */
#define TRANSPOSE_TILE 32

static dlcore_status check_factors(const dlcore_tensor_t *a, const dlcore_tensor_t *b,
                                   dlcore_error_record_t *error)
{
    dlcore_status status;

    if (a == NULL || b == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "%s is NULL", a == NULL ? "a" : "b");
    status = dlcore_refuse_sparse("matmul", "a", a, error);
    if (status == DLCORE_OK)
        status = dlcore_refuse_sparse("matmul", "b", b, error);
    if (status != DLCORE_OK)
        return status;
    if (a->dtype != DLCORE_DTYPE_FLOAT32 || b->dtype != DLCORE_DTYPE_FLOAT32)
        return dlcore_fail(error, DLCORE_ERROR_DTYPE, "matmul of %s and %s: float32 needed",
                           dlcore_dtype_name(a->dtype), dlcore_dtype_name(b->dtype));
    if (a->rank != 2 || b->rank != 2)
        return dlcore_fail(error, DLCORE_ERROR_SHAPE, "matmul of ranks %zu and %zu: 2 and 2 needed",
                           a->rank, b->rank);
    if (a->shape[1] != b->shape[0])
        return dlcore_fail(
            error, DLCORE_ERROR_SHAPE, "matmul of (%zu, %zu) and (%zu, %zu): %zu columns, %zu rows",
            a->shape[0], a->shape[1], b->shape[0], b->shape[1], a->shape[1], b->shape[0]);
    return DLCORE_OK;
}

/* Distance between rows as BLAS wants it; a stride that no step is taken along may be any. */
static size_t leading(const dlcore_tensor_t *matrix)
{
    return dlcore_tensor_is_contiguous(matrix) ? matrix->row_size : matrix->row_stride;
}

static dlcore_status check_gemm_sizes(const dlcore_tensor_t *a, const dlcore_tensor_t *b,
                                      dlcore_error_record_t *error)
{
    size_t most = dlcore_size_max(dlcore_size_max(a->shape[0], b->shape[1]), a->shape[1]);

    most = dlcore_size_max(most, dlcore_size_max(leading(a), leading(b)));
    if (most > INT_MAX)
        return dlcore_fail(error, DLCORE_ERROR_OVERFLOW, "matmul with a size of %zu, at most %d",
                           most, INT_MAX);
    return DLCORE_OK;
}

static dlcore_status multiply(const dlcore_tensor_t *a, const dlcore_tensor_t *b,
                              dlcore_tensor_t **out, dlcore_error_record_t *error)
{
    dlcore_status status;

    if (out == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "out is NULL");
    *out = NULL;
    status = check_factors(a, b, error);
    if (status != DLCORE_OK)
        return status;
    /* Without terms the sum is zero; without elements there is nothing to do. */
    if (a->size == 0 || b->size == 0)
        return dlcore_tensor_create(&a->allocator, DLCORE_DTYPE_FLOAT32, 2,
                                    (size_t[]){a->shape[0], b->shape[1]}, out, error);
    status = check_gemm_sizes(a, b, error);
    if (status != DLCORE_OK)
        return status;
    status = dlcore_tensor_create_unset(&a->allocator, DLCORE_DTYPE_FLOAT32, 2,
                                        (size_t[]){a->shape[0], b->shape[1]}, out, error);
    if (status != DLCORE_OK)
        return status;
    dlcore_blas_enter(false);
    dlcore_gemm(false, false, a->shape[0], b->shape[1], a->shape[1], 1.0f,
                (const float *)(const void *)a->data, leading(a),
                (const float *)(const void *)b->data, leading(b), 0.0f,
                (float *)(void *)(*out)->data, b->shape[1]);
    dlcore_blas_leave();
    return DLCORE_OK;
}

dlcore_status dlcore_tensor_matmul(const dlcore_tensor_t *a, const dlcore_tensor_t *b,
                                   dlcore_tensor_t **out, dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, multiply(a, b, out, error));
}

/* One tile of an element size: a constant `size` at each call makes the copy one instruction. */
static inline void transpose_tile(const dlcore_tensor_t *source, unsigned char *to, size_t row,
                                  size_t column, size_t size)
{
    size_t row_end = dlcore_size_min(row + TRANSPOSE_TILE, source->shape[0]);
    size_t column_end = dlcore_size_min(column + TRANSPOSE_TILE, source->shape[1]);

    for (size_t c = column; c < column_end; c++)
        for (size_t r = row; r < row_end; r++)
            memcpy(to + (c * source->shape[0] + r) * size,
                   source->data + (r * source->row_stride + c) * size, size);
}

dlcore_status dlcore_tensor_transpose(const dlcore_tensor_t *source, dlcore_tensor_t **out,
                                      dlcore_error_record_t *error)
{
    dlcore_status status;

    if (out == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "out is NULL");
    *out = NULL;
    if (source == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "source is NULL");
    if (source->rank != 2)
        return dlcore_fail(error, DLCORE_ERROR_SHAPE, "transpose of rank %zu: 2 needed",
                           source->rank);
    status = dlcore_refuse_sparse("transpose", "source", source, error);
    if (status == DLCORE_OK)
        status =
            dlcore_tensor_create_unset(&source->allocator, source->dtype, 2,
                                       (size_t[]){source->shape[1], source->shape[0]}, out, error);
    if (status != DLCORE_OK || source->size == 0)
        return status;
    for (size_t row = 0; row < source->shape[0]; row += TRANSPOSE_TILE)
        for (size_t column = 0; column < source->shape[1]; column += TRANSPOSE_TILE)
            if (source->dtype == DLCORE_DTYPE_UINT8)
                transpose_tile(source, (*out)->data, row, column, 1);
            else
                transpose_tile(source, (*out)->data, row, column, 4);
    return DLCORE_OK;
}
