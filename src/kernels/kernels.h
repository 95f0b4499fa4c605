/* Vector kernels: every loop over elements, in one table per CPU target.
 *
 * kernels_portable.c, kernels_avx2.c, kernels_avx512.c and kernels_neon.c compile the same template
 * for their target; dlcore_kernels() answers the best one that this CPU runs. All are reentrant and
 * allocate nothing. Where a kernel takes a block, rows are `stride` floats apart; n may be any
 * number. Padding is not touched. Each element's result depends on that element (or row) alone,
 * never on where a caller cuts its loop, so that any split over threads gives the same bits.
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

/* One activation of single elements; `parameter` is its negative_slope or alpha, if it has one. */
typedef struct dlcore_activation_kernel {
    /* y = activation(y) */
    void (*apply)(float *y, size_t n, float parameter);
    /* dy *= derivative, from the activation's output, or from its input z where
     * dlcore_activate_needs_input (activate.h) */
    void (*gradient)(const float *from, float *dy, size_t n, float parameter);
} dlcore_activation_kernel_t;

/* relu with all of Keras's settings; max_value Inf: none. */
typedef struct dlcore_relu {
    float negative_slope, max_value, threshold;
} dlcore_relu_t;

/* What one optimizer step needs besides its arrays, already rounded to float as Keras rounds. */
typedef struct dlcore_sgd_step {
    float learning_rate;
    float momentum;
    int nesterov;
} dlcore_sgd_step_t;

typedef struct dlcore_rmsprop_step {
    float learning_rate;
    float rho;
    float one_minus_rho;
    float momentum;
    float epsilon;
} dlcore_rmsprop_step_t;

/* dx = by_gradient dy + by_input (x - mean) + offset, each an array over columns. */
typedef struct dlcore_column_terms {
    const float *mean, *by_gradient, *by_input, *offset;
} dlcore_column_terms_t;

/* Of what alpha dropout keeps: scale x + offset; else dropped. */
typedef struct dlcore_alpha_dropout {
    float scale, offset, dropped;
} dlcore_alpha_dropout_t;

/* How a row is normalized. The mean is mean + rest: where it is large, a float lacks digits that
 * matter for what is left of x. */
typedef struct dlcore_row_scale {
    float mean, rest, inverse;
} dlcore_row_scale_t;

/* Rows of one panel, `stride` floats apart, and the numbers of their elements: first + row * step +
 * column. */
typedef struct dlcore_elements {
    size_t rows, columns, stride, step;
    uint32_t first;
} dlcore_elements_t;

typedef struct dlcore_adam_step {
    float alpha; /* the learning rate with both corrections for the beginning */
    float one_minus_beta_1;
    float one_minus_beta_2;
    float epsilon;
} dlcore_adam_step_t;

typedef struct dlcore_adagrad_step {
    float learning_rate;
    float epsilon;
} dlcore_adagrad_step_t;

typedef struct dlcore_adamax_step {
    float learning_rate;
    float one_minus_beta_1;
    float beta_2;
    float correction; /* 1 - beta_1^t */
    float epsilon;
} dlcore_adamax_step_t;

typedef struct dlcore_nadam_step {
    float learning_rate;
    float one_minus_beta_1;
    float one_minus_beta_2;
    float of_momentum, of_gradient; /* what both contribute to the corrected momentum */
    float correction;               /* 1 / (1 - beta_2^t) */
    float epsilon;
} dlcore_nadam_step_t;

typedef struct dlcore_lion_step {
    float learning_rate;
    float beta_1, one_minus_beta_1;
    float beta_2, one_minus_beta_2;
} dlcore_lion_step_t;

typedef struct dlcore_ftrl_step {
    float learning_rate; /* not 0 */
    float power;         /* of the accumulator; 0 or more */
    float l1, two_l2, two_shrinkage;
} dlcore_ftrl_step_t;

typedef struct dlcore_adafactor_step {
    float rate; /* the least of the learning rate and 1 / sqrt(t) */
    float beta_2, one_minus_beta_2;
    float epsilon_1, epsilon_2;
    float clip_threshold;
} dlcore_adafactor_step_t;

/* Losses that are a function of one prediction p and one label t; dlcore/loss.h has the formulas.
 */
