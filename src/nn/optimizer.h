/* What an optimizer is to the engine: a const table, one per kind.
 *
 * To add a kind: an enumerator in dlcore/optimizer.h, one file optimizer_<kind>.c that ends in its
 * table, and one row in optimizer.c. An optimizer sees flat arrays, never a layer.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_NN_OPTIMIZER_H
#define DLCORE_NN_OPTIMIZER_H

#include <stddef.h>

#include "dlcore/optimizer.h"
#include "dlcore/status.h"
#include "math/kernels.h"

#define DLCORE_OPTIMIZER_SLOTS_MAX 3

/* What one step needs besides the arrays: computed once a step, then read by every thread. */
typedef struct dlcore_optimizer_step {
    union {
        dlcore_sgd_step_t sgd;
        dlcore_rmsprop_step_t rmsprop;
    } settings;
    bool centered;
} dlcore_optimizer_step_t;

typedef struct dlcore_optimizer_type {
    const char *name;       /* "rmsprop" */
    const char *class_name; /* "RMSprop", as Keras's configurations have it */
    /* DLCORE_ERROR_ARGUMENT with the setting's name, its range and its value. */
    dlcore_status (*validate)(const dlcore_optimizer_t *optimizer, dlcore_error_record_t *error);
    /* State vectors per parameter, at most DLCORE_OPTIMIZER_SLOTS_MAX, all zero at first. */
    size_t (*slots)(const dlcore_optimizer_t *optimizer);
    /* Keras's name of a state vector, 0 .. slots - 1: "velocity". */
    const char *(*slot_name)(const dlcore_optimizer_t *optimizer, size_t slot);
    /* The settings of the next step. */
    dlcore_optimizer_step_t (*prepare)(const dlcore_optimizer_t *optimizer);
    /* Moves n weights, each by itself: a caller may cut the arrays anywhere. */
    void (*update)(const dlcore_kernels_t *kernels, const dlcore_optimizer_step_t *step, size_t n,
                   float *weights, const float *gradients, float *const *slots);
} dlcore_optimizer_type_t;

/* The table of a kind; NULL for an unknown one. */
const dlcore_optimizer_type_t *dlcore_optimizer_type(dlcore_optimizer_kind_t kind);

/* Checks that a setting lies in low .. high. */
dlcore_status dlcore_optimizer_check(const char *optimizer, const char *setting, double value,
                                     double low, double high, dlcore_error_record_t *error);

extern const dlcore_optimizer_type_t dlcore_optimizer_type_sgd;
extern const dlcore_optimizer_type_t dlcore_optimizer_type_rmsprop;

#endif
