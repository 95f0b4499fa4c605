/* Axes of charts: round numbers for ticks, and their text.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_REPORT_CHART_AXIS_H
#define DLCORE_REPORT_CHART_AXIS_H

#include "system/compiler.h"

#include <stdbool.h>
#include <stddef.h>

#include "base/number.h"

DLCORE_HIDDEN_BEGIN

#define DLCORE_AXIS_TICKS_MAX 160

typedef struct dlcore_axis {
    double low, high; /* what the axis shows; of a logarithmic one, the decimal logarithms */
    bool logarithmic, whole;
    double step; /* between ticks, but for the first; 0: they are powers of ten, or 2 or 5 times */
    double ticks[DLCORE_AXIS_TICKS_MAX];
    size_t count;
} dlcore_axis_t;

/* An axis for values low .. high, finite, with a margin, and about `ticks` ticks (2 .. 80) at
 * multiples of 1, 2 or 5 times a power of ten. One value alone stands in the middle. */
dlcore_axis_t dlcore_axis_fit(double low, double high, size_t ticks);
/* The same for whole numbers, without margin, with a tick at the first of them. */
dlcore_axis_t dlcore_axis_fit_whole(double low, double high, size_t ticks);
/* A logarithmic one for values above 0: ticks at powers of ten, some of them where they are many;
 * with 2 and 5 times where they are few; round as above within a decade. */
dlcore_axis_t dlcore_axis_fit_logarithmic(double low, double high, size_t ticks);

/* Where the value stands, from 0 at the low end to 1; what lies beyond is at the end. */
double dlcore_axis_place(const dlcore_axis_t *axis, double value);
/* As many decimals as the step has: "0.25", "1.5e-7". */
const char *dlcore_axis_label(const dlcore_axis_t *axis, size_t index,
                              char text[DLCORE_NUMBER_SIZE]);
/* Any finite number with four digits that count: "0.07120", "12.35", "1.235e7". */
const char *dlcore_axis_number(double value, char text[DLCORE_NUMBER_SIZE]);

DLCORE_HIDDEN_END

#endif
