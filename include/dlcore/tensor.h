/* Tensors: arrays of numbers of one dtype, rank 0 to 8, row-major.
 *
 * The rank is the number of axes, the shape their lengths. A scalar has rank 0, a vector rank 1, a
 * matrix rank 2. Mind the word "dimension": a 5-D vector is a tensor of rank 1 with 5 elements,
 * shape (5); a 5-D tensor has rank 5, five axes, such as (samples, frames, height, width,
 * channels). Zero-length axes are allowed: such a tensor has no elements.
 *
 * Ownership: dlcore_tensor_t is an opaque handle, freed with dlcore_tensor_free (NULL is fine). A
 * tensor owns its elements or borrows the caller's memory; a borrower never frees it and must not
 * outlive it. Slices borrow from their base.
 *
 * Rows: axis 0 may have a stride, so that a tensor can stand for some columns of a wider table;
 * everything below one row is contiguous. Rank-0 and owning tensors are contiguous.
 *
 * Sparse tensors have no array of elements; dlcore/sparse.h makes them and says what takes them.
 *
 * Errors: fallible functions take a trailing dlcore_error_record_t * (NULL: no message). On failure
 * no tensor is made, *out is NULL, and the arguments are as before. NULL arguments and bad values
 * are statuses in every build type: DLCORE_ERROR_ARGUMENT, DLCORE_ERROR_RANGE for an index or slice
 * outside the tensor, DLCORE_ERROR_DTYPE and DLCORE_ERROR_SHAPE for a tensor of the wrong kind.
 * Sizes are checked, lengths of zero left out: DLCORE_ERROR_OVERFLOW.
 *
 * Threads: a tensor may be read by any number of threads at once, and written by one.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TENSOR_H
#define DLCORE_TENSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "api.h"
#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define DLCORE_RANK_MAX 8

/* Element types. 0 is no dtype, so a forgotten one is found. */
typedef enum dlcore_dtype {
    DLCORE_DTYPE_FLOAT32 = 1,
    DLCORE_DTYPE_UINT8,
    DLCORE_DTYPE_INT32
} dlcore_dtype_t;

/* "float32", "uint8", "int32"; "unknown" for anything else. */
DLCORE_API const char *dlcore_dtype_name(dlcore_dtype_t dtype);
/* Bytes of one element: 4, 1, 4; 0 for anything else. */
DLCORE_API size_t dlcore_dtype_size(dlcore_dtype_t dtype);

typedef struct dlcore_tensor dlcore_tensor_t;

/* ---- making and freeing ---- */

/* A tensor of zeros that owns its elements (64-byte aligned). `shape` has `rank` lengths and may be
 * NULL for rank 0. `allocator` NULL: malloc. */
DLCORE_API dlcore_status dlcore_tensor_create(const dlcore_allocator_t *allocator,
                                              dlcore_dtype_t dtype, size_t rank,
                                              const size_t *shape, dlcore_tensor_t **out,
                                              dlcore_error_record_t *error);

/* Like dlcore_tensor_create, but filled with a copy of `data`: contiguous elements, row-major.
 * `data` may be NULL, here and below, when there are no elements. */
DLCORE_API dlcore_status dlcore_tensor_from_data(const dlcore_allocator_t *allocator,
                                                 dlcore_dtype_t dtype, size_t rank,
                                                 const size_t *shape, const void *data,
                                                 dlcore_tensor_t **out,
                                                 dlcore_error_record_t *error);

/* A tensor over the caller's memory, without a copy; `data` must be aligned for the dtype and
 * outlive the tensor. `row_stride` is the distance between rows in elements, at least the size of
 * a row; 0 means contiguous. The const variant makes a read-only tensor: fill and set are refused
 * (DLCORE_ERROR_ARGUMENT), dlcore_tensor_data is NULL, and its slices are read-only, too. */
DLCORE_API dlcore_status dlcore_tensor_borrow(const dlcore_allocator_t *allocator,
                                              dlcore_dtype_t dtype, size_t rank,
                                              const size_t *shape, void *data, size_t row_stride,
                                              dlcore_tensor_t **out, dlcore_error_record_t *error);
DLCORE_API dlcore_status dlcore_tensor_borrow_const(const dlcore_allocator_t *allocator,
                                                    dlcore_dtype_t dtype, size_t rank,
                                                    const size_t *shape, const void *data,
                                                    size_t row_stride, dlcore_tensor_t **out,
                                                    dlcore_error_record_t *error);

/* A float32 tensor of rank 0. */
DLCORE_API dlcore_status dlcore_tensor_scalar(const dlcore_allocator_t *allocator, float value,
                                              dlcore_tensor_t **out, dlcore_error_record_t *error);

DLCORE_API void dlcore_tensor_free(dlcore_tensor_t *tensor);

/* ---- queries: never fail; NULL is answered with 0, NULL or false ---- */

DLCORE_API dlcore_dtype_t dlcore_tensor_dtype(const dlcore_tensor_t *tensor);
DLCORE_API size_t dlcore_tensor_rank(const dlcore_tensor_t *tensor);
/* Length of one axis; 0 for an axis that the tensor does not have. */
DLCORE_API size_t dlcore_tensor_length(const dlcore_tensor_t *tensor, size_t axis);
/* The `rank` lengths, borrowed. */
DLCORE_API const size_t *dlcore_tensor_shape(const dlcore_tensor_t *tensor);
/* Number of elements: the product of the lengths, 1 for a scalar. */
DLCORE_API size_t dlcore_tensor_size(const dlcore_tensor_t *tensor);
/* Elements below one step along axis 0: the product of the other lengths, 1 for rank 0 and 1. */
DLCORE_API size_t dlcore_tensor_row_size(const dlcore_tensor_t *tensor);
/* Distance between rows in elements. */
DLCORE_API size_t dlcore_tensor_row_stride(const dlcore_tensor_t *tensor);
DLCORE_API bool dlcore_tensor_is_contiguous(const dlcore_tensor_t *tensor);
/* The elements, borrowed. The first answers NULL for a read-only tensor. */
DLCORE_API void *dlcore_tensor_data(dlcore_tensor_t *tensor);
DLCORE_API const void *dlcore_tensor_data_const(const dlcore_tensor_t *tensor);

