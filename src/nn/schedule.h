/* What a learning rate schedule is: a const table, one per kind; checking and evaluating any.
 *
 * To add a kind: an enumerator, fields and a constructor in dlcore/schedule.h, one file
 * schedule_<kind>.c that ends in its tables, and one row in DLCORE_SCHEDULE_KINDS below.
 *
 * Keras evaluates in float32; so that steps and their quotients are the same ones there and here,
 * settings are rounded to float first, and the rest is computed in double.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_NN_SCHEDULE_H
#define DLCORE_NN_SCHEDULE_H

#include "system/compiler.h"

#include <float.h>

#include "dlcore/schedule.h"
#include "dlcore/status.h"
#include "nn/setting.h"

DLCORE_HIDDEN_BEGIN

typedef struct dlcore_schedule_type {
    const char *name;                 /* "ExponentialDecay", Keras's class */
    const dlcore_setting_t *settings; /* of dlcore_schedule_t; in configs in this order */
    bool not_in_keras;                /* files for Keras cannot name it */
    /* What no range says. NULL: nothing. */
    dlcore_status (*check)(const dlcore_schedule_t *schedule, dlcore_error_record_t *error);
    /* Drops what a config holds without effect. NULL: nothing. */
    void (*settle)(dlcore_schedule_t *schedule);
    double (*value)(const dlcore_schedule_t *schedule, uint64_t step);
} dlcore_schedule_type_t;

/* One row a kind that has a formula, in the order of the enumerators: kind(KIND, name). Its file
 * defines dlcore_schedule_type_<name> and, for configs, dlcore_schedule_keys_<name>. */
/* clang-format off */
#define DLCORE_SCHEDULE_KINDS(kind) \
    kind(EXPONENTIAL_DECAY, exponential_decay) \
    kind(PIECEWISE_CONSTANT_DECAY, piecewise_constant_decay) \
    kind(POLYNOMIAL_DECAY, polynomial_decay) \
    kind(INVERSE_TIME_DECAY, inverse_time_decay) \
    kind(COSINE_DECAY, cosine_decay) \
    kind(COSINE_DECAY_RESTARTS, cosine_decay_restarts) \
    kind(ONE_CYCLE, one_cycle)
/* clang-format on */

#define DLCORE_SCHEDULE_DECLARED(kind, name)                         \
    extern const dlcore_schedule_type_t dlcore_schedule_type_##name; \
    extern const dlcore_setting_key_t dlcore_schedule_keys_##name[];
DLCORE_SCHEDULE_KINDS(DLCORE_SCHEDULE_DECLARED)
#undef DLCORE_SCHEDULE_DECLARED

/* The table of a kind; NULL for what is no formula: NONE, FUNCTION, an unknown one. */
const dlcore_schedule_type_t *dlcore_schedule_type(dlcore_schedule_kind_t kind);

/* DLCORE_ERROR_ARGUMENT with the setting's name, its range and its value. */
dlcore_status dlcore_schedule_validate(const dlcore_schedule_t *schedule,
                                       dlcore_error_record_t *error);

/* ---- for the kinds ---- */

/* The type and place of a row of settings. */
#define DLCORE_SCHEDULE_SETTING(setting_type, field) \
    .type = DLCORE_SETTING_##setting_type, .place = offsetof(dlcore_schedule_t, field)
/* What most begin with. */
#define DLCORE_SCHEDULE_START(steps_key)                                        \
    {.key = "initial_learning_rate",                                            \
     DLCORE_SCHEDULE_SETTING(DOUBLE, initial_learning_rate),                    \
     .high = FLT_MAX},                                                          \
    {                                                                           \
        .key = steps_key, DLCORE_SCHEDULE_SETTING(COUNT, decay_steps), .low = 1 \
    }

/* And those of a decay at a rate go on with. */
#define DLCORE_SCHEDULE_RATE                                         \
    {.key = "decay_rate",                                            \
     DLCORE_SCHEDULE_SETTING(DOUBLE, decay_rate),                    \
     .low = -FLT_MAX,                                                \
     .high = FLT_MAX,                                                \
     .value = 1.0},                                                  \
    {                                                                \
        .key = "staircase", DLCORE_SCHEDULE_SETTING(BOOL, staircase) \
    }

extern const dlcore_setting_key_t dlcore_schedule_common_keys[];

/* The descriptor of a kind with the defaults of its settings; those of other kinds are 0. */
dlcore_schedule_t dlcore_schedule_make(dlcore_schedule_kind_t kind,
                                       const dlcore_setting_t *settings,
                                       double initial_learning_rate, uint64_t decay_steps);

/* As float32 has it. */
static inline double dlcore_schedule_rounded(double value)
{
    return (double)(float)value;
}

/* A quotient of steps, which Keras takes apart by floor and ceil in float32. */
static inline double dlcore_schedule_quotient(double step, double steps)
{
    return (double)((float)step / (float)steps);
}

/* How many times decay_steps have passed; whole times with staircase. */
double dlcore_schedule_periods(const dlcore_schedule_t *schedule, uint64_t step);
/* Half a wave of cosine from `height` down to alpha, at a fraction of its length. */
double dlcore_schedule_cosine(const dlcore_schedule_t *schedule, double fraction, double height);

DLCORE_HIDDEN_END

#endif
