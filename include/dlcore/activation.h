/* Activation functions. Formulas, names and default parameters are Keras 3's
 * (keras/src/activations/activations.py).
 *
 * What is said of NaN and infinities is what the formulas give, as they do in Keras: those that
 * multiply x by something that falls to 0 answer NaN for -Inf.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_ACTIVATION_H
#define DLCORE_ACTIVATION_H

#include "api.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum dlcore_activation {
    DLCORE_ACTIVATION_UNKNOWN = 0,    /* what a zeroed struct or an unknown name gives: refused */
    DLCORE_ACTIVATION_LINEAR,         /* x */
    DLCORE_ACTIVATION_RELU,           /* max(x, 0); NaN stays NaN */
    DLCORE_ACTIVATION_SOFTMAX,        /* exp(x_i) / sum_j exp(x_j) over the units of a sample */
    DLCORE_ACTIVATION_SIGMOID,        /* 1 / (1 + exp(-x)) */
    DLCORE_ACTIVATION_TANH,           /* tanh(x) */
    DLCORE_ACTIVATION_LEAKY_RELU,     /* x where x > 0, else negative_slope x; 0.2 */
    DLCORE_ACTIVATION_RELU6,          /* min(max(x, 0), 6) */
    DLCORE_ACTIVATION_ELU,            /* x where x > 0, else alpha (exp(x) - 1); 1 */
    DLCORE_ACTIVATION_SELU,           /* 1.0507 elu(x) with alpha 1.67326 */
    DLCORE_ACTIVATION_GELU,           /* x P(X <= x), X normal: x / 2 (1 + erf(x / sqrt 2)) */
    DLCORE_ACTIVATION_GELU_TANH,      /* gelu, approximately: with tanh in place of erf */
    DLCORE_ACTIVATION_SILU,           /* x sigmoid(x); also called swish */
    DLCORE_ACTIVATION_SOFTPLUS,       /* log(1 + exp(x)) */
    DLCORE_ACTIVATION_SOFTSIGN,       /* x / (1 + |x|) */
    DLCORE_ACTIVATION_HARD_SIGMOID,   /* relu6(x + 3) / 6 */
    DLCORE_ACTIVATION_HARD_SILU,      /* x hard_sigmoid(x); also called hard_swish */
    DLCORE_ACTIVATION_MISH,           /* x tanh(softplus(x)) */
    DLCORE_ACTIVATION_EXPONENTIAL,    /* exp(x) */
    DLCORE_ACTIVATION_LOG_SOFTMAX,    /* x_i - log sum_j exp(x_j) over the units of a sample */
    DLCORE_ACTIVATION_CELU,           /* x where x > 0, else exp(x) - 1 */
    DLCORE_ACTIVATION_HARD_TANH,      /* min(max(x, -1), 1) */
    DLCORE_ACTIVATION_LOG_SIGMOID,    /* log(sigmoid(x)) */
    DLCORE_ACTIVATION_SOFT_SHRINK,    /* x brought nearer to 0 by 0.5; 0 within +-0.5 */
    DLCORE_ACTIVATION_HARD_SHRINK,    /* x; 0 within +-0.5 */
    DLCORE_ACTIVATION_TANH_SHRINK,    /* x - tanh(x) */
    DLCORE_ACTIVATION_SQUAREPLUS,     /* (x + sqrt(x^2 + 4)) / 2 */
    DLCORE_ACTIVATION_SPARSE_PLUS,    /* 0 below -1, x above 1, (x + 1)^2 / 4 between */
    DLCORE_ACTIVATION_SPARSE_SIGMOID, /* (x + 1) / 2 within 0 .. 1 */
    /* The probabilities nearest to x, many of them 0: max(x - tau, 0), with the tau that makes the
     * sum over the units of a sample 1: (C_k - 1) / k, where C_j is the sum of the j largest units
     * and k the largest j for which the j-th is above (C_j - 1) / j (Martins and Astudillo, 2016).
     * Keras does not have it: in model files it is "sparsemax_paper". */
    DLCORE_ACTIVATION_SPARSEMAX,
    /* What Keras, and model files, call sparsemax: max(x - tau, 0), tau = (C_1 + ... + C_k - 1) /
     * k. Outputs do not sum to 1, change when all units are shifted, and jump where k does. It
     * takes time in proportion to k times the units. */
    DLCORE_ACTIVATION_SPARSEMAX_KERAS,
    /* Keras's relu with max_value, negative_slope and threshold, which no name alone tells: made by
     * dlcore_layer_relu, which says what it is */
    DLCORE_ACTIVATION_RELU_GENERAL
} dlcore_activation_t;

/* By Keras name ("relu"; case and underscores do not count), and back; "swish" is silu,
 * "hard_swish" hard_silu. The approximate gelu, which is not a string in Keras, is "gelu_tanh";
 * "sparsemax" is that of the paper, Keras's is "sparsemax_keras". An unknown name, or NULL, gives
 * DLCORE_ACTIVATION_UNKNOWN, which adding a layer refuses; an unknown value gives "unknown". Any
 * thread, never fails. */
DLCORE_API dlcore_activation_t dlcore_activation_from_name(const char *name);
DLCORE_API const char *dlcore_activation_name(dlcore_activation_t activation);

#ifdef __cplusplus
}
#endif

#endif
