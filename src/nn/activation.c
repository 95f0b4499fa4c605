/* Activations by name. What they compute is in math/kernels_template.h.
 *
 * SPDX-License-Identifier: MIT */
#include "dlcore/activation.h"

#include "base/name.h"

static const char *const names[] = {
    [DLCORE_ACTIVATION_UNKNOWN] = "unknown", [DLCORE_ACTIVATION_LINEAR] = "linear",
    [DLCORE_ACTIVATION_RELU] = "relu",       [DLCORE_ACTIVATION_SOFTMAX] = "softmax",
    [DLCORE_ACTIVATION_SIGMOID] = "sigmoid", [DLCORE_ACTIVATION_TANH] = "tanh",
};

enum { NAME_COUNT = sizeof names / sizeof names[0] };
_Static_assert(NAME_COUNT == DLCORE_ACTIVATION_TANH + 1, "one name each");

dlcore_activation_t dlcore_activation_from_name(const char *name)
{
    for (int i = 1; i < NAME_COUNT; i++) {
        if (dlcore_name_is(name, names[i]))
            return (dlcore_activation_t)i;
    }
    return DLCORE_ACTIVATION_UNKNOWN;
}

const char *dlcore_activation_name(dlcore_activation_t activation)
{
    if ((int)activation < 0 || (int)activation >= NAME_COUNT)
        return names[DLCORE_ACTIVATION_UNKNOWN];
    return names[activation];
}
