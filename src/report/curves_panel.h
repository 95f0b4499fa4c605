/* One panel of learning curves: axes, legend, lines.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_REPORT_CURVES_PANEL_H
#define DLCORE_REPORT_CURVES_PANEL_H

#include "fit/history.h"
#include "report/chart_axis.h"
#include "report/svg.h"

#define DLCORE_PANEL_LEFT 76.0 /* room for the ticks of y and its name */

typedef struct dlcore_curve_line {
    const char *name; /* in the legend */
    const char *colour;
    size_t column; /* of the history */
} dlcore_curve_line_t;

typedef struct dlcore_panel {
    const dlcore_history_t *history;
    const bool *validates; /* by column: whether its values are those of validation */
    dlcore_curve_line_t curves[2];
    size_t curve_count; /* 1 or 2; the first one's name in the history is the panel's */
    size_t best;        /* a row that is marked on curves of validation; SIZE_MAX: none */
    bool logarithmic;
    double left, top, width, height; /* of the plotted area, in pixels */
    dlcore_axis_t x, y;              /* set by drawing */
} dlcore_panel_t;

static inline double dlcore_curve_value(const dlcore_history_t *history, size_t row, size_t column)
{
    return history->values[row * history->value_count + column];
}

/* Pixels of a row's epoch, and of a value. */
double dlcore_panel_x(const dlcore_panel_t *panel, double epoch);
double dlcore_panel_y(const dlcore_panel_t *panel, double value);
/* The number that users call the row's epoch by, from 1. */
double dlcore_panel_epoch(const dlcore_panel_t *panel, size_t row);

void dlcore_panel_draw(dlcore_svg_t *svg, dlcore_panel_t *panel);

/* The line of a curve, its dots where values are few, and a ring at the best. The axes are set. */
void dlcore_curve_draw(dlcore_svg_t *svg, const dlcore_panel_t *panel,
                       const dlcore_curve_line_t *curve);

#endif
