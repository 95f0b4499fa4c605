/* The activations that work on single elements, applied to a run of n floats, and what is to be
 * known of each.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_KERNELS_ACTIVATE_H
#define DLCORE_KERNELS_ACTIVATE_H

#include "system/compiler.h"

#include <stdbool.h>

#include "dlcore/activation.h"
#include "kernels/kernels.h"

/* An activation with its parameter: negative_slope or alpha, else 0; of relu_general all three. */
typedef struct dlcore_activate {
    dlcore_activation_t kind;
    float parameter;
    dlcore_relu_t relu;
} dlcore_activate_t;

static inline dlcore_activate_t dlcore_activate_linear(void)
{
    return (dlcore_activate_t){.kind = DLCORE_ACTIVATION_LINEAR};
}

/* Whether it is no matter of single elements but of the units of a sample (nn/softmax.h). */
static inline bool dlcore_activate_takes_rows(dlcore_activation_t kind)
{
    return kind == DLCORE_ACTIVATION_SOFTMAX || kind == DLCORE_ACTIVATION_LOG_SOFTMAX ||
           kind == DLCORE_ACTIVATION_SPARSEMAX || kind == DLCORE_ACTIVATION_SPARSEMAX_KERAS;
}

/* Whether its derivative cannot be told from its output: because the function falls and rises, or,
 * in softsign and sparse_sigmoid, because the output has too few digits left near 1, or in
 * hard_tanh, because the slope at the ends themselves is 1, or in Keras's sparsemax, because units
 * whose output is 0 move its threshold. */
static inline bool dlcore_activate_needs_input(dlcore_activation_t kind)
{
    return kind == DLCORE_ACTIVATION_GELU || kind == DLCORE_ACTIVATION_GELU_TANH ||
           kind == DLCORE_ACTIVATION_SILU || kind == DLCORE_ACTIVATION_SOFTSIGN ||
           kind == DLCORE_ACTIVATION_HARD_SILU || kind == DLCORE_ACTIVATION_MISH ||
           kind == DLCORE_ACTIVATION_HARD_TANH || kind == DLCORE_ACTIVATION_TANH_SHRINK ||
           kind == DLCORE_ACTIVATION_SPARSE_SIGMOID || kind == DLCORE_ACTIVATION_RELU_GENERAL ||
           kind == DLCORE_ACTIVATION_SPARSEMAX_KERAS;
}

/* y = activation(y). Linear, and those of rows, change nothing. */
static inline void dlcore_activate(const dlcore_kernels_t *kernels, dlcore_activate_t activation,
                                   float *y, size_t n)
{
    if (activation.kind == DLCORE_ACTIVATION_RELU)
        kernels->relu(y, n);
    else if (activation.kind == DLCORE_ACTIVATION_SIGMOID)
        kernels->sigmoid(y, n);
    else if (activation.kind == DLCORE_ACTIVATION_TANH)
        kernels->tanh(y, n);
    else if (activation.kind == DLCORE_ACTIVATION_RELU_GENERAL)
        kernels->activations->relu_general(y, n, &activation.relu);
    else if (kernels->activations->apply[activation.kind] != NULL)
        kernels->activations->apply[activation.kind](y, n, activation.parameter);
}

#endif
