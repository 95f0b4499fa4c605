/* What an optimizer is to the engine: a const table, one per kind.
 *
 * To add a kind: an enumerator in dlcore/optimizer.h, one file optimizer_<kind>.c that ends in its
 * table, and one row in optimizer.c. An optimizer sees flat arrays, never a layer; clipping, decay
 * and the other options that all kinds share are engine/update.c's.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_NN_OPTIMIZER_H
#define DLCORE_NN_OPTIMIZER_H

#include "system/compiler.h"

#include <stddef.h>

#include "dlcore/optimizer.h"
#include "dlcore/status.h"
#include "kernels/kernels.h"

DLCORE_HIDDEN_BEGIN

#define DLCORE_OPTIMIZER_SLOTS_MAX 3

/* How far training has come; a plain value, kept with the state vectors and saved with them. */
typedef struct dlcore_optimizer_clock {
    uint64_t iterations; /* steps, accumulated or not */
    double product;      /* nadam: of its momentum's factors so far */
} dlcore_optimizer_clock_t;

static inline dlcore_optimizer_clock_t dlcore_optimizer_clock_start(void)
{
    return (dlcore_optimizer_clock_t){.iterations = 0, .product = 1.0};
}

/* What one step needs besides the arrays: computed once a step, then read by every thread. */
typedef struct dlcore_optimizer_step {
    union {
        dlcore_sgd_step_t sgd;
        dlcore_rmsprop_step_t rmsprop; /* and adadelta */
        dlcore_adam_step_t adam;
        dlcore_adagrad_step_t adagrad;
        dlcore_adamax_step_t adamax;
        dlcore_nadam_step_t nadam;
    } settings;
    bool centered; /* rmsprop */
    bool amsgrad;  /* adam */
} dlcore_optimizer_step_t;

typedef struct dlcore_optimizer_type {
    const char *name;                 /* "rmsprop" */
    const char *class_name;           /* "RMSprop", as Keras's configurations have it */
    dlcore_optimizer_t (*make)(void); /* with Keras's defaults */
    /* Checks what only this kind has: DLCORE_ERROR_ARGUMENT with the setting's name, its range and
     * its value. `name` begins the message. */
    dlcore_status (*validate)(const dlcore_optimizer_t *optimizer, const char *name,
                              dlcore_error_record_t *error);
    /* State vectors per parameter, at most DLCORE_OPTIMIZER_SLOTS_MAX. */
    size_t (*slots)(const dlcore_optimizer_t *optimizer);
    /* Keras's name of a state vector, 0 .. slots - 1: "velocity". */
    const char *(*slot_name)(const dlcore_optimizer_t *optimizer, size_t slot);
    /* What a state vector is filled with at first. NULL: zero. */
    float (*slot_value)(const dlcore_optimizer_t *optimizer, size_t slot);
    /* The settings of the next update; clock->iterations counts updates here. */
    dlcore_optimizer_step_t (*prepare)(const dlcore_optimizer_t *optimizer,
                                       const dlcore_optimizer_clock_t *clock, float learning_rate);
    bool has_clock; /* prepare looks at it; else its answer depends on the learning rate alone */
    /* The product after an update. NULL: stays. */
    double (*product)(const dlcore_optimizer_t *optimizer, const dlcore_optimizer_clock_t *clock);
    /* Moves n weights, each by itself: a caller may cut the arrays anywhere. */
    void (*update)(const dlcore_kernels_t *kernels, const dlcore_optimizer_step_t *step, size_t n,
                   float *weights, const float *gradients, float *const *slots);
} dlcore_optimizer_type_t;

/* The table of a kind; NULL for an unknown one. */
const dlcore_optimizer_type_t *dlcore_optimizer_type(dlcore_optimizer_kind_t kind);

/* Checks a whole descriptor, its schedule and the options of all kinds included. */
dlcore_status dlcore_optimizer_validate(const dlcore_optimizer_t *optimizer,
                                        dlcore_error_record_t *error);

/* ---- state vectors: the kind's own, then the moving average, then the sums of gradients ---- */

size_t dlcore_optimizer_slots(const dlcore_optimizer_t *optimizer);
const char *dlcore_optimizer_slot_name(const dlcore_optimizer_t *optimizer, size_t slot);
float dlcore_optimizer_slot_value(const dlcore_optimizer_t *optimizer, size_t slot);

/* ---- for the kinds ---- */

/* epsilon: below FLT_MIN it would be flushed to zero, and 0 / 0 is NaN. */
dlcore_status dlcore_optimizer_check_epsilon(const dlcore_optimizer_t *optimizer, const char *name,
                                             dlcore_error_record_t *error);
/* epsilon, beta_1 and beta_2, which in float must stay below 1. */
dlcore_status dlcore_optimizer_check_betas(const dlcore_optimizer_t *optimizer, const char *name,
                                           dlcore_error_record_t *error);
/* beta^t for the next update, rounded to float as Keras has it. */
float dlcore_optimizer_power(double beta, const dlcore_optimizer_clock_t *clock);

extern const dlcore_optimizer_type_t dlcore_optimizer_type_sgd;
extern const dlcore_optimizer_type_t dlcore_optimizer_type_rmsprop;
extern const dlcore_optimizer_type_t dlcore_optimizer_type_adam;
extern const dlcore_optimizer_type_t dlcore_optimizer_type_adamw;
extern const dlcore_optimizer_type_t dlcore_optimizer_type_adagrad;
extern const dlcore_optimizer_type_t dlcore_optimizer_type_adadelta;
extern const dlcore_optimizer_type_t dlcore_optimizer_type_adamax;
extern const dlcore_optimizer_type_t dlcore_optimizer_type_nadam;

DLCORE_HIDDEN_END

#endif
