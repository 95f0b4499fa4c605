/* Regularizers: what weights w add to the loss, l1 sum |w| + l2 sum w^2, and so to their gradient,
 * l1 sign(w) + 2 l2 w; or what the outputs of a layer add, per sample, to the mean loss. Formulas,
 * defaults and names are Keras 3's (keras/src/regularizers/regularizers.py). sign(0) is 0, as on
 * TensorFlow and PyTorch; on JAX it is 1.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_REGULARIZER_H
#define DLCORE_REGULARIZER_H

#include "api.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A value descriptor; both 0: none. Both must be finite and at least 0. */
typedef struct dlcore_regularizer {
    double l1, l2;
} dlcore_regularizer_t;

/* Keras's default for each is 0.01. */
DLCORE_API dlcore_regularizer_t dlcore_regularizer_l1(double l1);
DLCORE_API dlcore_regularizer_t dlcore_regularizer_l2(double l2);
DLCORE_API dlcore_regularizer_t dlcore_regularizer_l1_l2(double l1, double l2);

/* By Keras name ("l1", "l2", "l1_l2", "L1L2"; case and underscores do not count), with defaults. An
 * unknown name, or NULL, gives NaN for both, which adding a layer refuses. */
DLCORE_API dlcore_regularizer_t dlcore_regularizer_from_name(const char *name);

#ifdef __cplusplus
}
#endif

#endif
