/* Learning rate schedules: the rate as a function of the step, counted from 0. Formulas, defaults
 * and names are Keras 3's (keras/src/optimizers/schedules/learning_rate_schedule.py). Set one as an
 * optimizer's `schedule`:
 *
 *     dlcore_optimizer_t adam = dlcore_optimizer_adam();
 *     adam.schedule = dlcore_schedule_exponential_decay(0.01, 1000, 0.9);
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_SCHEDULE_H
#define DLCORE_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api.h"

#ifdef __cplusplus
extern "C" {
#endif

#define DLCORE_SCHEDULE_BOUNDARIES_MAX 16

/* s is the step, r the initial learning rate, d the decay steps. */
typedef enum dlcore_schedule_kind {
    DLCORE_SCHEDULE_UNKNOWN = -1, /* a name that was not found: compile refuses it */
    DLCORE_SCHEDULE_NONE = 0,     /* the optimizer's learning_rate, always */
    /* r rate^(s / d); staircase: the power is floor(s / d) */
    DLCORE_SCHEDULE_EXPONENTIAL_DECAY,
    /* values[i] while s <= boundaries[i], the last value beyond */
    DLCORE_SCHEDULE_PIECEWISE_CONSTANT_DECAY,
    /* (r - end) (1 - min(s, d) / d)^power + end; cycle: d is its first multiple that is not below s
     * instead */
    DLCORE_SCHEDULE_POLYNOMIAL_DECAY,
    /* r / (1 + rate s / d); staircase: of floor(s / d) */
    DLCORE_SCHEDULE_INVERSE_TIME_DECAY,
    /* (1 - alpha) (1 + cos(pi min(s, d) / d)) / 2 + alpha, times r; with warm-up: first
     * warmup_steps steps linearly from r to warmup_target, then d steps of decay from there:
     * warmup_steps + d in all */
    DLCORE_SCHEDULE_COSINE_DECAY,
    /* the same again and again, each period t_mul times as long, each rise m_mul times as high */
    DLCORE_SCHEDULE_COSINE_DECAY_RESTARTS,
    /* PyTorch's OneCycleLR (torch/optim/lr_scheduler.py) of d steps and maximum m: from m /
     * div_factor up to m over warmup_share d steps, then down to m / div_factor /
     * final_div_factor; three_phase: as slowly down to m / div_factor, then on to the end. Along
     * half a wave of cosine, or with `linear` a line. Beyond d steps the last rate stays. Momentum
     * is not cycled: it is PyTorch's with cycle_momentum=False. Keras has none: saving for Keras
     * refuses it. */
    DLCORE_SCHEDULE_ONE_CYCLE,
    DLCORE_SCHEDULE_FUNCTION /* function(user, s) */
} dlcore_schedule_kind_t;

/* The learning rate of a step, at least 0 and finite. Called by a training call, on its thread,
 * before each step, by dlcore_model_learning_rate and by saving. It must not call these. */
typedef double (*dlcore_schedule_function_t)(void *user, uint64_t step);

/* A value descriptor: copy it, change it, nothing to free. Settings are finite. Training ends with
 * DLCORE_ERROR_ARGUMENT at a step where a formula gives a rate below 0 or none at all. */