/* ---- elements ---- */

/* One element by its index, `rank` numbers (NULL will do for rank 0). Values travel as double,
 * which holds all three dtypes exactly. Setting an integer tensor rounds to nearest, ties to even;
 * a value that does not fit the dtype (or NaN into an integer) is DLCORE_ERROR_RANGE. */
DLCORE_API dlcore_status dlcore_tensor_get(const dlcore_tensor_t *tensor, const size_t *index,
                                           double *value, dlcore_error_record_t *error);
DLCORE_API dlcore_status dlcore_tensor_set(dlcore_tensor_t *tensor, const size_t *index,
                                           double value, dlcore_error_record_t *error);
DLCORE_API dlcore_status dlcore_tensor_fill(dlcore_tensor_t *tensor, double value,
                                            dlcore_error_record_t *error);

/* ---- views and shapes ---- */

/* Rows begin .. end-1 along axis 0, sharing the base's elements; begin == end gives no rows. Rank
 * 0 cannot be sliced. The base must outlive the view. */
DLCORE_API dlcore_status dlcore_tensor_slice(dlcore_tensor_t *tensor, size_t begin, size_t end,
                                             dlcore_tensor_t **view, dlcore_error_record_t *error);
/* The same over a const tensor; the view is read-only. */
DLCORE_API dlcore_status dlcore_tensor_slice_const(const dlcore_tensor_t *tensor, size_t begin,
                                                   size_t end, dlcore_tensor_t **view,
                                                   dlcore_error_record_t *error);

/* Another shape over the same elements, in place. The number of elements must stay; a tensor whose
 * rows are strided can only be reshaped below axis 0. */
DLCORE_API dlcore_status dlcore_tensor_reshape(dlcore_tensor_t *tensor, size_t rank,
                                               const size_t *shape, dlcore_error_record_t *error);

/* ---- new tensors from old: contiguous, owning, from the source's allocator ---- */

DLCORE_API dlcore_status dlcore_tensor_copy(const dlcore_tensor_t *source, dlcore_tensor_t **out,
                                            dlcore_error_record_t *error);
/* Each element times `scale`, in `dtype`: scale 1/255.0 turns uint8 pixels into float32 0..1. To
 * an integer dtype: rounded to nearest, ties to even, saturated at its ends; NaN gives 0. */
DLCORE_API dlcore_status dlcore_tensor_cast(const dlcore_tensor_t *source, dlcore_dtype_t dtype,
                                            double scale, dlcore_tensor_t **out,
                                            dlcore_error_record_t *error);
/* Index of the largest element along the last axis, int32, rank one lower: (batch, classes) to
 * (batch). The first of equals; NaN counts as largest. Needs rank >= 1 and a last axis of >= 1. A
 * last axis of 1, the output of one sigmoid unit, gives only 0: dlcore_tensor_cast rounds it to the
 * classes 0 and 1 instead. */
DLCORE_API dlcore_status dlcore_tensor_argmax(const dlcore_tensor_t *source, dlcore_tensor_t **out,
                                              dlcore_error_record_t *error);
/* Integer labels (batch) or (batch, 1), uint8 or int32, to float32 (batch, classes) with a 1 in
 * the label's column: Keras's to_categorical. A label outside 0 .. classes-1 is DLCORE_ERROR_RANGE
 * and names the label, its row and the classes. */
DLCORE_API dlcore_status dlcore_tensor_one_hot(const dlcore_tensor_t *labels, size_t classes,
                                               dlcore_tensor_t **out, dlcore_error_record_t *error);
/* Product of two float32 matrices, (m, k) x (k, n) = (m, n), by BLAS. */
DLCORE_API dlcore_status dlcore_tensor_matmul(const dlcore_tensor_t *a, const dlcore_tensor_t *b,
                                              dlcore_tensor_t **out, dlcore_error_record_t *error);
/* (m, n) to (n, m), any dtype. */
DLCORE_API dlcore_status dlcore_tensor_transpose(const dlcore_tensor_t *source,
                                                 dlcore_tensor_t **out,
                                                 dlcore_error_record_t *error);

/* ---- comparing and showing ---- */

/* Same dtype, same shape, and every |a - b| <= tolerance * (1 + max(|a|, |b|)). NaN equals nothing;
 * equal infinities are equal. A NULL equals nothing. */
DLCORE_API bool dlcore_tensor_equal(const dlcore_tensor_t *a, const dlcore_tensor_t *b,
                                    double tolerance);

/* Writes dtype, shape and elements to `stream` as nested brackets, axes longer than 10 shortened to
 * their first and last three, with "." as the decimal point in any locale, and flushes the stream.
 * DLCORE_ERROR_IO when the stream fails. */
DLCORE_API dlcore_status dlcore_tensor_print(const dlcore_tensor_t *tensor, FILE *stream,
                                             dlcore_error_record_t *error);

#ifdef __cplusplus
}
#endif

#endif
