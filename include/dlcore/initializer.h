/* Initializers: what weights are before training. Formulas and names are Keras 3's
 * (keras/src/initializers/random_initializers.py).
 *
 * For a dense kernel (inputs, units): fan_in = inputs, fan_out = units; for a bias of n units both
 * are n. Values come from the model's seed: same seed, same weights.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_INITIALIZER_H
#define DLCORE_INITIALIZER_H

#include "api.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum dlcore_initializer_kind {
    DLCORE_INITIALIZER_UNKNOWN = 0,
    DLCORE_INITIALIZER_GLOROT_UNIFORM, /* uniform in +-sqrt(6 / (fan_in + fan_out)) */
    DLCORE_INITIALIZER_GLOROT_NORMAL,  /* truncated normal, stddev sqrt(2 / (fan_in + fan_out)) */
    DLCORE_INITIALIZER_HE_UNIFORM,     /* uniform in +-sqrt(6 / fan_in) */
    DLCORE_INITIALIZER_HE_NORMAL,      /* truncated normal, stddev sqrt(2 / fan_in) */
    DLCORE_INITIALIZER_ZEROS,
    DLCORE_INITIALIZER_ONES,
    DLCORE_INITIALIZER_CONSTANT, /* `value` */
    /* One that a file has and this version does not know: `name`. Weights can be loaded and
     * trained, but not drawn: building a new model with it is DLCORE_ERROR_UNSUPPORTED. */
    DLCORE_INITIALIZER_NAMED
} dlcore_initializer_kind_t;

#define DLCORE_INITIALIZER_NAME_SIZE 24

/* A value descriptor: copy it, change it, nothing to free. The truncated normal is cut at two
 * standard deviations and widened by 1 / 0.87962566 to keep its stddev, as in Keras. */
typedef struct dlcore_initializer {
    dlcore_initializer_kind_t kind;
    double value; /* constant: the value, 0 by default; unused by the others */
    char name[DLCORE_INITIALIZER_NAME_SIZE]; /* named: of Keras's class; cut where it is longer */
} dlcore_initializer_t;

DLCORE_API dlcore_initializer_t dlcore_initializer_glorot_uniform(void);
DLCORE_API dlcore_initializer_t dlcore_initializer_glorot_normal(void);
DLCORE_API dlcore_initializer_t dlcore_initializer_he_uniform(void);
DLCORE_API dlcore_initializer_t dlcore_initializer_he_normal(void);
DLCORE_API dlcore_initializer_t dlcore_initializer_zeros(void);
DLCORE_API dlcore_initializer_t dlcore_initializer_ones(void);
DLCORE_API dlcore_initializer_t dlcore_initializer_constant(double value);

/* By Keras name ("glorot_uniform", "GlorotUniform", "zero"; case and underscores do not count),
 * with defaults, and back. An unknown name, or NULL, gives a descriptor of kind
 * DLCORE_INITIALIZER_UNKNOWN, which adding a layer refuses. */
DLCORE_API dlcore_initializer_t dlcore_initializer_from_name(const char *name);
DLCORE_API const char *dlcore_initializer_name(dlcore_initializer_kind_t kind);

#ifdef __cplusplus
}
#endif

#endif
