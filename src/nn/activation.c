/* Activations by name. What they compute is in kernels/kernels_template.h and
 * kernels/kernels_activations_template.h.
 *
 * SPDX-License-Identifier: MIT */
#include "system/compiler.h"

#include "dlcore/activation.h"

#include "base/name.h"
#include "kernels/kernels.h"

static const char *const activation_names[] = {
    [DLCORE_ACTIVATION_UNKNOWN] = "unknown",
    [DLCORE_ACTIVATION_LINEAR] = "linear",
    [DLCORE_ACTIVATION_RELU] = "relu",
    [DLCORE_ACTIVATION_SOFTMAX] = "softmax",
    [DLCORE_ACTIVATION_SIGMOID] = "sigmoid",
    [DLCORE_ACTIVATION_TANH] = "tanh",
    [DLCORE_ACTIVATION_LEAKY_RELU] = "leaky_relu",
    [DLCORE_ACTIVATION_RELU6] = "relu6",
    [DLCORE_ACTIVATION_ELU] = "elu",
    [DLCORE_ACTIVATION_SELU] = "selu",
    [DLCORE_ACTIVATION_GELU] = "gelu",
    [DLCORE_ACTIVATION_GELU_TANH] = "gelu_tanh",
    [DLCORE_ACTIVATION_SILU] = "silu",
    [DLCORE_ACTIVATION_SOFTPLUS] = "softplus",
    [DLCORE_ACTIVATION_SOFTSIGN] = "softsign",
    [DLCORE_ACTIVATION_HARD_SIGMOID] = "hard_sigmoid",
    [DLCORE_ACTIVATION_HARD_SILU] = "hard_silu",
    [DLCORE_ACTIVATION_MISH] = "mish",
    [DLCORE_ACTIVATION_EXPONENTIAL] = "exponential",
    [DLCORE_ACTIVATION_LOG_SOFTMAX] = "log_softmax",
    [DLCORE_ACTIVATION_CELU] = "celu",
    [DLCORE_ACTIVATION_HARD_TANH] = "hard_tanh",
    [DLCORE_ACTIVATION_LOG_SIGMOID] = "log_sigmoid",
    [DLCORE_ACTIVATION_SOFT_SHRINK] = "soft_shrink",
    [DLCORE_ACTIVATION_HARD_SHRINK] = "hard_shrink",
    [DLCORE_ACTIVATION_TANH_SHRINK] = "tanh_shrink",
    [DLCORE_ACTIVATION_SQUAREPLUS] = "squareplus",
    [DLCORE_ACTIVATION_SPARSE_PLUS] = "sparse_plus",
    [DLCORE_ACTIVATION_SPARSE_SIGMOID] = "sparse_sigmoid",
    [DLCORE_ACTIVATION_SPARSEMAX] = "sparsemax",
    [DLCORE_ACTIVATION_SPARSEMAX_KERAS] = "sparsemax_keras",
    [DLCORE_ACTIVATION_RELU_GENERAL] = "relu_general",
};

enum { ACTIVATION_NAME_COUNT = sizeof activation_names / sizeof activation_names[0] };
_Static_assert(ACTIVATION_NAME_COUNT == DLCORE_ACTIVATION_COUNT, "one name each");

dlcore_activation_t dlcore_activation_from_name(const char *name)
{
    for (int i = 1; i < ACTIVATION_NAME_COUNT; i++) {
        if (dlcore_name_is(name, activation_names[i]))
            return (dlcore_activation_t)i;
    }
    if (dlcore_name_is(name, "swish"))
        return DLCORE_ACTIVATION_SILU;
    if (dlcore_name_is(name, "hard_swish"))
        return DLCORE_ACTIVATION_HARD_SILU;
    return DLCORE_ACTIVATION_UNKNOWN;
}

const char *dlcore_activation_name(dlcore_activation_t activation)
{
    if ((int)activation < 0 || (int)activation >= ACTIVATION_NAME_COUNT)
        return activation_names[DLCORE_ACTIVATION_UNKNOWN];
    return activation_names[activation];
}
