/* What an optimizer is to the engine: a const table, one per kind.
 *
 * To add a kind: an enumerator, fields and a constructor in dlcore/optimizer.h, one file
 * optimizer_<kind>.c that ends in its tables, and one row in DLCORE_OPTIMIZER_KINDS below. An
 * optimizer sees flat arrays, never a layer; clipping, decay and the other options that all kinds
 * share are engine/update.c's.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_NN_OPTIMIZER_H
#define DLCORE_NN_OPTIMIZER_H

#include "system/compiler.h"

#include <float.h>
#include <math.h>
#include <stddef.h>

#include "dlcore/optimizer.h"
#include "dlcore/status.h"
#include "kernels/kernels_training.h"
#include "nn/setting.h"

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
        dlcore_lion_step_t lion;
        dlcore_ftrl_step_t ftrl;
        dlcore_adafactor_step_t adafactor;
    } settings;
    bool centered; /* rmsprop */
    bool amsgrad;  /* adam */
} dlcore_optimizer_step_t;

/* What a state vector has for a matrix; a vector has none of the latter two. */
typedef enum dlcore_slot_form {
    DLCORE_SLOT_WHOLE = 0, /* a number for each weight */
    DLCORE_SLOT_INPUTS,    /* a number for each row, at the beginning of the matrix's place */
    DLCORE_SLOT_UNITS      /* a number for each column, likewise */
} dlcore_slot_form_t;

/* An array of weights with its whole gradient and state. A vector has one row, without panels. A
 * matrix is cut into panels of `panel` columns, one after the other, rows of which are `panel`
 * floats apart; the last panel may have fewer columns. */
typedef struct dlcore_optimizer_array {
    size_t rank, rows, columns, panel;
    float *weights;
    const float *gradients;
    float *slots[DLCORE_OPTIMIZER_SLOTS_MAX];
} dlcore_optimizer_array_t;

typedef struct dlcore_optimizer_type {
    const char *name;                 /* "rmsprop" */
    const char *class_name;           /* "RMSprop", as Keras's configurations have it */
    const dlcore_setting_t *settings; /* of dlcore_optimizer_t; in configs after the common ones */
    /* State vectors per parameter, at most DLCORE_OPTIMIZER_SLOTS_MAX, in the order in which Keras
     * makes them. */
    size_t (*slots)(const dlcore_optimizer_t *optimizer);
    /* Keras's name of a state vector, 0 .. slots - 1: "velocity". */
    const char *(*slot_name)(const dlcore_optimizer_t *optimizer, size_t slot);
    /* What a state vector is filled with at first. NULL: zero. */
    float (*slot_value)(const dlcore_optimizer_t *optimizer, size_t slot);
    /* NULL: all are whole. */
    dlcore_slot_form_t (*slot_form)(const dlcore_optimizer_t *optimizer, size_t slot);
    /* So many of the first are made for one parameter after the other by Keras, each of the others
     * for all parameters. */
    size_t side_by_side;
    bool has_clock; /* `prepare` looks at it; else its answer depends on the learning rate alone */
} dlcore_optimizer_type_t;

/* What a step calls: apart, so that a program that only predicts does not link it. */
typedef struct dlcore_optimizer_run {
    /* The settings of the next update; clock->iterations counts updates here. */
    dlcore_optimizer_step_t (*prepare)(const dlcore_optimizer_t *optimizer,
                                       const dlcore_optimizer_clock_t *clock, float learning_rate);
    /* The product after an update. NULL: stays. */
    double (*product)(const dlcore_optimizer_t *optimizer, const dlcore_optimizer_clock_t *clock);
    /* Whether a gradient of zero changes neither a weight nor its state. NULL: it may. */
    bool (*rests)(const dlcore_optimizer_t *optimizer);
    /* Moves n weights, each by itself: a caller may cut the arrays anywhere. */
    void (*update)(const dlcore_training_kernels_t *kernels, const dlcore_optimizer_step_t *step,
                   size_t n, float *weights, const float *gradients, float *const *slots);
    /* Instead of update: moves a whole array, whose weights do not move each by itself. */
    void (*update_array)(const dlcore_training_kernels_t *kernels,
                         const dlcore_optimizer_step_t *step,
                         const dlcore_optimizer_array_t *array);
} dlcore_optimizer_run_t;

/* The table of a kind; NULL for an unknown one. */
const dlcore_optimizer_type_t *dlcore_optimizer_type(dlcore_optimizer_kind_t kind);
/* What a step calls of a known kind: optimizer_run.c. */
const dlcore_optimizer_run_t *dlcore_optimizer_run(dlcore_optimizer_kind_t kind);

