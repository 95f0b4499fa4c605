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
    DLCORE_INITIALIZER_CONSTANT,         /* `value` */
    DLCORE_INITIALIZER_LECUN_UNIFORM,    /* uniform in +-sqrt(3 / fan_in) */
    DLCORE_INITIALIZER_LECUN_NORMAL,     /* truncated normal, stddev sqrt(1 / fan_in) */
    DLCORE_INITIALIZER_RANDOM_UNIFORM,   /* uniform in minval .. maxval */
    DLCORE_INITIALIZER_RANDOM_NORMAL,    /* normal of that mean and stddev */
    DLCORE_INITIALIZER_TRUNCATED_NORMAL, /* drawn again beyond 2 stddev, which is not widened */
    DLCORE_INITIALIZER_VARIANCE_SCALING, /* variance scale / n; `mode` says what n is */
    DLCORE_INITIALIZER_ORTHOGONAL,       /* kernels only: orthonormal columns or rows times gain */
    DLCORE_INITIALIZER_IDENTITY,         /* kernels only: gain on the diagonal, else 0 */
    /* One that a file has and this version does not know: `name`. Weights can be loaded and
     * trained, but not drawn: building a new model with it is DLCORE_ERROR_UNSUPPORTED. */
    DLCORE_INITIALIZER_NAMED
} dlcore_initializer_kind_t;

#define DLCORE_INITIALIZER_NAME_SIZE 24

/* Of variance_scaling. */
typedef enum dlcore_initializer_mode {
    DLCORE_INITIALIZER_FAN_IN = 0,
    DLCORE_INITIALIZER_FAN_OUT,
    DLCORE_INITIALIZER_FAN_AVG /* the mean of both */
} dlcore_initializer_mode_t;

typedef enum dlcore_initializer_distribution {
    DLCORE_INITIALIZER_DRAWS_TRUNCATED_NORMAL = 0,
    DLCORE_INITIALIZER_DRAWS_UNTRUNCATED_NORMAL,
    DLCORE_INITIALIZER_DRAWS_UNIFORM
} dlcore_initializer_distribution_t;

/* A value descriptor: copy it, change it, nothing to free. Where the variance follows from the
 * fans, the truncated normal is cut at two standard deviations and widened by 1 / 0.87962566 to
 * keep its stddev, as in Keras. A kind uses the fields named after it, and no others. */
typedef struct dlcore_initializer {
    dlcore_initializer_kind_t kind;
    double value;                                   /* constant: the value, 0 by default */
    double mean;                                    /* random_normal, truncated_normal: 0 */
    double stddev;                                  /* likewise: 0 or more, 0.05 */
    double minval, maxval;                          /* random_uniform: -0.05 and 0.05 */
    double scale;                                   /* variance_scaling: more than 0; 1 */
    dlcore_initializer_mode_t mode;                 /* variance_scaling: fan_in */
    dlcore_initializer_distribution_t distribution; /* variance_scaling: truncated_normal */
    double gain;                                    /* orthogonal, identity: 1 */
    char name[DLCORE_INITIALIZER_NAME_SIZE]; /* named: of Keras's class; cut where it is longer */
} dlcore_initializer_t;

DLCORE_API dlcore_initializer_t dlcore_initializer_glorot_uniform(void);
DLCORE_API dlcore_initializer_t dlcore_initializer_glorot_normal(void);
DLCORE_API dlcore_initializer_t dlcore_initializer_he_uniform(void);
DLCORE_API dlcore_initializer_t dlcore_initializer_he_normal(void);
DLCORE_API dlcore_initializer_t dlcore_initializer_zeros(void);
DLCORE_API dlcore_initializer_t dlcore_initializer_ones(void);
DLCORE_API dlcore_initializer_t dlcore_initializer_constant(double value);
DLCORE_API dlcore_initializer_t dlcore_initializer_lecun_uniform(void);
DLCORE_API dlcore_initializer_t dlcore_initializer_lecun_normal(void);
DLCORE_API dlcore_initializer_t dlcore_initializer_random_uniform(double minval, double maxval);
DLCORE_API dlcore_initializer_t dlcore_initializer_random_normal(double mean, double stddev);
DLCORE_API dlcore_initializer_t dlcore_initializer_truncated_normal(double mean, double stddev);
DLCORE_API dlcore_initializer_t dlcore_initializer_variance_scaling(
    double scale, dlcore_initializer_mode_t mode, dlcore_initializer_distribution_t distribution);
/* For a vector (a bias, gamma), building a model with one of these is DLCORE_ERROR_ARGUMENT. */
DLCORE_API dlcore_initializer_t dlcore_initializer_orthogonal(double gain);
DLCORE_API dlcore_initializer_t dlcore_initializer_identity(double gain);

/* By Keras name ("glorot_uniform", "GlorotUniform", "zero", "normal", "uniform"; case and
 * underscores do not count), with defaults, and back. An unknown name, or NULL, gives a descriptor
 * of kind DLCORE_INITIALIZER_UNKNOWN, which adding a layer refuses. */
DLCORE_API dlcore_initializer_t dlcore_initializer_from_name(const char *name);
DLCORE_API const char *dlcore_initializer_name(dlcore_initializer_kind_t kind);

#ifdef __cplusplus
}
#endif

#endif
