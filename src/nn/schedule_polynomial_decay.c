/* (r - end) (1 - min(s, d) / d)^power + end, or with cycles of d
 * (keras/src/optimizers/schedules/learning_rate_schedule.py, PolynomialDecay).
 *
 * SPDX-License-Identifier: MIT */
#include <float.h>
#include <math.h>

#include "nn/schedule.h"

static double polynomial_decay_value(const dlcore_schedule_t *s, uint64_t number)
{
    double rate = dlcore_schedule_rounded(s->initial_learning_rate);
    double end = dlcore_schedule_rounded(s->end_learning_rate);
    double step = (double)(float)number, steps = (double)(float)s->decay_steps;

    if (s->cycle)
        steps *= step == 0.0 ? 1.0 : ceil(dlcore_schedule_quotient(step, steps));
    else
        step = fmin(step, steps);
    return (rate - end) *
               pow(1.0 - dlcore_schedule_quotient(step, steps), dlcore_schedule_rounded(s->power)) +
           end;
}

static const dlcore_setting_t polynomial_decay_settings[] = {
    DLCORE_SCHEDULE_START("decay_steps"),
    {.key = "end_learning_rate",
     DLCORE_SCHEDULE_SETTING(DOUBLE, end_learning_rate),
     .high = FLT_MAX,
     .value = 0.0001},
    {.key = "power", DLCORE_SCHEDULE_SETTING(DOUBLE, power), .high = FLT_MAX, .value = 1.0},
    {.key = "cycle", DLCORE_SCHEDULE_SETTING(BOOL, cycle)},
    {0},
};

dlcore_schedule_t dlcore_schedule_polynomial_decay(double initial_learning_rate,
                                                   uint64_t decay_steps)
{
    return dlcore_schedule_make(DLCORE_SCHEDULE_POLYNOMIAL_DECAY, polynomial_decay_settings,
                                initial_learning_rate, decay_steps);
}

const dlcore_schedule_type_t dlcore_schedule_type_polynomial_decay = {
    .name = "PolynomialDecay",
    .settings = polynomial_decay_settings,
    .value = polynomial_decay_value,
};

const dlcore_setting_key_t dlcore_schedule_keys_polynomial_decay[] = {{0}};
