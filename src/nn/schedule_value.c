/* Values of learning rate schedules by Keras's formulas (keras/src/optimizers/schedules).
 *
 * Keras evaluates in float32; so that steps and their quotients are the same ones there and here,
 * settings are rounded to float first, and the rest is computed in double.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "base/traces.h"
#include "nn/schedule.h"

/* As float32 has it. */
static double rounded(double value)
{
    return (double)(float)value;
}

/* A quotient of steps, which Keras takes apart by floor and ceil in float32. */
static double quotient(double step, double steps)
{
    return (double)((float)step / (float)steps);
}

static double cosine(const dlcore_schedule_t *s, double fraction, double height)
{
    double alpha = rounded(s->alpha), wave = 0.5 * (1.0 + cos(3.14159265358979323846 * fraction));

    return (1.0 - alpha) * height * wave + alpha;
}

static double polynomial(const dlcore_schedule_t *s, double rate, double step)
{
    double steps = (double)(float)s->decay_steps, end = rounded(s->end_learning_rate);

    if (s->cycle)
        steps *= step == 0.0 ? 1.0 : ceil(quotient(step, steps));
    else
        step = fmin(step, steps);
    return (rate - end) * pow(1.0 - quotient(step, steps), rounded(s->power)) + end;
}

static double cosine_decay(const dlcore_schedule_t *s, double rate, double step)
{
    double steps = (double)(float)s->decay_steps, warmup = (double)(float)s->warmup_steps;
    double target = rounded(s->warmup_target);

    if (!s->has_warmup)
        return rate * cosine(s, fmin(step, steps) / steps, 1.0);
    if (step < warmup)
        return (target - rate) * (step / warmup) + rate;
    return target * cosine(s, (fmin(step, steps + warmup) - warmup) / steps, 1.0);
}

/* Period i begins at (t^i - 1) / (t - 1) first periods. Which one a step is in Keras decides by
 * float32 logarithms; at the very step of a restart that may be the one before. */
static double cosine_restarts(const dlcore_schedule_t *s, double rate, double step)
{
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
    return rate * cosine(s, (double)fraction, pow(rounded(s->m_mul), (double)period));
}

static double piecewise(const dlcore_schedule_t *s, uint64_t step)
{
    size_t i = 0;

    while (i < s->boundary_count && step > s->boundaries[i])
        i++;
    return s->values[i];
}

static double rate_at(const dlcore_schedule_t *s, uint64_t number)
{
    double step = (double)(float)number;
    double part = s->decay_steps > 0 ? quotient(step, (double)s->decay_steps) : 0.0;
    double rate = rounded(s->initial_learning_rate);

    if (s->staircase)
        part = floor(part);
    switch (s->kind) {
    case DLCORE_SCHEDULE_EXPONENTIAL_DECAY:
        return rate * pow(rounded(s->decay_rate), part);
    case DLCORE_SCHEDULE_PIECEWISE_CONSTANT_DECAY:
        return piecewise(s, number);
    case DLCORE_SCHEDULE_POLYNOMIAL_DECAY:
        return polynomial(s, rate, step);
    case DLCORE_SCHEDULE_INVERSE_TIME_DECAY:
        return rate / (1.0 + rounded(s->decay_rate) * part);
    case DLCORE_SCHEDULE_COSINE_DECAY:
        return cosine_decay(s, rate, step);
    case DLCORE_SCHEDULE_COSINE_DECAY_RESTARTS:
        return cosine_restarts(s, rate, step);
    case DLCORE_SCHEDULE_FUNCTION:
        return s->function(s->user, number);
    case DLCORE_SCHEDULE_NONE:
    case DLCORE_SCHEDULE_UNKNOWN:
        break;
    }
    return (double)NAN;
}

double dlcore_schedule_value(const dlcore_schedule_t *schedule, uint64_t step)
{
    dlcore_traces_t before = dlcore_traces_note();
    double value = (double)NAN;

    if (schedule != NULL && dlcore_schedule_validate(schedule, NULL) == DLCORE_OK)
        value = rate_at(schedule, step);
    (void)dlcore_traces_end(before, DLCORE_OK);
    return value;
}
