/* Vector kernels: every loop over elements that predicting needs, in one table per CPU target;
 * those that only training needs are in kernels_training.h.
 *
 * kernels_<target>.c compiles the same template for each target, at the compiler's highest level;
 * kernels_rare_<target>.c what is long and seldom run, for size. dlcore_kernels() answers the best
 * table that this CPU runs. All are reentrant and allocate nothing. Where a kernel takes a block,
 * rows are `stride` floats apart; n may be any number. Padding is not touched. Each element's
 * result depends on that element (or row) alone, never on where a caller cuts its loop, so that any
 * split over threads gives the same bits.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_KERNELS_KERNELS_H
#define DLCORE_KERNELS_KERNELS_H

#include "system/compiler.h"

#include <stddef.h>
#include <stdint.h>

#include "dlcore/activation.h"

DLCORE_HIDDEN_BEGIN

#define DLCORE_ACTIVATION_COUNT (DLCORE_ACTIVATION_RELU_GENERAL + 1)

typedef enum dlcore_target {
    DLCORE_TARGET_PORTABLE,
    DLCORE_TARGET_NEON,
    DLCORE_TARGET_AVX2,
    DLCORE_TARGET_AVX512
} dlcore_target_t;

/* relu with all of Keras's settings; max_value Inf: none. */
typedef struct dlcore_relu {
    float negative_slope, max_value, threshold;
} dlcore_relu_t;

/* How a row is normalized. The mean is mean + rest: where it is large, a float lacks digits that
 * matter for what is left of x. */
typedef struct dlcore_row_scale {
    float mean, rest, inverse;
} dlcore_row_scale_t;

/* Entries of a sparse row: numbers that are not zero, values[i] * scale at indices[i]; values NULL:
 * all are `scale`. */
typedef struct dlcore_entries {
    const int32_t *indices;
    const float *values;
    size_t count;
    float scale;
} dlcore_entries_t;

/* In place. */
typedef struct dlcore_activation_kernels {
    /* y = activation(y), where `parameter` is its negative_slope or alpha, if it has one; NULL for
     * linear, relu, sigmoid, tanh, relu_general, and those of rows */
    void (*apply[DLCORE_ACTIVATION_COUNT])(float *y, size_t n, float parameter);
    void (*relu_general)(float *y, size_t n, const dlcore_relu_t *relu);
} dlcore_activation_kernels_t;

typedef struct dlcore_kernels {
    const char *name; /* "avx512", "avx2", "neon", "portable" */
    dlcore_target_t target;

    /* y = x * scale + offset, each operation rounded; y = x exactly for scale 1, offset 0 */
    void (*affine)(const float *x, float *y, size_t n, float scale, float offset);
    /* the same for one row of a batch, n numbers from x into panels of y (see matrix.h) */
    void (*gather_float)(const float *x, float *y, size_t n, size_t panel, size_t panel_stride,
                         float scale, float offset);
    void (*gather_uint8)(const uint8_t *x, float *y, size_t n, size_t panel, size_t panel_stride,
                         float scale, float offset);
    void (*gather_int32)(const int32_t *x, float *y, size_t n, size_t panel, size_t panel_stride,
                         float scale, float offset);

    /* in place; NaN stays NaN */
    void (*relu)(float *y, size_t n);
    void (*sigmoid)(float *y, size_t n);
    void (*tanh)(float *y, size_t n);
    const dlcore_activation_kernels_t *activations; /* the others */

    /* softmax of one row of n, in place, and in *log_sum (may be NULL) log sum_c exp(x_c); a row
     * with a NaN, or with +Inf, becomes all NaN */
    void (*softmax)(float *y, size_t n, float *log_sum);
    /* its parts, for a row that lies in several panels: the largest of n; y = exp(x - shift), in
     * place, answering the sum; y *= factor */
    float (*maximum)(const float *x, size_t n);
    float (*exp_sum)(float *y, size_t n, float shift);
    void (*scale)(float *y, size_t n, float factor);
    /* y = (y - shift) * factor */
    void (*shift_scale)(float *y, size_t n, float shift, float factor);
    /* a part of log_softmax: the sum of exp(x) */
    float (*exp_total)(const float *x, size_t n);
    /* y *= x */
    void (*multiply)(float *y, const float *x, size_t n);
    float (*sum)(const float *x, size_t n);
    float (*dot)(const float *x, const float *y, size_t n);

    /* Over entries in order, by fused multiply-add where there is one: y = start + the sum of each
     * value times row `index` of w, n numbers; start NULL: 0. Rows are `stride` floats apart. */
    void (*entries_sum)(const dlcore_entries_t *entries, const float *w, size_t stride,
                        const float *start, float *y, size_t n);

    /* y = (x - mean[c]) * scale[c] + offset[c]: a mean far from 0 takes no digits from what is
     * left of x */
    void (*column_affine)(const float *x, float *y, size_t rows, size_t columns, size_t stride,
                          const float *mean, const float *scale, const float *offset);

    /* n elements of one row; gamma and beta may be NULL: 1 and 0. Sums of x - mean, of squares */
    void (*row_moments)(const float *x, size_t n, float mean, float moments[2]);
    /* y = normal gamma + beta, where normal = (x - mean - rest) inverse */
    void (*row_normalize)(const float *x, float *y, size_t n, const dlcore_row_scale_t *scale,
                          const float *gamma, const float *beta);

    /* y = x, or x alpha below 0 */
    void (*prelu)(const float *x, float *y, size_t n, const float *alpha);
} dlcore_kernels_t;

/* The best table for this CPU; the same on every call and thread. */
const dlcore_kernels_t *dlcore_kernels(void);

/* Each target's own table; the CPU must have what its name says. NULL where the build lacks it. */
const dlcore_kernels_t *dlcore_kernels_portable(void);
const dlcore_kernels_t *dlcore_kernels_avx2(void);
const dlcore_kernels_t *dlcore_kernels_avx512(void);
const dlcore_kernels_t *dlcore_kernels_neon(void);

DLCORE_HIDDEN_END

#endif
