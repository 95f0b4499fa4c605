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
 * the model's memory; it has a copy only if all widths of the network are at most 64, if the model
 * runs on BLAS, or with a precision.
 *
 * Numbers: those of dlcore_model_predict up to rounding. Rounding may also differ between batch
 * sizes, because sums run in another order. Inputs that are zero are skipped where that is faster,
 * which depends on all rows of the batch: up to rounding the result is the same; if a weight is
 * infinite or NaN, nothing is skipped.
 *
 * Precision: dense layers may multiply in bfloat16 or int8 instead of float32. Any model will do;
 * there is nothing to prepare.
 *
 *     how.precision = predictor_int8();
 *
 * int8: weights are rounded to whole numbers -127 .. 127 with a scale for each unit; what comes
 * into a layer to 0 .. 255 with a scale and a smallest number for each row, found as the row is
 * run. In rows with numbers on both sides of zero, zero stays zero. Sums are exact. It is some
 * three times as fast as float32 on CPUs with VNNI (AVX-512 or AVX), and takes a quarter of the
 * memory traffic on all. bfloat16: weights and what comes into a layer are rounded to it (nearest,
 * ties to even; below 1.2e-38 is zero), sums are float32. It is about twice as fast on AMD's CPUs
 * since Zen 4. Other CPUs get the same numbers, single rows somewhat faster than in float32, many
 * rows slower. Biases, activations, softmax, normalization and everything else are computed in
 * float32. predictor_report tells how much the answers differ on rows of yours.
 *
 *   - A dense layer's outputs do not depend on the number of rows in a run, nor on the kind of CPU.
 *     Activations other than relu, and normalizations, may differ in the last bit between kinds of
 *     CPU, as they do in float32; what a later layer rounds may then differ by one step.
 *   - int8: a row with an infinite number or NaN gives NaN in all outputs of the layer; a unit with
 *     such a weight gives NaN in its output. Where twice a number times a weight leaves float32,
 *     the result is infinite or NaN. bfloat16: infinities and NaN are as in float32. In both, other
 *     rows are not touched.
 *   - The rounded weights are the predictor's own; the model keeps its own.
 *   - If all widths are at most 64, float32 is faster.
 *   - int8: a layer may have at most 66,311 inputs; create refuses more.
 *   - Sparse rows give what the same dense rows give.
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
#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct dlcore_predictor dlcore_predictor_t;
/* What dense layers multiply in. */
typedef struct dlcore_predictor_precision dlcore_predictor_precision_t;

typedef struct dlcore_predictor_options {
    size_t structure_size; /* set by ..._default() */
    size_t batch_size;     /* most rows of one run; 1. Buffers grow with it. */
    const dlcore_predictor_precision_t *precision; /* NULL: float32 */
    dlcore_error_record_t *error; /* where create writes its message; NULL: nowhere */
} dlcore_predictor_options_t;
DLCORE_API dlcore_predictor_options_t dlcore_predictor_options_default(void);

/* Precisions, never NULL; a program that calls none of these links none of it. */
DLCORE_API const dlcore_predictor_precision_t *dlcore_predictor_bfloat16(void);
DLCORE_API const dlcore_predictor_precision_t *dlcore_predictor_int8(void);

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

typedef struct dlcore_predictor_report_fields {
    const char *precision;  /* "float32", "bfloat16", "int8" */
    size_t bytes;           /* of memory that the predictor has, beside the model's */
    size_t weight_bytes;    /* of dense layers' weights that a run reads: its own, or the model's */
    size_t rows;            /* that were compared with float32 */
    double difference;      /* the largest of an output from float32's */
    size_t same_class_rows; /* rows with the same largest output; of one output, on the same side of
                               0.5 */
} dlcore_predictor_report_t;
/* Fills in *report, on success only. `x`: rows of any dtype to compare on, as predict takes them;
 * NULL: none. Makes two predictors for the length of the call; reads the model and the predictor
 * only. `error` may be NULL. DLCORE_ERROR_STATE when the model's weights have changed since the
 * predictor was made. */
DLCORE_API dlcore_status dlcore_predictor_report(const dlcore_predictor_t *predictor,
                                                 const dlcore_tensor_t *x,
                                                 dlcore_predictor_report_t *report,
                                                 dlcore_error_record_t *error);

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
