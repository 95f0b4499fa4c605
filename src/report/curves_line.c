/* Drawing a learning curve: its line, its dots, the mark at its best.
 *
 * SPDX-License-Identifier: MIT */
#include "report/curves_line.h"

#include <math.h>

#include "base/size.h"

#define MARKERS_MAX 30 /* values up to which each has a dot */
#define RUNS 2.0       /* of epochs per pixel, where epochs are many */

static double curve_value(const dlcore_panel_t *panel, const dlcore_curve_line_t *curve, size_t row)
{
    return dlcore_curve_value(panel->history, row, curve->column);
}

/* Whether the line goes on across the row as if it were not there: it has no validation, by
 * validation_freq, and not a value that is NaN. */
static bool is_skipped(const dlcore_panel_t *panel, const dlcore_curve_line_t *curve, size_t row)
{
    if (!panel->validates[curve->column])
        return false;
    for (size_t column = 0; column < panel->history->value_count; column++) {
        if (panel->validates[column] && !isnan(dlcore_curve_value(panel->history, row, column)))
            return false;
    }
    return true;
}

/* ---- the line ---- */

/* The next point of a curve's path; what is not finite ends the line. */
static void draw_point(dlcore_svg_t *svg, const dlcore_panel_t *panel,
                       const dlcore_curve_line_t *curve, size_t row, bool *down)
{
    double y = curve_value(panel, curve, row);

    if (isfinite(y))
        dlcore_svg_draw(svg, *down ? "L% %" : "M% %",
                        (double[]){dlcore_panel_x(panel, dlcore_panel_epoch(panel, row)),
                                   dlcore_panel_y(panel, y)});
    if (isfinite(y) || !is_skipped(panel, curve, row))
        *down = isfinite(y);
}

/* The rows of the least and the most value from begin to before end, finite ones first. */
static void find_extremes(const dlcore_panel_t *panel, const dlcore_curve_line_t *curve,
                          size_t begin, size_t end, size_t *least, size_t *most)
{
    *least = *most = begin;
    for (size_t row = begin + 1; row < end; row++) {
        double y = curve_value(panel, curve, row);
        double low = curve_value(panel, curve, *least), high = curve_value(panel, curve, *most);

        if (isfinite(y) && (!isfinite(low) || y < low))
            *least = row;
        if (isfinite(y) && (!isfinite(high) || y > high))
            *most = row;
    }
}

/* Where epochs are more than pixels, the least and the most of each run of `stride` stand for it:
 * no peak is lost. */
static void draw_line(dlcore_svg_t *svg, const dlcore_panel_t *panel,
                      const dlcore_curve_line_t *curve)
{
    size_t epochs = panel->history->epochs, least, most;
    size_t stride = (size_t)ceil((double)epochs / (panel->width * RUNS));
    bool down = false;

    dlcore_svg_put(svg, "<path class=\"curve\" stroke=\"");
    dlcore_svg_put(svg, curve->colour);
    dlcore_svg_put(svg, "\" d=\"");
    for (size_t begin = 0; begin < epochs; begin += stride) {
        find_extremes(panel, curve, begin, dlcore_size_min(begin + stride, epochs), &least, &most);
        draw_point(svg, panel, curve, dlcore_size_min(least, most), &down);
        if (least != most)
            draw_point(svg, panel, curve, dlcore_size_max(least, most), &down);
    }
    dlcore_svg_put(svg, "\"/>\n");
}

/* ---- marks ---- */

static void draw_circle(dlcore_svg_t *svg, const dlcore_panel_t *panel,
                        const dlcore_curve_line_t *curve, size_t row, const char *format)
{
    dlcore_svg_draw(svg, format,
                    (double[]){dlcore_panel_x(panel, dlcore_panel_epoch(panel, row)),
                               dlcore_panel_y(panel, curve_value(panel, curve, row))});
    dlcore_svg_put(svg, curve->colour);
    dlcore_svg_put(svg, "\"/>\n");
}

static size_t count_values(const dlcore_panel_t *panel, const dlcore_curve_line_t *curve)
{
    size_t count = 0;

    for (size_t row = 0; row < panel->history->epochs; row++)
        count += isfinite(curve_value(panel, curve, row)) ? 1 : 0;
    return count;
}

/* The next row that the line does not pass over; epochs when there is none. */
static size_t next_row(const dlcore_panel_t *panel, const dlcore_curve_line_t *curve, size_t row)
{
    do
        row++;
    while (row < panel->history->epochs && is_skipped(panel, curve, row));
    return row;
}

/* Dots where values are few, and for values between gaps, which have no line. */
static void draw_dots(dlcore_svg_t *svg, const dlcore_panel_t *panel,
                      const dlcore_curve_line_t *curve)
{
    size_t epochs = panel->history->epochs, next;
    bool few = count_values(panel, curve) <= MARKERS_MAX, before = false;

    for (size_t row = 0; row < epochs; row = next) {
        bool here = isfinite(curve_value(panel, curve, row)), after;

        next = next_row(panel, curve, row);
        after = next < epochs && isfinite(curve_value(panel, curve, next));
        if (here && (few || (!before && !after)))
            draw_circle(svg, panel, curve, row, "<circle cx=\"%\" cy=\"%\" r=\"2.6\" fill=\"");
        if (here || !is_skipped(panel, curve, row))
            before = here;
    }
}

void dlcore_curve_draw(dlcore_svg_t *svg, const dlcore_panel_t *panel,
                       const dlcore_curve_line_t *curve)
{
    draw_line(svg, panel, curve);
    draw_dots(svg, panel, curve);
    if (panel->validates[curve->column] && panel->best < panel->history->epochs &&
        isfinite(curve_value(panel, curve, panel->best)))
        draw_circle(svg, panel, curve, panel->best,
                    "<circle class=\"best\" cx=\"%\" cy=\"%\" r=\"5.5\" stroke=\"");
}
