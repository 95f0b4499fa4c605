/* Sparse rows: samples of which most numbers are zero, such as words of texts or categories.
 *
 *     tensor_t *x = NULL;
 *     error_record_t error;
 *     if (sparse_from_lists(NULL, texts, 10000, words, lengths, &x, &error) != DLCORE_OK)
 *         fprintf(stderr, "%s\n", error.message);
 *     model_fit(network, x, y, &how, NULL);
 *     tensor_free(x);
 *
 * A sparse tensor is a tensor: shape (rows, columns), dtype float32, read-only, freed with
 * dlcore_tensor_free. It is x in every call of dlcore/model.h and dlcore/steps.h, in datasets, and
 * in model_check: fit, validation_x, evaluate, predict, train_on_batch, gradients, adapt. Slices,
 * tensor_copy, tensor_get, tensor_equal, tensor_print, train_test_split and k_fold take it, too,
 * and give sparse parts. Its dlcore_tensor_data_const is NULL. All other calls refuse it with
 * DLCORE_ERROR_UNSUPPORTED; labels, weights of samples and outputs cannot be sparse.
 *
 * Training: if the first layer that computes is dense, it multiplies and differentiates only the
 * entries. The optimizer's rule runs over all weights, so the result is that of the same numbers in
 * a dense tensor: with the native engine to the bit (but for the sign of a zero), with BLAS up to
 * rounding, because BLAS adds in an order of its own. Rescaling without an offset may come first.
 * Any other first layer gets dense rows of one batch at a time: batch_size times columns numbers.
 * An entry that is not there adds nothing, even if its weight is infinite or NaN.
 *
 * Ownership: a sparse tensor owns its arrays, or borrows the caller's. Threads: as for any tensor.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_SPARSE_H
#define DLCORE_SPARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api.h"
#include "status.h"
#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The arrays (compressed sparse rows, CSR): the entries of row r are number starts[r] to number
 * starts[r + 1] - 1. starts[0] need not be 0. Within a row the indices ascend, without repetition.
 */
typedef struct dlcore_sparse {
    size_t rows, columns;   /* columns: 1 .. 2^31 - 1 */
    const size_t *starts;   /* rows + 1 */
    const int32_t *indices; /* of each entry: its column, 0 .. columns - 1 */
    const float *values;    /* of each entry, finite; NULL: all are 1 */
} dlcore_sparse_t;

/* A tensor with a copy of the arrays. `allocator` NULL: malloc.
 *
 * Errors: DLCORE_ERROR_ARGUMENT for starts that decrease, indices that do not ascend or repeat, and
 * more entries in a row than there are columns; DLCORE_ERROR_RANGE for an index outside the
 * columns and for a value that is NaN or infinite. Messages name the row and the numbers. Also
 * DLCORE_ERROR_OVERFLOW, DLCORE_ERROR_MEMORY. On failure *out is NULL. */
DLCORE_API dlcore_status dlcore_sparse_create(const dlcore_allocator_t *allocator,
                                              const dlcore_sparse_t *sparse, dlcore_tensor_t **out,
                                              dlcore_error_record_t *error);
/* The same without a copy. The arrays must outlive the tensor and must not change while it exists:
 * they are checked here only. The struct itself is copied. */
DLCORE_API dlcore_status dlcore_sparse_borrow(const dlcore_allocator_t *allocator,
                                              const dlcore_sparse_t *sparse, dlcore_tensor_t **out,
                                              dlcore_error_record_t *error);

/* Multi-hot rows: row r has a 1 in each column that lists[r] names, lengths[r] numbers in any
 * order. Repeated numbers count once. lists[r] may be NULL where lengths[r] is 0.
 * DLCORE_ERROR_RANGE for a number outside 0 .. columns - 1. Memory: 4 bytes for each entry, 8 for
 * each row; while it is made, also twice the longest list. */
