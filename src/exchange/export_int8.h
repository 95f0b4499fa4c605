/* A network in whole numbers: what an exported int8 file computes, and computing it here.
 *
 * A number x is scale (q - zero) with q in -128 .. 127; the scale of what a step gives comes from
 * the least and the largest number that samples make there. Weights of a dense unit are scale q
 * with q in -127 .. 127, so that its sum is a whole number, which becomes the q of its output by a
 * multiplication and a shift. What stands before the first dense step and behind the last is
 * computed in float32.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_EXCHANGE_EXPORT_INT8_H
#define DLCORE_EXCHANGE_EXPORT_INT8_H

#include "system/compiler.h"

#include "dlcore/tensor.h"
#include "exchange/export_c_plan.h"

DLCORE_HIDDEN_BEGIN

typedef struct dlcore_export_scale {
    double scale;
    int zero;
} dlcore_export_scale_t;

/* A step of the plan in whole numbers. (a >> b rounds to the nearest here: 2^(b-1) is added
 * before.)
 *
 *   dense       sum = bias + sum of weight x;  y = zero + (sum multiplier >> shift)
 *               the last: sum factor, a float
 *   affine, prelu  d = x - x's zero;  y = zero + ((d multiplier + offset) >> 16), or with negative
 *               below 0
 *   row norm    t = x normalized, times 2^15;  y = zero + ((t multiplier >> 15) + offset >> 12)
 *   activation  y = table[x + 128]; softmax: y = 255 e / sum of e - 128, e = powers[x's largest -
 * x]
 *
 * each kept within low .. high. */
typedef struct dlcore_export_whole {
    bool is_fused; /* an activation that the dense step before it has done, by low and high */
    int zero_in, zero, low, high;
    int8_t *weight; /* (units, inputs) */
    int32_t *bias;  /* likewise offset */
    int32_t *multiplier, *negative;
    uint8_t *shift;
    float *factor;
    int8_t *table;
    uint16_t *powers;
    int64_t epsilon; /* of a row norm, in units of (width x's scale)^2 */
} dlcore_export_whole_t;

typedef struct dlcore_export_int8 {
    const dlcore_export_plan_t *plan;
    size_t first, last;            /* dense steps */
    dlcore_export_scale_t input;   /* of what the first takes */
    dlcore_export_scale_t *scales; /* of what each step gives */
    dlcore_export_whole_t *steps;  /* first .. last are set */
    unsigned char *memory;         /* that they point into */
    size_t used;
} dlcore_export_int8_t;

/* Finds scales and whole numbers; all samples are looked at. DLCORE_ERROR_UNSUPPORTED with the name
 * of a layer that has no such form, DLCORE_ERROR_RANGE when samples make numbers that are not
 * finite. Ended by dlcore_export_int8_end, whatever it answers. */
dlcore_status dlcore_export_int8_make(dlcore_export_int8_t *int8, const dlcore_export_plan_t *plan,
                                      const dlcore_tensor_t *samples, dlcore_error_record_t *error);
void dlcore_export_int8_end(dlcore_export_int8_t *int8);

/* ---- export_calibrate.c ---- */

/* Runs samples through the steps in float and sets `input` and `scales`. */
dlcore_status dlcore_export_calibrate(dlcore_export_int8_t *int8, const dlcore_tensor_t *samples,
                                      dlcore_error_record_t *error);

/* ---- export_int8_run.c ---- */

/* Room for a run: bytes. */
size_t dlcore_export_int8_room(const dlcore_export_plan_t *plan);
/* y for x, as the exported file computes it; `room` is aligned as floats are. */
void dlcore_export_int8_run(const dlcore_export_int8_t *int8, const float *x, float *y, void *room);

/* Moves x to the middle of what quantizing takes for the same number, so that no rounding decides.
 */
void dlcore_export_int8_snap(const dlcore_export_int8_t *int8, float *x);

/* ---- export_run.c: steps in float ---- */

/* y = step(x), y may be x but for a dense step; `sums` has room for its outputs. */
void dlcore_export_run_step(const dlcore_export_plan_t *plan, const dlcore_export_step_t *step,
                            const float *x, float *y, double *sums);
/* The most numbers that a step takes or gives. */
size_t dlcore_export_widest(const dlcore_export_plan_t *plan);

DLCORE_HIDDEN_END

#endif
