/* A warm-up, then half a wave of cosine
 * (keras/src/optimizers/schedules/learning_rate_schedule.py, CosineDecay).
 *
 * SPDX-License-Identifier: MIT */
#include <float.h>
#include <math.h>

#include "base/error.h"
#include "nn/schedule.h"

static double cosine_decay_value(const dlcore_schedule_t *s, uint64_t number)
{
    double rate = dlcore_schedule_rounded(s->initial_learning_rate), step = (double)(float)number;
    double steps = (double)(float)s->decay_steps, warmup = (double)(float)s->warmup_steps;
    double target = dlcore_schedule_rounded(s->warmup_target);

    if (!s->has_warmup)
        return rate * dlcore_schedule_cosine(s, fmin(step, steps) / steps, 1.0);
    if (step < warmup)
        return (target - rate) * (step / warmup) + rate;
    return target * dlcore_schedule_cosine(s, (fmin(step, steps + warmup) - warmup) / steps, 1.0);
}

/* A warm-up that is set but not switched on would be dropped in silence. */
static dlcore_status check_warmup(const dlcore_schedule_t *s, dlcore_error_record_t *error)
{
    if (s->has_warmup || (s->warmup_steps == 0 && s->warmup_target == 0.0))
        return DLCORE_OK;
    return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                       "%s: has_warmup is false, but warmup_steps is %llu and warmup_target is %g",
                       "CosineDecay", (unsigned long long)s->warmup_steps, s->warmup_target);
}

/* As Keras, which looks at warmup_steps only where there is a warmup_target. */
static void settle_warmup(dlcore_schedule_t *s)
{
    if (!s->has_warmup)
        s->warmup_steps = 0;
}

static const dlcore_setting_t cosine_decay_settings[] = {
    DLCORE_SCHEDULE_START("decay_steps"),
    {.key = "alpha", DLCORE_SCHEDULE_SETTING(DOUBLE, alpha), .high = 1.0},
    {.key = "warmup_target",
     DLCORE_SCHEDULE_SETTING(DOUBLE, warmup_target),
     .high = FLT_MAX,
     .switch_place = offsetof(dlcore_schedule_t, has_warmup)},
    {.key = "warmup_steps", DLCORE_SCHEDULE_SETTING(COUNT, warmup_steps)},
    {0},
};

dlcore_schedule_t dlcore_schedule_cosine_decay(double initial_learning_rate, uint64_t decay_steps)
{
    return dlcore_schedule_make(DLCORE_SCHEDULE_COSINE_DECAY, cosine_decay_settings,
                                initial_learning_rate, decay_steps);
}

const dlcore_schedule_type_t dlcore_schedule_type_cosine_decay = {
    .name = "CosineDecay",
    .settings = cosine_decay_settings,
    .check = check_warmup,
    .settle = settle_warmup,
    .value = cosine_decay_value,
};

const dlcore_setting_key_t dlcore_schedule_keys_cosine_decay[] = {{0}};
