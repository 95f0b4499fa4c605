/* Vector kernels that only training and evaluating need: gradients, losses, optimizers, and what is
 * random in training. Apart from those of kernels.h, so that a program that only predicts does not
 * link them.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_KERNELS_KERNELS_TRAINING_H
#define DLCORE_KERNELS_KERNELS_TRAINING_H

#include "system/compiler.h"

#include <stddef.h>
#include <stdint.h>

#include "kernels/kernels.h"

DLCORE_HIDDEN_BEGIN

/* Numbers of a row that some kernels keep in registers. */
#define DLCORE_NARROW_ROW 16

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
    DLCORE_ELEMENT_QUANTILE,
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

/* As a loss of one row: see below. `setting` is delta of huber, or the quantile. */
typedef float (*dlcore_element_loss_function_t)(const float *p, const float *t, float *dy, size_t n,
                                                float weight, float setting);

/* What is long, and seldom run. */
typedef struct dlcore_rare_kernels {
    /* dy *= derivative, from the activation's output, or from its input where
     * dlcore_activate_needs_input (activate.h); NULL where it has no `apply` */
    void (*activation_gradient[DLCORE_ACTIVATION_COUNT])(const float *from, float *dy, size_t n,
                                                         float parameter);
    /* likewise, from the input x */
    void (*relu_general_gradient)(const float *x, float *dy, size_t n, const dlcore_relu_t *relu);

    dlcore_element_loss_function_t element_loss[DLCORE_ELEMENT_LOSSES];
    /* Categorical hinge, where q = (1 - t) p: the largest q. */
    float (*hinge_largest)(const float *p, const float *t, size_t n);
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

    /* y = x times normal numbers that follow from key and the element's number, as in dropout */
    void (*gaussian_dropout)(const float *x, float *y, const dlcore_elements_t *elements,
                             uint64_t key, float stddev);
    void (*alpha_dropout)(const float *x, float *y, const dlcore_elements_t *elements, uint64_t key,
                          uint32_t threshold, const dlcore_alpha_dropout_t *terms);
    /* y = x + normal numbers */
    void (*noise)(const float *x, float *y, const dlcore_elements_t *elements, uint64_t key,
                  float stddev);

    /* optimizer.h has the formulas */
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
} dlcore_rare_kernels_t;

typedef struct dlcore_training_kernels {
    const dlcore_kernels_t *plain; /* those of kernels.h */
    const dlcore_rare_kernels_t *rare;

    /* dy *= derivative, from the activation's output y */
    void (*relu_gradient)(const float *y, float *dy, size_t n);
    void (*sigmoid_gradient)(const float *y, float *dy, size_t n);
    void (*tanh_gradient)(const float *y, float *dy, size_t n);
    /* dy -= exp(y) * total: a part of log_softmax */
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

    /* Of at most DLCORE_NARROW_ROW logits x: they become their softmax p, dy (may be NULL) = (p -
     * t) weight; answers -sum t log p, with logits that the largest was taken from */
    float (*softmax_crossentropy)(float *x, const float *t, float *dy, size_t n, float weight);

    /* dst = (a - b) * weight: the gradient of softmax with cross-entropy for labels b */
    void (*difference)(float *dst, const float *a, const float *b, size_t n, float weight);

    /* g += value times d, n numbers, in the row of each entry's index, for the entries from the
     * first on whose index is below `end`; answers how many. Rows are `stride` floats apart, and g
     * begins `before` floats behind the row of index 0. */
    size_t (*entries_add)(const dlcore_entries_t *entries, size_t end, const float *d, float *g,
                          size_t before, size_t stride, size_t n);

    /* sums[c] = sum over rows of x[r][c], in the order of rows */
    void (*column_sums)(const float *x, size_t rows, size_t columns, size_t stride, float *sums);

    /* y = x * scale where a hash of the element's number under `key` is at least threshold, else
     * 0; y may be x */
    void (*dropout)(const float *x, float *y, const dlcore_elements_t *elements, uint64_t key,
                    uint32_t threshold, float scale);

    /* sums[c] = sum over rows of x - mean[c], squares[c] that of their squares */
    void (*column_moments)(const float *x, size_t rows, size_t columns, size_t stride,
                           const float *mean, float *sums, float *squares);
    /* sums[c] = sum over rows of dy, dots[c] = that of dy (x - mean[c]) */
    void (*column_dots)(const float *x, const float *dy, size_t rows, size_t columns, size_t stride,
                        const float *mean, float *sums, float *dots);
    void (*column_combine)(const float *x, const float *dy, float *dx, size_t rows, size_t columns,
                           size_t stride, const dlcore_column_terms_t *terms);

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

    /* dx = dy times prelu's slope; sums[c] = sum over rows of dy min(x, 0) */
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
} dlcore_training_kernels_t;

/* The table of the same target. */
const dlcore_training_kernels_t *dlcore_training_kernels(const dlcore_kernels_t *kernels);

/* Each target's own; only those that the build has. */
extern const dlcore_training_kernels_t dlcore_training_kernels_portable;
extern const dlcore_training_kernels_t dlcore_training_kernels_neon;
extern const dlcore_training_kernels_t dlcore_training_kernels_avx2;
extern const dlcore_training_kernels_t dlcore_training_kernels_avx512;

DLCORE_HIDDEN_END

#endif