typedef struct dlcore_schedule {
    dlcore_schedule_kind_t kind;
    double initial_learning_rate; /* >= 0 */
    uint64_t decay_steps;         /* 1 or more; restarts: of the first period */
    double decay_rate;            /* exponential, inverse time */
    bool staircase;               /* exponential, inverse time */
    double end_learning_rate;     /* polynomial: >= 0 */
    double power;                 /* polynomial: >= 0 */
    bool cycle;                   /* polynomial */
    double alpha;                 /* cosine: 0 .. 1, the share of the rate that stays */
    /* cosine: Keras's warmup_target is not None; while false, the two below must stay 0 */
    bool has_warmup;
    double warmup_target;     /* cosine: >= 0 */
    uint64_t warmup_steps;    /* cosine: before decay_steps, which do not count them */
    double t_mul;             /* restarts: above 0; below 1, periods end at d / (1 - t_mul) */
    double m_mul;             /* restarts */
    double max_learning_rate; /* one cycle: >= 0 */
    double warmup_share;      /* one cycle: 0 .. 1, PyTorch's pct_start */
    double div_factor;        /* one cycle: above 0 */
    double final_div_factor;  /* one cycle: above 0 */
    bool three_phase;         /* one cycle */
    bool linear;              /* one cycle: PyTorch's anneal_strategy="linear" */
    size_t boundary_count;    /* piecewise: 1 .. DLCORE_SCHEDULE_BOUNDARIES_MAX, rising */
    uint64_t boundaries[DLCORE_SCHEDULE_BOUNDARIES_MAX];
    double values[DLCORE_SCHEDULE_BOUNDARIES_MAX + 1]; /* boundary_count + 1 of them, >= 0 */
    /* A function cannot be saved: a model file gets the learning rate of the moment instead. One
     * that backup_and_restore loads leaves the program's function in place. */
    dlcore_schedule_function_t function;
    void *user; /* the function's own */
} dlcore_schedule_t;

/* staircase false */
DLCORE_API dlcore_schedule_t dlcore_schedule_exponential_decay(double initial_learning_rate,
                                                               uint64_t decay_steps,
                                                               double decay_rate);
/* boundary_count boundaries, boundary_count + 1 values, copied. More than fit, or NULL, gives a
 * descriptor that compile refuses. */
DLCORE_API dlcore_schedule_t dlcore_schedule_piecewise_constant_decay(const uint64_t *boundaries,
                                                                      const double *values,
                                                                      size_t boundary_count);
/* end_learning_rate 0.0001, power 1, cycle false */
DLCORE_API dlcore_schedule_t dlcore_schedule_polynomial_decay(double initial_learning_rate,
                                                              uint64_t decay_steps);
/* staircase false */
DLCORE_API dlcore_schedule_t dlcore_schedule_inverse_time_decay(double initial_learning_rate,
                                                                uint64_t decay_steps,
                                                                double decay_rate);
/* alpha 0, no warm-up */
DLCORE_API dlcore_schedule_t dlcore_schedule_cosine_decay(double initial_learning_rate,
                                                          uint64_t decay_steps);
/* t_mul 2, m_mul 1, alpha 0 */
DLCORE_API dlcore_schedule_t dlcore_schedule_cosine_decay_restarts(double initial_learning_rate,
                                                                   uint64_t first_decay_steps);
/* warmup_share 0.3, div_factor 25, final_div_factor 10000, three_phase false, linear false.
 * total_steps are the batches of the whole fit: epochs times batches of an epoch. */
DLCORE_API dlcore_schedule_t dlcore_schedule_one_cycle(double max_learning_rate,
                                                       uint64_t total_steps);
DLCORE_API dlcore_schedule_t dlcore_schedule_function(dlcore_schedule_function_t function,
                                                      void *user);

/* The learning rate at a step; NaN for NULL, kind NONE, or a descriptor that compile refuses.
 * Computed in double (Keras: float32). */
DLCORE_API double dlcore_schedule_value(const dlcore_schedule_t *schedule, uint64_t step);

/* By Keras's class name ("ExponentialDecay", "exponential_decay"; case and underscores do not
 * count), with its defaults for what has some; an initial_learning_rate of 0, and 0 decay_steps or
 * boundary_count, which you must set. An unknown name, or NULL, gives kind DLCORE_SCHEDULE_UNKNOWN,
 * which compile refuses. And back: "ExponentialDecay"; "unknown" for what has no name there. */
DLCORE_API dlcore_schedule_t dlcore_schedule_from_name(const char *name);
DLCORE_API const char *dlcore_schedule_name(dlcore_schedule_kind_t kind);

#ifdef __cplusplus
}
#endif

#endif
