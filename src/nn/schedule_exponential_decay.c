/* r rate^(s / d) (keras/src/optimizers/schedules/learning_rate_schedule.py, ExponentialDecay).
 *
 * SPDX-License-Identifier: MIT */
#include <float.h>
#include <math.h>

#include "nn/schedule.h"

static double exponential_decay_value(const dlcore_schedule_t *s, uint64_t step)
{
    return dlcore_schedule_rounded(s->initial_learning_rate) *
           pow(dlcore_schedule_rounded(s->decay_rate), dlcore_schedule_periods(s, step));
}

static const dlcore_setting_t exponential_decay_settings[] = {
    DLCORE_SCHEDULE_START("decay_steps"),
    DLCORE_SCHEDULE_RATE,
    {0},
};

dlcore_schedule_t dlcore_schedule_exponential_decay(double initial_learning_rate,
                                                    uint64_t decay_steps, double decay_rate)
{
    dlcore_schedule_t schedule =
        dlcore_schedule_make(DLCORE_SCHEDULE_EXPONENTIAL_DECAY, exponential_decay_settings,
                             initial_learning_rate, decay_steps);
    schedule.decay_rate = decay_rate;
    return schedule;
}

const dlcore_schedule_type_t dlcore_schedule_type_exponential_decay = {
    .name = "ExponentialDecay",
    .settings = exponential_decay_settings,
    .value = exponential_decay_value,
};

const dlcore_setting_key_t dlcore_schedule_keys_exponential_decay[] = {{0}};