typedef enum dlcore_element_loss {
    DLCORE_ELEMENT_ABSOLUTE_ERROR,
    DLCORE_ELEMENT_ABSOLUTE_PERCENTAGE_ERROR,
    DLCORE_ELEMENT_SQUARED_LOGARITHMIC_ERROR,
    DLCORE_ELEMENT_HUBER,
    DLCORE_ELEMENT_LOG_COSH,
    DLCORE_ELEMENT_KL_DIVERGENCE,
    DLCORE_ELEMENT_POISSON,
    DLCORE_ELEMENT_HINGE,
    DLCORE_ELEMENT_SQUARED_HINGE,
    DLCORE_ELEMENT_LOSSES /* their number */
} dlcore_element_loss_t;

/* The settings of a focal loss. */
typedef struct dlcore_focal {
    float gamma;
    int whole;   /* gamma where it is a whole number that is multiplied out, else -1 */
    float alpha; /* of all classes; or, where it balances, of the label 1 */
    int balances;
} dlcore_focal_t;

/* As a loss of one row: see below. delta is for huber. */
typedef float (*dlcore_element_loss_function_t)(const float *p, const float *t, float *dy, size_t n,
                                                float weight, float delta);

typedef struct dlcore_kernels {
    const char *name; /* "avx512", "avx2", "neon", "portable" */

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
    /* dy *= derivative, from the activation's output y */
    void (*relu_gradient)(const float *y, float *dy, size_t n);
    void (*sigmoid_gradient)(const float *y, float *dy, size_t n);
    void (*tanh_gradient)(const float *y, float *dy, size_t n);

    /* the other activations of single elements; empty for those above, linear, relu_general, and
     * those of rows */
    dlcore_activation_kernel_t activations[DLCORE_ACTIVATION_COUNT];
    void (*relu_general)(float *y, size_t n, const dlcore_relu_t *relu);
    /* dy *= derivative, from the input x */
    void (*relu_general_gradient)(const float *x, float *dy, size_t n, const dlcore_relu_t *relu);

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
    /* y *= x */
    void (*multiply)(float *y, const float *x, size_t n);
    float (*sum)(const float *x, size_t n);
    float (*dot)(const float *x, const float *y, size_t n);
    /* parts of log_softmax: sum of exp(x); dy -= exp(y) * total */
    float (*exp_total)(const float *x, size_t n);
    void (*subtract_exp)(const float *y, float *dy, size_t n, float total);

    /* One row of n outputs of a loss: answers its sum, before any mean over n. With dy not NULL, dy
     * = the derivative of that sum by x, times `weight`.
     * binary_crossentropy_logits: sum max(x, 0) - x t + log(1 + exp(-|x|)) */
    float (*binary_crossentropy_logits)(const float *x, const float *t, float *dy, size_t n,
                                        float weight);
    /* p clipped to [1e-7, 1 - 1e-7], no gradient where it was */
    float (*binary_crossentropy)(const float *p, const float *t, float *dy, size_t n, float weight);
    /* -sum t log(q), q = p / total clipped likewise. With dy not NULL, dy = the derivative by q,
     * and *inner = sum dy q, from which the caller gets the one by p: (dy - inner) / total */
    float (*categorical_crossentropy)(const float *p, const float *t, float *dy, size_t n,
                                      float total, float *inner);
    /* the sum of p clipped likewise; inside (may be NULL) = 1 where p was not clipped, else 0 */
    float (*clipped_sum)(const float *p, float *inside, size_t n);
    float (*squared_error)(const float *p, const float *t, float *dy, size_t n, float weight);
    dlcore_element_loss_function_t element_loss[DLCORE_ELEMENT_LOSSES];
    /* Categorical hinge, where q = (1 - t) p: answers sum t p, and in *largest the largest q. */
    float (*hinge_parts)(const float *p, const float *t, size_t n, float *largest);
    /* How many q are `largest`; dy = -t weight, and share (1 - t) more where q is. */
    size_t (*hinge_ties)(const float *p, const float *t, size_t n, float largest);
    void (*hinge_gradient)(const float *p, const float *t, float *dy, size_t n, float largest,
                           float weight, float share);

    /* As the binary crossentropies, times q^gamma and what balances. */
    float (*binary_focal)(const float *p, const float *t, float *dy, size_t n, float weight,
                          const dlcore_focal_t *focal);
    float (*binary_focal_logits)(const float *x, const float *t, float *dy, size_t n, float weight,
                                 const dlcore_focal_t *focal);
    /* As categorical_crossentropy, each term times alpha (1 - q)^gamma. */
    float (*categorical_focal)(const float *p, const float *t, float *dy, size_t n, float total,
                               const dlcore_focal_t *focal, float *inner);
    /* From logits x and their softmax q, where log q = x - shift - log_sum: the loss, and in *inner
     * the sum of h, its slope by log q; then, for dy that holds q, dy = (h - q inner) weight. */
    float (*focal_of_logits)(const float *q, const float *x, const float *t, size_t n, float shift,
                             float log_sum, const dlcore_focal_t *focal, float *inner);
    void (*focal_gradient)(float *dy, const float *x, const float *t, size_t n, float shift,
                           float log_sum, const dlcore_focal_t *focal, float inner, float weight);
    /* sums += p t, p^2, t^2, in double */
    void (*pair_sums)(const float *p, const float *t, size_t n, double sums[3]);
    /* dst = a of_a + b of_b */
    void (*combine)(float *dst, const float *a, const float *b, size_t n, float of_a, float of_b);

    /* dst = (a - b) * weight: the gradient of softmax with cross-entropy for labels b */
    void (*difference)(float *dst, const float *a, const float *b, size_t n, float weight);

    /* sums[c] = sum over rows of x[r][c], in the order of rows */
    void (*column_sums)(const float *x, size_t rows, size_t columns, size_t stride, float *sums);

    /* y = x * scale where a hash of the element's number under `key` is at least threshold, else
     * 0; y may be x */
    void (*dropout)(const float *x, float *y, const dlcore_elements_t *elements, uint64_t key,
                    uint32_t threshold, float scale);
    /* y = x + normal numbers that follow from key and the element's number alike */
    void (*gaussian_dropout)(const float *x, float *y, const dlcore_elements_t *elements,
                             uint64_t key, float stddev);
    void (*alpha_dropout)(const float *x, float *y, const dlcore_elements_t *elements, uint64_t key,
                          uint32_t threshold, const dlcore_alpha_dropout_t *terms);
    void (*noise)(const float *x, float *y, const dlcore_elements_t *elements, uint64_t key,
                  float stddev);

    /* sums[c] = sum over rows of x - mean[c], squares[c] that of their squares */
    void (*column_moments)(const float *x, size_t rows, size_t columns, size_t stride,
                           const float *mean, float *sums, float *squares);
    /* y = (x - mean[c]) * scale[c] + offset[c]: a mean far from 0 takes no digits from what is
     * left of x */
    void (*column_affine)(const float *x, float *y, size_t rows, size_t columns, size_t stride,
                          const float *mean, const float *scale, const float *offset);
    /* sums[c] = sum over rows of dy, dots[c] = that of dy (x - mean[c]) */
    void (*column_dots)(const float *x, const float *dy, size_t rows, size_t columns, size_t stride,
                        const float *mean, float *sums, float *dots);
    void (*column_combine)(const float *x, const float *dy, float *dx, size_t rows, size_t columns,
                           size_t stride, const dlcore_column_terms_t *terms);

    /* n elements of one row; gamma and beta may be NULL: 1 and 0. Sums of x - mean, of squares */
    void (*row_moments)(const float *x, size_t n, float mean, float moments[2]);
    /* y = normal gamma + beta, where normal = (x - mean - rest) inverse */
    void (*row_normalize)(const float *x, float *y, size_t n, const dlcore_row_scale_t *scale,
                          const float *gamma, const float *beta);
    /* adds to dots the sums of g = dy gamma and of g normal */
    void (*row_dots)(const float *x, const float *dy, size_t n, const dlcore_row_scale_t *scale,
                     const float *gamma, float dots[2]);
    /* dx = inverse (g - means[0] - normal means[1]) */
    void (*row_combine)(const float *x, const float *dy, float *dx, size_t n,
                        const dlcore_row_scale_t *scale, const float *gamma, const float means[2]);
    /* sums[c] = sum over rows of dy, dots[c] = that of dy normal, by scales[row] */
    void (*column_row_dots)(const float *x, const float *dy, size_t rows, size_t columns,
                            size_t stride, const dlcore_row_scale_t *scales, float *sums,
                            float *dots);

    /* y = x, or x alpha below 0; dx = dy times its slope; sums[c] = sum over rows of dy min(x, 0)
     */
    void (*prelu)(const float *x, float *y, size_t n, const float *alpha);
    void (*prelu_gradient)(const float *x, const float *dy, float *dx, size_t n,
                           const float *alpha);
    void (*prelu_columns)(const float *x, const float *dy, size_t rows, size_t columns,
                          size_t stride, float *sums);

    /* optimizer.h has the formulas */
    void (*sgd)(size_t n, float *w, const float *g, const dlcore_sgd_step_t *step);
    void (*sgd_momentum)(size_t n, float *w, const float *g, float *velocity,
                         const dlcore_sgd_step_t *step);
    void (*rmsprop)(size_t n, float *w, const float *g, float *velocity,
                    const dlcore_rmsprop_step_t *step);
    /* average_gradient and momentum may be NULL: not centered, no momentum */
    void (*rmsprop_full)(size_t n, float *w, const float *g, float *velocity,
                         float *average_gradient, float *momentum,
                         const dlcore_rmsprop_step_t *step);
    void (*adam)(size_t n, float *w, const float *g, float *momentum, float *velocity,
                 const dlcore_adam_step_t *step);
    void (*adam_amsgrad)(size_t n, float *w, const float *g, float *momentum, float *velocity,
                         float *velocity_hat, const dlcore_adam_step_t *step);
    void (*adagrad)(size_t n, float *w, const float *g, float *accumulator,
                    const dlcore_adagrad_step_t *step);
    /* momentum of `step` is not read */
    void (*adadelta)(size_t n, float *w, const float *g, float *accumulated_grad,
                     float *accumulated_delta, const dlcore_rmsprop_step_t *step);
    void (*adamax)(size_t n, float *w, const float *g, float *momentum, float *norm,
                   const dlcore_adamax_step_t *step);
    void (*nadam)(size_t n, float *w, const float *g, float *momentum, float *velocity,
                  const dlcore_nadam_step_t *step);

    void (*lion)(size_t n, float *w, const float *g, float *momentum,
                 const dlcore_lion_step_t *step);
    void (*ftrl)(size_t n, float *w, const float *g, float *accumulator, float *linear,
                 const dlcore_ftrl_step_t *step);
    /* Parts of adafactor, where u = g / sqrt(v): the running mean v of g^2 + epsilon_1, or
     * v = of_row of_columns; both answer the sum of u^2. Then w -= rate u. */
    float (*adafactor_vector)(size_t n, float *velocity, const float *g,
                              const dlcore_adafactor_step_t *step);
    float (*adafactor_matrix)(size_t n, float *velocity, const float *g, const float *of_columns,
                              float of_row);
    void (*adafactor_move)(size_t n, float *w, const float *g, const float *velocity, float rate);

    /* to = g + l1 sign(w) + two_l2 w, sign(0) = 0; to may be g */
    void (*add_penalty)(size_t n, float *to, const float *g, const float *w, float l1,
                        float two_l2);
    /* to = g cut to -limit .. limit; NaN stays NaN; to may be g */
    void (*clip)(size_t n, float *to, const float *g, float limit);
    /* w -= w weight_decay learning_rate */
    void (*decay)(size_t n, float *w, float weight_decay, float learning_rate);
    /* mean = momentum mean + one_minus_momentum w */
    void (*average)(size_t n, float *mean, const float *w, float momentum,
                    float one_minus_momentum);
    /* to += x */
    void (*accumulate)(size_t n, float *to, const float *x);
    float (*absolute_sum)(const float *x, size_t n);
    /* sums[c] = sum over rows of x[r][c]^2, in the order of rows; x[r][c] *= factors[c] */
    void (*column_squares)(const float *x, size_t rows, size_t columns, size_t stride, float *sums);
    void (*column_scale)(float *x, size_t rows, size_t columns, size_t stride,
                         const float *factors);
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
