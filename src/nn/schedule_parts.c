/* What the formulas of schedules share.
 *
 * SPDX-License-Identifier: MIT */
#include "nn/schedule.h"

#include <math.h>

const dlcore_setting_key_t dlcore_schedule_common_keys[] = {{"name", NULL}, {0}};

dlcore_schedule_t dlcore_schedule_make(dlcore_schedule_kind_t kind,
                                       const dlcore_setting_t *settings,
                                       double initial_learning_rate, uint64_t decay_steps)
{
    dlcore_schedule_t schedule = {.kind = kind};

    dlcore_settings_default(settings, &schedule);
    schedule.initial_learning_rate = initial_learning_rate;
    schedule.decay_steps = decay_steps;
    return schedule;
}

double dlcore_schedule_periods(const dlcore_schedule_t *schedule, uint64_t step)
{
    double part = dlcore_schedule_quotient((double)(float)step, (double)schedule->decay_steps);

    return schedule->staircase ? floor(part) : part;
}

double dlcore_schedule_cosine(const dlcore_schedule_t *schedule, double fraction, double height)
{
    double alpha = dlcore_schedule_rounded(schedule->alpha);
    double wave = 0.5 * (1.0 + cos(3.14159265358979323846 * fraction));

    return (1.0 - alpha) * height * wave + alpha;
}