/* Checks a whole descriptor, its schedule and the options of all kinds included. */
dlcore_status dlcore_optimizer_validate(const dlcore_optimizer_t *optimizer,
                                        dlcore_error_record_t *error);

/* ---- state vectors: the kind's own, then the moving average, then the sums of gradients ---- */

size_t dlcore_optimizer_slots(const dlcore_optimizer_t *optimizer);
const char *dlcore_optimizer_slot_name(const dlcore_optimizer_t *optimizer, size_t slot);
float dlcore_optimizer_slot_value(const dlcore_optimizer_t *optimizer, size_t slot);
dlcore_slot_form_t dlcore_optimizer_slot_form(const dlcore_optimizer_t *optimizer, size_t slot);
/* Numbers that a state vector has for an array of that shape. */
size_t dlcore_optimizer_slot_size(const dlcore_optimizer_t *optimizer, size_t slot, size_t rank,
                                  const size_t shape[2]);

/* ---- for the kinds ---- */

/* beta^t for the next update, rounded to float as Keras has it. */
static inline float dlcore_optimizer_power(double beta, const dlcore_optimizer_clock_t *clock)
{
    return (float)pow((double)(float)beta, (double)((float)clock->iterations + 1.0f));
}

/* One row a kind, in the order of the enumerators: kind(KIND, name). Its file defines
 * dlcore_optimizer_type_<name>, dlcore_optimizer_run_<name> and, for configs,
 * dlcore_optimizer_keys_<name>. */
/* clang-format off */
#define DLCORE_OPTIMIZER_KINDS(kind) \
    kind(SGD, sgd) \
    kind(RMSPROP, rmsprop) \
    kind(ADAM, adam) \
    kind(ADAMW, adamw) \
    kind(ADAGRAD, adagrad) \
    kind(ADADELTA, adadelta) \
    kind(ADAMAX, adamax) \
    kind(NADAM, nadam) \
    kind(LION, lion) \
    kind(ADAFACTOR, adafactor) \
    kind(FTRL, ftrl)
/* clang-format on */

#define DLCORE_OPTIMIZER_DECLARED(kind, name)                          \
    extern const dlcore_optimizer_type_t dlcore_optimizer_type_##name; \
    extern const dlcore_optimizer_run_t dlcore_optimizer_run_##name;   \
    extern const dlcore_setting_key_t dlcore_optimizer_keys_##name[];
DLCORE_OPTIMIZER_KINDS(DLCORE_OPTIMIZER_DECLARED)
#undef DLCORE_OPTIMIZER_DECLARED

#define DLCORE_OPTIMIZER_COUNTED(kind, name) +1
enum { DLCORE_OPTIMIZER_KIND_COUNT = 1 DLCORE_OPTIMIZER_KINDS(DLCORE_OPTIMIZER_COUNTED) };
#undef DLCORE_OPTIMIZER_COUNTED

/* The type and place of a row of settings. */
#define DLCORE_OPTIMIZER_SETTING(setting_type, field) \
    .type = DLCORE_SETTING_##setting_type, .place = offsetof(dlcore_optimizer_t, field)
/* Below FLT_MIN it would be flushed to zero, and 0 / 0 is NaN. */
#define DLCORE_OPTIMIZER_EPSILON                                                     \
    {                                                                                \
        .key = "epsilon", DLCORE_OPTIMIZER_SETTING(DOUBLE, epsilon), .low = FLT_MIN, \
        .high = FLT_MAX, .value = 1e-7                                               \
    }
/* Which in float must stay below 1. */
#define DLCORE_OPTIMIZER_BETAS                                                                 \
    {.key = "beta_1",                                                                          \
     DLCORE_OPTIMIZER_SETTING(DOUBLE, beta_1),                                                 \
     .high = 1.0,                                                                              \
     .below = true,                                                                            \
     .value = 0.9},                                                                            \
    {                                                                                          \
        .key = "beta_2", DLCORE_OPTIMIZER_SETTING(DOUBLE, beta_2), .high = 1.0, .below = true, \
        .value = 0.999                                                                         \
    }

/* What all kinds have, but for their names. */
extern const dlcore_setting_t dlcore_optimizer_common_settings[];
extern const dlcore_setting_key_t dlcore_optimizer_common_keys[];

DLCORE_HIDDEN_END

#endif
