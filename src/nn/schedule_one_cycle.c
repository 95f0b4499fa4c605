/* PyTorch's one-cycle schedule (torch/optim/lr_scheduler.py, OneCycleLR): up to a maximum, and down
 * far below where it began (Smith and Topin, Super-Convergence, 2018).
 *
 * SPDX-License-Identifier: MIT */
#include <float.h>
#include <math.h>

#include "nn/schedule.h"

/* The rate that a phase ends with, and the step at which it does. */
typedef struct one_cycle_phase {
    double rate, end;
} one_cycle_phase_t;

static double anneal(double from, double to, double share, bool linear)
{
    if (linear)
        return (to - from) * share + from;
    return to + (from - to) / 2.0 * (1.0 + cos(3.14159265358979323846 * share));
}

static double one_cycle_value(const dlcore_schedule_t *s, uint64_t number)
{
    double steps = (double)s->decay_steps, first = s->max_learning_rate / s->div_factor;
    double step = fmin((double)number, steps - 1.0), begin = 0.0, from = first;
    const one_cycle_phase_t phases[3] = {
        {s->max_learning_rate, s->warmup_share * steps - 1.0},
        {first, s->three_phase ? 2.0 * s->warmup_share * steps - 2.0 : -1.0},
        {first / s->final_div_factor, steps - 1.0}};

    for (int i = 0; i < 3; i++) {
        if (i == 1 && !s->three_phase)
            continue;
        if (step <= phases[i].end && phases[i].end > begin)
            return anneal(from, phases[i].rate, (step - begin) / (phases[i].end - begin),
                          s->linear);
        begin = phases[i].end;
        from = phases[i].rate;
    }
    return from;
}

static const dlcore_setting_t one_cycle_settings[] = {
    {.key = "max_lr",
     DLCORE_SCHEDULE_SETTING(DOUBLE, max_learning_rate),
     .high = FLT_MAX,
     .field = "max_learning_rate"},
    {.key = "total_steps",
     .field = "decay_steps",
     DLCORE_SCHEDULE_SETTING(COUNT, decay_steps),
     .low = 1},
    {.key = "pct_start",
     DLCORE_SCHEDULE_SETTING(DOUBLE, warmup_share),
     .high = 1.0,
     .value = 0.3,
     .field = "warmup_share"},
    {.key = "div_factor",
     DLCORE_SCHEDULE_SETTING(DOUBLE, div_factor),
     .low = FLT_MIN,
     .high = FLT_MAX,
     .value = 25.0},
    {.key = "final_div_factor",
     DLCORE_SCHEDULE_SETTING(DOUBLE, final_div_factor),
     .low = FLT_MIN,
     .high = FLT_MAX,
     .value = 1e4},
    {.key = "three_phase", DLCORE_SCHEDULE_SETTING(BOOL, three_phase)},
    {.key = "linear", DLCORE_SCHEDULE_SETTING(BOOL, linear)},
    {0},
};

dlcore_schedule_t dlcore_schedule_one_cycle(double max_learning_rate, uint64_t total_steps)
{
    dlcore_schedule_t schedule =
        dlcore_schedule_make(DLCORE_SCHEDULE_ONE_CYCLE, one_cycle_settings, 0.0, total_steps);

    schedule.max_learning_rate = max_learning_rate;
    return schedule;
}

const dlcore_schedule_type_t dlcore_schedule_type_one_cycle = {
    .name = "OneCycle",
    .not_in_keras = true,
    .settings = one_cycle_settings,
    .value = one_cycle_value,
};

const dlcore_setting_key_t dlcore_schedule_keys_one_cycle[] = {{0}};
