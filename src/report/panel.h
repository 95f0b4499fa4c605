/* One panel of learning curves: what it shows, and where on it things are.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_REPORT_PANEL_H
#define DLCORE_REPORT_PANEL_H

#include "system/compiler.h"

#include "fit/history.h"
#include "report/chart_axis.h"

#define DLCORE_PANEL_INSET 8.0 /* pixels between the frame and the first epoch */

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

/* The number that users call the row's epoch by, from 1. */
static inline double dlcore_panel_epoch(const dlcore_panel_t *panel, size_t row)
{
    return (double)panel->history->first_epoch + (double)row + 1.0;
}

/* Pixels of an epoch, and of a value. */
static inline double dlcore_panel_x(const dlcore_panel_t *panel, double epoch)
{
    return panel->left + DLCORE_PANEL_INSET +
           dlcore_axis_place(&panel->x, epoch) * (panel->width - 2.0 * DLCORE_PANEL_INSET);
}

static inline double dlcore_panel_y(const dlcore_panel_t *panel, double value)
{
    return panel->top + (1.0 - dlcore_axis_place(&panel->y, value)) * panel->height;
}

#endif
