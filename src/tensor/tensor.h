/* The inside of a tensor, for the library's own sources.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TENSOR_TENSOR_H
#define DLCORE_TENSOR_TENSOR_H

#include "system/compiler.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "dlcore/sparse.h"
#include "dlcore/tensor.h"

DLCORE_HIDDEN_BEGIN

/* An owning tensor is one block: this struct, and the elements behind it at the next multiple of
 * DLCORE_ALIGNMENT. */
struct dlcore_tensor {
    dlcore_allocator_t allocator;
    dlcore_dtype_t dtype;
    size_t rank;
    size_t shape[DLCORE_RANK_MAX];
    size_t size;       /* elements: product of the shape */
    size_t row_size;   /* elements below one step along axis 0; 1 for rank 0 and 1 */
    size_t row_stride; /* elements between rows, >= row_size */
    unsigned char *data;
    bool read_only; /* borrowed from const memory, or sparse */
    bool is_sparse; /* then there is no data (tensor/sparse.h) */
    dlcore_sparse_t sparse;
};

/* Checks dtype, rank and shape and fills a contiguous tensor without data or allocator: what a
 * tensor would be, for checking sizes before memory is asked for. The product of the lengths that
 * are not zero must fit PTRDIFF_MAX bytes, so that no product of some of them can overflow. */
dlcore_status dlcore_tensor_layout(dlcore_tensor_t *layout, dlcore_dtype_t dtype, size_t rank,
                                   const size_t *shape, dlcore_error_record_t *error);

/* Like dlcore_tensor_create, with the elements unset. */
dlcore_status dlcore_tensor_create_unset(const dlcore_allocator_t *allocator, dlcore_dtype_t dtype,
                                         size_t rank, const size_t *shape, dlcore_tensor_t **out,
                                         dlcore_error_record_t *error);

/* "(60000, 28, 28)" and "()", written to `text`, which is also the answer. */
#define DLCORE_SHAPE_TEXT_SIZE 192 /* 8 lengths of 20 digits, commas, brackets */
const char *dlcore_shape_text(char text[DLCORE_SHAPE_TEXT_SIZE], size_t rank, const size_t *shape);

/* Stretches of elements without a gap: the whole of a contiguous tensor, or row by row. */
static inline size_t dlcore_tensor_runs(const dlcore_tensor_t *tensor, size_t *length)
{
    bool contiguous = dlcore_tensor_is_contiguous(tensor);

    *length = contiguous ? tensor->size : tensor->row_size;
    return contiguous ? 1 : tensor->shape[0];
}

static inline unsigned char *dlcore_tensor_run(const dlcore_tensor_t *tensor, size_t run)
{
    return run == 0 ? tensor->data
                    : tensor->data + run * tensor->row_stride * dlcore_dtype_size(tensor->dtype);
}

/* One element as double, exactly. */
static inline double dlcore_element_load(dlcore_dtype_t dtype, const unsigned char *element)
{
    float as_float;
    int32_t as_int32;

    switch (dtype) {
    case DLCORE_DTYPE_FLOAT32:
        memcpy(&as_float, element, sizeof as_float);
        return (double)as_float;
    case DLCORE_DTYPE_INT32:
        memcpy(&as_int32, element, sizeof as_int32);
        return as_int32;
    case DLCORE_DTYPE_UINT8:
        break;
    }
    return *element;
}

/* Where a row first has a number that is NaN or infinite, counted within the row; its size where
 * all are finite. */
size_t dlcore_row_not_finite(const dlcore_tensor_t *tensor, size_t row);
/* The number there, for messages: "NaN", "infinite". */
static inline const char *dlcore_not_finite_name(double number)
{
    return isnan(number) ? "NaN" : "infinite";
}
/* Number `column` of a row of a sparse tensor: 0 where it has no such entry. */
float dlcore_sparse_number(const dlcore_sparse_t *sparse, size_t row, size_t column);
/* One number of a row of any tensor. */
static inline double dlcore_row_number(const dlcore_tensor_t *tensor, size_t row, size_t number)
{
    size_t at = row * tensor->row_stride + number;

    if (tensor->is_sparse)
        return (double)dlcore_sparse_number(&tensor->sparse, row, number);
    return dlcore_element_load(tensor->dtype, tensor->data + at * dlcore_dtype_size(tensor->dtype));
}

/* The nearest integer, ties to even, in any rounding mode of the host. NaN stays NaN. */
double dlcore_round_to_even(double value);

/* Smallest and largest value of an integer dtype. */
void dlcore_dtype_limits(dlcore_dtype_t dtype, double *low, double *high);

DLCORE_HIDDEN_END

#endif