DLCORE_API dlcore_status dlcore_sparse_from_lists(const dlcore_allocator_t *allocator, size_t rows,
                                                  size_t columns, const int32_t *const *lists,
                                                  const size_t *lengths, dlcore_tensor_t **out,
                                                  dlcore_error_record_t *error);
/* The numbers of a dense tensor of rank 2, any dtype, that are not zero; with the allocator of
 * `dense`. Where all of them are 1 there are no values. A sparse tensor is copied.
 * DLCORE_ERROR_RANGE for NaN and infinity, DLCORE_ERROR_SHAPE for another rank. */
DLCORE_API dlcore_status dlcore_sparse_from_dense(const dlcore_tensor_t *dense,
                                                  dlcore_tensor_t **out,
                                                  dlcore_error_record_t *error);
/* The same numbers as a dense float32 tensor. DLCORE_ERROR_ARGUMENT if `sparse` is dense. */
DLCORE_API dlcore_status dlcore_sparse_to_dense(const dlcore_tensor_t *sparse,
                                                dlcore_tensor_t **out,
                                                dlcore_error_record_t *error);

/* The arrays of a sparse tensor, borrowed; NULL for a dense one and for NULL. Of a slice, starts[0]
 * is not 0. */
DLCORE_API const dlcore_sparse_t *dlcore_sparse_of(const dlcore_tensor_t *tensor);

/* ---- svmlight files, also called libsvm: "label index:value index:value # comment" ---- */

typedef enum dlcore_svmlight_base {
    DLCORE_SVMLIGHT_BASE_AUTO = 0, /* 0 if the file has an index 0, else 1 */
    DLCORE_SVMLIGHT_BASE_0,        /* the first column is called 0 */
    DLCORE_SVMLIGHT_BASE_1         /* it is called 1 */
} dlcore_svmlight_base_t;

typedef struct dlcore_svmlight_options {
    size_t structure_size; /* set by ..._default() */
    dlcore_svmlight_base_t base;
    /* Columns of x; 0: the largest index of the file. Set it where a file may lack the last ones,
     * as a file for testing may. */
    size_t columns;
} dlcore_svmlight_options_t;
DLCORE_API dlcore_svmlight_options_t dlcore_svmlight_options_default(void);

/* Reads a text file: a sample on each line, which is a number, the label, and pairs of an index and
 * a value, separated by blanks. Indices ascend without repetition. "qid:7" behind the label is
 * skipped, and so is what follows "#". Empty lines are skipped. Numbers have a point in any locale.
 * Values of 0 are left out; if all others are 1, x has no values.
 *
 * x: sparse (rows, columns). y: float32 (rows), the labels; tensor_cast makes integers of them.
 * `options` NULL: the defaults. Errors: DLCORE_ERROR_IO when it cannot be read;
 * DLCORE_ERROR_FORMAT, with line and text, for what is not such a file, for indices that do not
 * ascend, and for a file without samples; DLCORE_ERROR_RANGE for an index that the columns do not
 * have and for numbers beyond float32; DLCORE_ERROR_UNSUPPORTED for several labels on a line;
 * DLCORE_ERROR_ARGUMENT, DLCORE_ERROR_MEMORY. On failure *x and *y are NULL. Files are treated as
 * hostile: memory is at most 12 times the file. */
DLCORE_API dlcore_status dlcore_svmlight_load(const char *path,
                                              const dlcore_svmlight_options_t *options,
                                              const dlcore_allocator_t *allocator,
                                              dlcore_tensor_t **x, dlcore_tensor_t **y,
                                              dlcore_error_record_t *error);
/* The same from memory. */
DLCORE_API dlcore_status dlcore_svmlight_parse(const void *bytes, size_t size,
                                               const dlcore_svmlight_options_t *options,
                                               const dlcore_allocator_t *allocator,
                                               dlcore_tensor_t **x, dlcore_tensor_t **y,
                                               dlcore_error_record_t *error);

#ifdef __cplusplus
}
#endif

#endif
