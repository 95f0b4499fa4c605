/* Constraints: what weights are forced to be after each update. Formulas, defaults and names are
 * Keras 3's (keras/src/constraints/constraints.py); norms are Euclidean, taken along axis 0: of all
 * weights into a unit, or of a whole bias.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_CONSTRAINT_H
#define DLCORE_CONSTRAINT_H

#include "api.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum dlcore_constraint_kind {
    DLCORE_CONSTRAINT_NONE = 0,
    DLCORE_CONSTRAINT_MAX_NORM,     /* w clip(norm, 0, max_value) / (norm + 1e-7) */
    DLCORE_CONSTRAINT_NON_NEG,      /* max(w, 0) */
    DLCORE_CONSTRAINT_UNIT_NORM,    /* w / (norm + 1e-7) */
    DLCORE_CONSTRAINT_MIN_MAX_NORM, /* w d / (norm + 1e-7), d = rate clip(norm, min_value,
                                     * max_value) + (1 - rate) norm */
    DLCORE_CONSTRAINT_UNKNOWN       /* a name that was not found */
} dlcore_constraint_kind_t;

/* A value descriptor. */
typedef struct dlcore_constraint {
    dlcore_constraint_kind_t kind;
    double min_value; /* min_max_norm: 0 .. max_value */
    double max_value; /* max_norm, min_max_norm: >= 0 */
    double rate;      /* min_max_norm: 0 .. 1 */
} dlcore_constraint_t;

/* Keras's default max_value is 2. */
DLCORE_API dlcore_constraint_t dlcore_constraint_max_norm(double max_value);
DLCORE_API dlcore_constraint_t dlcore_constraint_non_neg(void);
DLCORE_API dlcore_constraint_t dlcore_constraint_unit_norm(void);
/* Keras's defaults are 0 and 1; rate 1. */
DLCORE_API dlcore_constraint_t dlcore_constraint_min_max_norm(double min_value, double max_value);

/* By Keras name ("max_norm", "MaxNorm"; case and underscores do not count), with defaults, and
 * back. An unknown name, or NULL, gives kind DLCORE_CONSTRAINT_UNKNOWN, which adding a layer
 * refuses. */
DLCORE_API dlcore_constraint_t dlcore_constraint_from_name(const char *name);
DLCORE_API const char *dlcore_constraint_name(dlcore_constraint_kind_t kind);

#ifdef __cplusplus
}
#endif

#endif
