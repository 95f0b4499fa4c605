/* Axes of charts.
 *
 * SPDX-License-Identifier: MIT */
#include "io/chart_axis.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define MARGIN 0.05              /* of the span on both sides, as matplotlib leaves */
#define SMALLEST 1e-12           /* of the size of the values: a span below is one value */
#define LARGEST (DBL_MAX / 16.0) /* what is beyond is cut, so that spans are numbers */
#define FLATTEST 1e-290          /* half the span of one value that is nearly 0 */
#define DECIMALS_MAX 17

/* 1, 2 or 5 times a power of ten, about `rough`. */
static double round_step(double rough)
{
    double power = pow(10.0, floor(log10(rough)));
    double part = rough / power;

    return power * (part < 1.5 ? 1.0 : part < 3.5 ? 2.0 : part < 7.5 ? 5.0 : 10.0);
}

dlcore_axis_t dlcore_axis_fit(double low, double high, size_t ticks, bool whole)
{
    dlcore_axis_t axis;
    double size, last;

    low = fmin(fmax(low, -LARGEST), LARGEST);
    high = fmin(fmax(high, -LARGEST), LARGEST);
    size = fmax(fabs(low), fabs(high));
    if (high - low <= fmax(size * SMALLEST, FLATTEST)) {
        double half = whole || size == 0.0 ? 0.5 : fmax(size * MARGIN, FLATTEST);

        low -= half;
        high += half;
    } else if (!whole) {
        double margin = (high - low) * MARGIN;

        low -= margin;
        high += margin;
    }
    axis =
        (dlcore_axis_t){.low = low, .high = high, .step = round_step((high - low) / (double)ticks)};
    if (whole)
        axis.step = fmax(axis.step, 1.0);
    axis.first = ceil(low / axis.step - 1e-9) * axis.step;
    last = floor(high / axis.step + 1e-9) * axis.step;
    if (last >= axis.first)
        axis.count = (size_t)((last - axis.first) / axis.step + 0.5) + 1;
    return axis;
}

double dlcore_axis_tick(const dlcore_axis_t *axis, size_t index)
{
    double tick = axis->first + (double)index * axis->step;

    return fabs(tick) < axis->step * 1e-6 ? 0.0 : tick; /* no -0, no 1e-17 */
}

/* 1.5e-07 becomes 1.5e-7, 2e+06 becomes 2e6. */
static void shorten(char *text)
{
    char *digits = strchr(text, 'e') + 1;

    if (*digits == '+')
        memmove(digits, digits + 1, strlen(digits));
    digits += *digits == '-';
    while (digits[0] == '0' && digits[1] != '\0')
        memmove(digits, digits + 1, strlen(digits));
}

const char *dlcore_axis_label(const dlcore_axis_t *axis, size_t index,
                              char text[DLCORE_NUMBER_SIZE])
{
    double tick = dlcore_axis_tick(axis, index);
    double size = fmax(fabs(axis->first), fabs(dlcore_axis_tick(axis, axis->count - 1)));
    double place = floor(log10(axis->step) + 1e-9), top;

    if (size < 1e6 && size >= 1e-4)
        return dlcore_number(text, tick, (int)fmin(fmax(-place, 0.0), DECIMALS_MAX), 0);
    if (tick == 0.0)
        return memcpy(text, "0", 2);
    top = floor(log10(fabs(tick)) + 1e-9);
    dlcore_number(text, tick, (int)fmin(fmax(top - place, 0.0), DECIMALS_MAX), 1);
    shorten(text);
    return text;
}
