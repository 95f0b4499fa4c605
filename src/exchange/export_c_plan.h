/* What an exported network computes, step by step, with weights in double: what its layers are,
 * once those that only train are left out and what is linear beside a dense layer is part of it.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_EXCHANGE_EXPORT_C_PLAN_H
#define DLCORE_EXCHANGE_EXPORT_C_PLAN_H

#include "system/compiler.h"

#include "engine/network.h"

DLCORE_HIDDEN_BEGIN

typedef enum dlcore_export_kind {
    DLCORE_EXPORT_DENSE,  /* y = x kernel + offset */
    DLCORE_EXPORT_AFFINE, /* y = (x - mean) scale + offset */
    DLCORE_EXPORT_ACTIVATION,
    DLCORE_EXPORT_PRELU,    /* y = x, or scale x below 0 */
    DLCORE_EXPORT_ROW_NORM, /* as `norm` says */
    DLCORE_EXPORT_GLU,      /* y = first half of x, times the sigmoid of the second */
    DLCORE_EXPORT_GROUPS    /* softmax of each run of `group` numbers */
} dlcore_export_kind_t;

/* What a sample is normalized by. */
typedef enum dlcore_export_norm {
    DLCORE_EXPORT_NORM_LAYER,  /* y = scale (x - mean of x) / sqrt(variance of x + epsilon) + offset
                                */
    DLCORE_EXPORT_NORM_SCALED, /* y = scale x / sqrt(variance of x + epsilon) */
    DLCORE_EXPORT_NORM_RMS,    /* y = scale x / sqrt(mean of x^2 + epsilon) */
    DLCORE_EXPORT_NORM_UNIT    /* y = x / sqrt(sum of x^2), and at most 1e12 x */
} dlcore_export_norm_t;

/* Whether the variance is what counts, so that the mean does. */
static inline bool dlcore_export_has_variance(dlcore_export_norm_t norm)
{
    return norm == DLCORE_EXPORT_NORM_LAYER || norm == DLCORE_EXPORT_NORM_SCALED;
}

typedef struct dlcore_export_step {
    dlcore_export_kind_t kind;
    const dlcore_node_t *node; /* whose it is, for names */
    size_t inputs, outputs;
    dlcore_activate_t activation;
    dlcore_export_norm_t norm;
    double epsilon;
    size_t group;
    double *kernel; /* (inputs, outputs), row-major */
    /* of so many numbers as outputs; NULL: 0, 1, 0 */
    double *mean, *scale, *offset;
} dlcore_export_step_t;

typedef struct dlcore_export_plan {
    dlcore_allocator_t allocator;
    const dlcore_network_t *network;
    size_t inputs, outputs;
    dlcore_export_step_t *steps;
    size_t count;
    double *numbers; /* that steps point into */
    size_t used;
    float *row_major; /* room for the largest parameter */
} dlcore_export_plan_t;

/* The plan of a built network; with `keeps_first` a normalization that comes first is no part of
 * the dense step behind it. DLCORE_ERROR_UNSUPPORTED with the name of a layer that has no step,
 * DLCORE_ERROR_RANGE with that of a weight that is not finite, or does not stay so in float. Ended
 * by dlcore_export_plan_end, whatever it answers. */
dlcore_status dlcore_export_plan_make(dlcore_export_plan_t *plan, const dlcore_network_t *network,
                                      bool keeps_first, const dlcore_allocator_t *allocator,
                                      dlcore_error_record_t *error);
void dlcore_export_plan_end(dlcore_export_plan_t *plan);

/* Where samples go: from x through two buffers, in turn, to y. Steps that keep the width work in
 * place, but for the first. */
typedef struct dlcore_export_route {
    size_t last_move;  /* the step that writes to y */
    size_t numbers[2]; /* of the buffers */
} dlcore_export_route_t;
dlcore_export_route_t dlcore_export_route(const dlcore_export_plan_t *plan);
/* Whether a step does not work in place. */
static inline bool dlcore_export_moves(const dlcore_export_plan_t *plan, size_t step)
{
    return step == 0 || plan->steps[step].kind == DLCORE_EXPORT_DENSE ||
           plan->steps[step].kind == DLCORE_EXPORT_GLU;
}

/* ---- export_c_fold.c ---- */

/* Makes affine steps part of dense ones, and of each other. With `keeps_first` one that comes first
 * stays. */
void dlcore_export_fold(dlcore_export_plan_t *plan, bool keeps_first);

DLCORE_HIDDEN_END

#endif
