/* r / (1 + rate s / d) (keras/src/optimizers/schedules/learning_rate_schedule.py,
 * InverseTimeDecay).
 *
 * SPDX-License-Identifier: MIT */
#include <float.h>

#include "nn/schedule.h"

static double inverse_time_decay_value(const dlcore_schedule_t *s, uint64_t step)
{
    return dlcore_schedule_rounded(s->initial_learning_rate) /
           (1.0 + dlcore_schedule_rounded(s->decay_rate) * dlcore_schedule_periods(s, step));
}

static const dlcore_setting_t inverse_time_decay_settings[] = {
    DLCORE_SCHEDULE_START("decay_steps"),
    DLCORE_SCHEDULE_RATE,
    {0},
};

dlcore_schedule_t dlcore_schedule_inverse_time_decay(double initial_learning_rate,
                                                     uint64_t decay_steps, double decay_rate)
{
    dlcore_schedule_t schedule =
        dlcore_schedule_make(DLCORE_SCHEDULE_INVERSE_TIME_DECAY, inverse_time_decay_settings,
                             initial_learning_rate, decay_steps);
    schedule.decay_rate = decay_rate;
    return schedule;
}

const dlcore_schedule_type_t dlcore_schedule_type_inverse_time_decay = {
    .name = "InverseTimeDecay",
    .settings = inverse_time_decay_settings,
    .value = inverse_time_decay_value,
};

const dlcore_setting_key_t dlcore_schedule_keys_inverse_time_decay[] = {{0}};
