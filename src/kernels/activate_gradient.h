/* The derivatives of activations that work on single elements.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_KERNELS_ACTIVATE_GRADIENT_H
#define DLCORE_KERNELS_ACTIVATE_GRADIENT_H

#include "system/compiler.h"

#include "kernels/activate.h"
#include "kernels/kernels_training.h"

/* dy *= the activation's derivative, told from its output, or from its input where
 * dlcore_activate_needs_input. */
static inline void dlcore_activate_gradient(const dlcore_training_kernels_t *kernels,
                                            dlcore_activate_t activation, const float *from,
                                            float *dy, size_t n)
{
    if (activation.kind == DLCORE_ACTIVATION_RELU)
        kernels->relu_gradient(from, dy, n);
    else if (activation.kind == DLCORE_ACTIVATION_SIGMOID)
        kernels->sigmoid_gradient(from, dy, n);
    else if (activation.kind == DLCORE_ACTIVATION_TANH)
        kernels->tanh_gradient(from, dy, n);
    else if (activation.kind == DLCORE_ACTIVATION_RELU_GENERAL)
        kernels->rare->relu_general_gradient(from, dy, n, &activation.relu);
    else if (kernels->rare->activation_gradient[activation.kind] != NULL)
        kernels->rare->activation_gradient[activation.kind](from, dy, n, activation.parameter);
}

#endif
