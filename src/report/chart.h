/* A chart of numbers against numbers, as SVG: one frame with axes, lines, steps, bars and points.
 *
 *     dlcore_chart_t chart = {.title = "...", .x_name = "...", .x = dlcore_axis_fit(0, 1, 6), ...};
 *     if (dlcore_chart_open(&chart, path, error) == DLCORE_OK) {
 *         dlcore_chart_line(&chart, count, xs, ys, DLCORE_CHART_FIRST);
 *         status = dlcore_chart_close(&chart);
 *     }
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_REPORT_CHART_H
#define DLCORE_REPORT_CHART_H

#include "system/compiler.h"

#include "dlcore/status.h"
#include "report/chart_axis.h"
#include "report/svg.h"

DLCORE_HIDDEN_BEGIN

/* Hues that stay apart for colour-blind readers and in print. */
#define DLCORE_CHART_COLOURS 8
extern const char *const dlcore_chart_colours[DLCORE_CHART_COLOURS];

typedef struct dlcore_chart {
    const char *title, *x_name, *y_name; /* UTF-8; y_name NULL: none */
    dlcore_axis_t x, y;
    bool names_y;         /* no ticks of y: rows have names, by dlcore_chart_row_name */
    double left;          /* room for the ticks of y; 0: 76 */
    double width, height; /* of the whole picture in pixels; 0: 480 and 400 */
    /* set by open */
    double frame_left, frame_top, frame_width, frame_height, legend;
    dlcore_svg_t svg;
} dlcore_chart_t;

/* Begins the file and draws what is around the numbers. After an error there is nothing to close.
 */
dlcore_status dlcore_chart_open(dlcore_chart_t *chart, const char *path,
                                dlcore_error_record_t *error);
dlcore_status dlcore_chart_close(dlcore_chart_t *chart);

/* Straight from point to point. */
void dlcore_chart_line(dlcore_chart_t *chart, size_t count, const double *xs, const double *ys,
                       const char *colour);
/* A thin dashed one, for comparison. */
void dlcore_chart_guide(dlcore_chart_t *chart, double x, double y, double to_x, double to_y);
void dlcore_chart_dot(dlcore_chart_t *chart, double x, double y, const char *colour);
/* A filled rectangle between two corners. */
void dlcore_chart_bar(dlcore_chart_t *chart, double x, double y, double to_x, double to_y,
                      const char *colour);
/* In the place of a tick of y. */
void dlcore_chart_row_name(dlcore_chart_t *chart, double y, const char *name);
/* The next entry of the legend, above the frame. */
void dlcore_chart_legend(dlcore_chart_t *chart, const char *name, const char *colour);

DLCORE_HIDDEN_END

#endif
