/* Axes of charts.
 *
 * SPDX-License-Identifier: MIT */
#include "report/chart_axis.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define MARGIN 0.05              /* of the span on both sides, as matplotlib leaves */
#define SMALLEST 1e-12           /* of the size of the values: a span below is one value */
#define LARGEST (DBL_MAX / 16.0) /* what is beyond is cut, so that spans are numbers */
#define FLATTEST 1e-290          /* half the span of one value that is nearly 0 */
#define LOW_DECADE (-323.0)      /* between these, powers of ten are doubles */
#define HIGH_DECADE 308.0
#define NARROWEST 1e-9 /* decades: a span below is one value */
#define AXIS_DECIMALS_MAX 17

/* 1, 2 or 5 times a power of ten, about `rough`. */
static double round_step(double rough)
{
    double power = pow(10.0, floor(log10(rough)));
    double part = rough / power;

    return power * (part < 1.5 ? 1.0 : part < 3.5 ? 2.0 : part < 7.5 ? 5.0 : 10.0);
}

static void add_tick(dlcore_axis_t *axis, double tick)
{
    if (axis->count < DLCORE_AXIS_TICKS_MAX)
        axis->ticks[axis->count++] = tick;
}

/* The multiples of the step in low .. high. */
static void add_multiples(dlcore_axis_t *axis, double low, double high)
{
    double first = ceil(low / axis->step - 1e-9) * axis->step;
    double last = floor(high / axis->step + 1e-9) * axis->step;
    size_t count = last >= first ? (size_t)((last - first) / axis->step + 0.5) + 1 : 0;

    for (size_t i = 0; i < count; i++) {
        double tick = first + (double)i * axis->step;

        add_tick(axis, fabs(tick) < axis->step * 1e-6 ? 0.0 : tick); /* no -0, no 1e-17 */
    }
}

static double cut_to(double value, double low, double high)
{
    return fmin(fmax(value, low), high);
}

dlcore_axis_t dlcore_axis_fit(double low, double high, size_t ticks)
{
    dlcore_axis_t axis = {.count = 0};
    double size, margin;

    low = cut_to(low, -LARGEST, LARGEST);
    high = cut_to(high, -LARGEST, LARGEST);
    size = fmax(fabs(low), fabs(high));
    margin = (high - low) * MARGIN;
    if (high - low <= fmax(size * SMALLEST, FLATTEST))
        margin = size == 0.0 ? 0.5 : fmax(size * MARGIN, FLATTEST);
    axis.low = low - margin;
    axis.high = high + margin;
    axis.step = round_step((axis.high - axis.low) / (double)ticks);
    add_multiples(&axis, axis.low, axis.high);
    return axis;
}

dlcore_axis_t dlcore_axis_fit_whole(double low, double high, size_t ticks)
{
    dlcore_axis_t axis = {.low = low, .high = high, .whole = true};

    if (high <= low) {
        axis.low = low - 0.5;
        axis.high = low + 0.5;
    }
    axis.step = fmax(round_step((axis.high - axis.low) / (double)ticks), 1.0);
    add_tick(&axis, low);
    if (axis.step == 2.0) { /* 1 3 5, where 1 2 4 would limp */
        size_t more = (size_t)((high - low) / 2.0);

        for (size_t i = 1; i <= more; i++)
            add_tick(&axis, low + 2.0 * (double)i);
        return axis;
    }
    add_multiples(&axis, low + axis.step / 2.0, axis.high); /* none that crowds the first */
    return axis;
}

/* Every stride-th power of ten, times each of the factors, where that is in low .. high. */
static void add_powers(dlcore_axis_t *axis, double stride, const double *factors, size_t count)
{
    double first = floor(axis->low / stride) * stride;
    size_t powers = (size_t)((axis->high - first) / stride) + 1;

    for (size_t i = 0; i < powers * count; i++) {
        size_t steps = i / count;
        double power = first + stride * (double)steps, factor = factors[i % count];
        double place = power + log10(factor);

        if (place >= axis->low && place <= axis->high)
            add_tick(axis, factor * pow(10.0, power));
    }
}

dlcore_axis_t dlcore_axis_fit_logarithmic(double low, double high, size_t ticks)
{
    static const double factors[] = {1.0, 2.0, 5.0};
    dlcore_axis_t axis = {.logarithmic = true};
    double margin, decades;

    low = log10(low);
    high = log10(high);
    margin = high - low > NARROWEST ? (high - low) * MARGIN : 0.5;
    axis.low = fmax(fmin(low - margin, HIGH_DECADE - 1.0), LOW_DECADE);
    axis.high = fmin(fmax(high + margin, LOW_DECADE + 1.0), HIGH_DECADE);
    decades = axis.high - axis.low;
    if (decades < 1.0) {
        double from = pow(10.0, axis.low), to = pow(10.0, axis.high);

        axis.step = round_step((to - from) / (double)ticks);
        add_multiples(&axis, from, to);
    } else if (decades < 2.0) {
        add_powers(&axis, 1.0, factors, 3);
    } else {
        add_powers(&axis, fmax(round_step(decades / (double)ticks), 1.0), factors, 1);
    }
    return axis;
}

double dlcore_axis_place(const dlcore_axis_t *axis, double value)
{
    double at = axis->logarithmic ? log10(value) : value;

    return (cut_to(at, axis->low, axis->high) - axis->low) / (axis->high - axis->low);
}

/* 1.5e-07 as 1.5e-7, 2e+06 as 2e6. */
static const char *scientific(char text[DLCORE_NUMBER_SIZE], double value, double decimals)
{
    char *digits;

    dlcore_number(text, value, (int)cut_to(decimals, 0.0, AXIS_DECIMALS_MAX), 1);
    digits = strchr(text, 'e') + 1;
    if (*digits == '+')
        memmove(digits, digits + 1, strlen(digits));
    digits += *digits == '-';
    while (digits[0] == '0' && digits[1] != '\0')
        memmove(digits, digits + 1, strlen(digits));
    return text;
}

static double magnitude(double value)
{
    return floor(log10(fabs(value)) + 1e-9);
}

const char *dlcore_axis_label(const dlcore_axis_t *axis, size_t index,
                              char text[DLCORE_NUMBER_SIZE])
{
    double tick = axis->ticks[index], step = axis->step > 0.0 ? axis->step : tick;
    double size =
        axis->step > 0.0 ? fmax(fabs(axis->ticks[0]), fabs(axis->ticks[axis->count - 1])) : tick;
    double place = magnitude(step);

    if (axis->whole)
        return dlcore_number(text, tick, 0, 0);
    if (size < 1e6 && size >= 1e-4)
        return dlcore_number(text, tick, (int)cut_to(-place, 0.0, AXIS_DECIMALS_MAX), 0);
    if (tick == 0.0)
        return memcpy(text, "0", 2);
    return scientific(text, tick, magnitude(tick) - place);
}

const char *dlcore_axis_number(double value, char text[DLCORE_NUMBER_SIZE])
{
    double place = value != 0.0 ? magnitude(value) : 0.0;

    if (place >= -4.0 && place < 6.0)
        return dlcore_number(text, value, (int)fmax(3.0 - place, 0.0), 0);
    return scientific(text, value, 3.0);
}
