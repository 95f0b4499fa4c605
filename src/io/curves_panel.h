/* One panel of learning curves: axes, legend, lines.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_IO_CURVES_PANEL_H
#define DLCORE_IO_CURVES_PANEL_H

#include "io/chart_axis.h"
#include "io/svg.h"
#include "model/history.h"

typedef struct dlcore_curve_line {
    const char *name; /* in the legend */
    const char *colour;
    size_t column; /* of the history */
} dlcore_curve_line_t;

typedef struct dlcore_panel {
    const dlcore_history_t *history;
    dlcore_curve_line_t curves[2];   /* the first one's name in the history is the panel's */
    size_t curve_count;              /* 1 or 2 */
    double left, top, width, height; /* of the plotted area, in pixels */
    dlcore_axis_t x, y;              /* set by drawing */
} dlcore_panel_t;

static inline double dlcore_curve_value(const dlcore_history_t *history, size_t epoch,
                                        size_t column)
{
    return history->values[epoch * history->value_count + column];
}

void dlcore_panel_draw(dlcore_svg_t *svg, dlcore_panel_t *panel);

#endif
