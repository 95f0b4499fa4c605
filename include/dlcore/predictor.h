/* A predictor: a model's forward pass without allocation, lock, thread or BLAS, for audio
 * callbacks, request handlers and inner loops.
 *
 *     predictor_t *predictor = NULL;
 *     predictor_options_t how = predictor_options_default();
 *     how.batch_size = 16;
 *     if (predictor_create(network, &how, &predictor) != DLCORE_OK) ...
 *     predictor_run(predictor, x, 1, y);            (x: 1 row of inputs, y: 1 row of outputs)
 *     predictor_free(predictor);
 *
 * All memory is allocated by create. run never allocates, locks, creates a thread or calls BLAS. It
 * writes only its own buffers and y.
 *
 * Threads: one thread at a time per predictor. A model may have any number of predictors at once.
 *
 * Lifetime: a predictor borrows its model. The model must live longer, and must not be trained or
 * given weights while the predictor runs. After the weights have changed, run returns
 * DLCORE_ERROR_STATE, never a wrong answer: call dlcore_predictor_refresh. It uses the weights in
 * the model's memory; it has a copy only if all widths of the network are at most 64, or if the
 * model runs on BLAS.
 *
 * Numbers: those of dlcore_model_predict up to rounding. Rounding may also differ between batch
 * sizes, because sums run in another order. Inputs that are zero are skipped where that is faster.
 * The result is the same; if a weight is infinite or NaN, nothing is skipped.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_PREDICTOR_H
#define DLCORE_PREDICTOR_H

#include <stddef.h>
#include <stdint.h>

#include "api.h"
#include "model.h"
#include "sparse.h"
#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct dlcore_predictor dlcore_predictor_t;

typedef struct dlcore_predictor_options {
    size_t structure_size;        /* set by ..._default() */
    size_t batch_size;            /* most rows of one run; 1. Buffers grow with it. */
    dlcore_error_record_t *error; /* where create writes its message; NULL: nowhere */
} dlcore_predictor_options_t;
DLCORE_API dlcore_predictor_options_t dlcore_predictor_options_default(void);

/* For a built model. `options` NULL: the defaults. Memory comes from the model's allocator. On
 * failure *predictor is NULL. */
DLCORE_API dlcore_status dlcore_predictor_create(const dlcore_model_t *model,
                                                 const dlcore_predictor_options_t *options,
                                                 dlcore_predictor_t **predictor);
/* Takes the model's weights of the moment, without allocation, lock, thread or BLAS: run then works
 * again after the weights have changed. While it runs, nothing may write to the model, and the
 * predictor is used by no other thread. */
DLCORE_API dlcore_status dlcore_predictor_refresh(dlcore_predictor_t *predictor);
/* NULL is fine. */
DLCORE_API void dlcore_predictor_free(dlcore_predictor_t *predictor);

/* Outputs y (rows, outputs) for x (rows, inputs), both contiguous, row-major and aligned as
 * their types are; rows 0 does nothing. x and y must not overlap. DLCORE_ERROR_ARGUMENT for NULL,
 * DLCORE_ERROR_SHAPE for more rows than batch_size, DLCORE_ERROR_STATE when the model's weights
 * have changed since the predictor was made. */
DLCORE_API dlcore_status dlcore_predictor_run(dlcore_predictor_t *predictor, const float *x,
                                              size_t rows, float *y);
/* The same for bytes, such as pixels, used as they are. */
DLCORE_API dlcore_status dlcore_predictor_run_uint8(dlcore_predictor_t *predictor, const uint8_t *x,
                                                    size_t rows, float *y);

/* The same for sparse rows, the model's input_width columns; outputs (x->rows, outputs). If the
 * first layer is dense, only the entries are multiplied. The arrays are checked in each run; errors
 * as in dlcore_sparse_create, also DLCORE_ERROR_SHAPE for another number of columns. The arrays of
 * a sparse tensor: dlcore_sparse_of. */
DLCORE_API dlcore_status dlcore_predictor_run_sparse(dlcore_predictor_t *predictor,
                                                     const dlcore_sparse_t *x, float *y);

/* The message of the last run that failed ("predictor: 3 rows are more than its batch_size, 1"), ""
 * before the first. Borrowed until the next run. NULL gives a text, too. */
DLCORE_API const char *dlcore_predictor_error(const dlcore_predictor_t *predictor);

/* Numbers per sample in and out, and the most rows of a run; 0 for NULL. */
DLCORE_API size_t dlcore_predictor_input_width(const dlcore_predictor_t *predictor);
DLCORE_API size_t dlcore_predictor_output_width(const dlcore_predictor_t *predictor);
DLCORE_API size_t dlcore_predictor_batch_size(const dlcore_predictor_t *predictor);

#ifdef __cplusplus
}
#endif

#endif
