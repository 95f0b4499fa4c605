/* The activations that work on single elements, applied to a run of n floats.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_MATH_ACTIVATE_H
#define DLCORE_MATH_ACTIVATE_H

#include "dlcore/activation.h"
#include "math/kernels.h"

/* y = activation(y). Linear, and softmax, which is no matter of single elements, change nothing. */
static inline void dlcore_activate(const dlcore_kernels_t *kernels, dlcore_activation_t activation,
                                   float *y, size_t n)
{
    if (activation == DLCORE_ACTIVATION_RELU)
        kernels->relu(y, n);
    else if (activation == DLCORE_ACTIVATION_SIGMOID)
        kernels->sigmoid(y, n);
    else if (activation == DLCORE_ACTIVATION_TANH)
        kernels->tanh(y, n);
}

/* dy *= the activation's derivative, told from its output y. */
static inline void dlcore_activate_gradient(const dlcore_kernels_t *kernels,
                                            dlcore_activation_t activation, const float *y,
                                            float *dy, size_t n)
{
    if (activation == DLCORE_ACTIVATION_RELU)
        kernels->relu_gradient(y, dy, n);
    else if (activation == DLCORE_ACTIVATION_SIGMOID)
        kernels->sigmoid_gradient(y, dy, n);
    else if (activation == DLCORE_ACTIVATION_TANH)
        kernels->tanh_gradient(y, dy, n);
}

#endif
