/* Axes of charts: round numbers for ticks, and their text.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_IO_CHART_AXIS_H
#define DLCORE_IO_CHART_AXIS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/number.h"

typedef struct dlcore_axis {
    double low, high;   /* what the axis shows */
    double first, step; /* ticks: first + i step, i < count */
    size_t count;
} dlcore_axis_t;

/* An axis for values low .. high, finite, with a margin, and about `ticks` ticks (2 or more) at
 * multiples of 1, 2 or 5 times a power of ten; with `whole`, of whole numbers, without margin. One
 * value alone stands in the middle. */
dlcore_axis_t dlcore_axis_fit(double low, double high, size_t ticks, bool whole);
double dlcore_axis_tick(const dlcore_axis_t *axis, size_t index);
/* As many decimals as the step has: "0.25", "1.5e-7". */
const char *dlcore_axis_label(const dlcore_axis_t *axis, size_t index,
                              char text[DLCORE_NUMBER_SIZE]);

#endif
