/* Half a wave of cosine again and again
 * (keras/src/optimizers/schedules/learning_rate_schedule.py, CosineDecayRestarts).
 *
 * SPDX-License-Identifier: MIT */
#include <float.h>
#include <math.h>

#include "nn/schedule.h"

/* Period i begins at (t^i - 1) / (t - 1) first periods. Which one a step is in Keras decides by
 * float32 logarithms; at the very step of a restart that may be the one before. */
static double cosine_decay_restarts_value(const dlcore_schedule_t *s, uint64_t number)
{
    double rate = dlcore_schedule_rounded(s->initial_learning_rate), step = (double)(float)number;
    float fraction = (float)step / (float)s->decay_steps, t = (float)s->t_mul, period;

    if (t == 1.0f) {
        period = floorf(fraction);
        fraction -= period;
    } else {
        float length;

        period = floorf(logf(1.0f - fraction * (1.0f - t)) / logf(t));
        length = powf(t, period);
        fraction = (fraction - (1.0f - length) / (1.0f - t)) / length;
    }
    return rate * dlcore_schedule_cosine(s, (double)fraction,
                                         pow(dlcore_schedule_rounded(s->m_mul), (double)period));
}

static const dlcore_setting_t cosine_decay_restarts_settings[] = {
    DLCORE_SCHEDULE_START("first_decay_steps"),
    {.key = "t_mul",
     DLCORE_SCHEDULE_SETTING(DOUBLE, t_mul),
     .low = FLT_MIN,
     .high = FLT_MAX,
     .value = 2.0},
    {.key = "m_mul",
     DLCORE_SCHEDULE_SETTING(DOUBLE, m_mul),
     .low = -FLT_MAX,
     .high = FLT_MAX,
     .value = 1.0},
    {.key = "alpha", DLCORE_SCHEDULE_SETTING(DOUBLE, alpha), .high = 1.0},
    {0},
};

dlcore_schedule_t dlcore_schedule_cosine_decay_restarts(double initial_learning_rate,
                                                        uint64_t first_decay_steps)
{
    return dlcore_schedule_make(DLCORE_SCHEDULE_COSINE_DECAY_RESTARTS,
                                cosine_decay_restarts_settings, initial_learning_rate,
                                first_decay_steps);
}

const dlcore_schedule_type_t dlcore_schedule_type_cosine_decay_restarts = {
    .name = "CosineDecayRestarts",
    .settings = cosine_decay_restarts_settings,
    .value = cosine_decay_restarts_value,
};

const dlcore_setting_key_t dlcore_schedule_keys_cosine_decay_restarts[] = {{0}};
