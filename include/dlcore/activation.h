/* Activation functions. Formulas and names are Keras's.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_ACTIVATION_H
#define DLCORE_ACTIVATION_H

#ifdef __cplusplus
extern "C" {
#endif

typedef enum dlcore_activation {
    DLCORE_ACTIVATION_UNKNOWN = 0, /* what a zeroed struct or an unknown name gives: refused */
    DLCORE_ACTIVATION_LINEAR,      /* x */
    DLCORE_ACTIVATION_RELU,        /* max(x, 0); NaN stays NaN */
    DLCORE_ACTIVATION_SOFTMAX,     /* exp(x_i) / sum_j exp(x_j) over the units of a sample */
    DLCORE_ACTIVATION_SIGMOID,     /* 1 / (1 + exp(-x)) */
    DLCORE_ACTIVATION_TANH         /* tanh(x) */
} dlcore_activation_t;

/* By Keras string name ("relu"), and back. An unknown name, or NULL, gives
 * DLCORE_ACTIVATION_UNKNOWN, which adding a layer refuses; an unknown value gives "unknown".
 * Any thread, never fails. */
dlcore_activation_t dlcore_activation_from_name(const char *name);
const char *dlcore_activation_name(dlcore_activation_t activation);

#ifdef __cplusplus
}
#endif

#endif
