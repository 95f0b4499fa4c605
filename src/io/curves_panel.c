/* Drawing a panel of learning curves.
 *
 * SPDX-License-Identifier: MIT */
#include "io/curves_panel.h"

#include <math.h>
#include <string.h>

#include "base/size.h"

#define TICK_WIDTH 60.0 /* pixels from tick to tick, about */
#define TICK_HEIGHT 42.0
#define INSET 8.0      /* between the frame and the first epoch */
#define MARKERS_MAX 30 /* epochs up to which each has a dot */
#define RUNS 2.0       /* of epochs per pixel, where epochs are many */
#define LETTER 6.0     /* about as wide is one of 12 pixels */
#define NAME_SIZE 14.0
#define LEGEND 190.0 /* the widest */

/* The least and the most of the finite values; 0 and 1 without any. */
static void find_limits(const dlcore_panel_t *panel, double *low, double *high)
{
    *low = (double)INFINITY;
    *high = -(double)INFINITY;
    for (size_t c = 0; c < panel->curve_count; c++) {
        for (size_t epoch = 0; epoch < panel->history->epochs; epoch++) {
            double y = dlcore_curve_value(panel->history, epoch, panel->curves[c].column);

            if (isfinite(y)) {
                *low = fmin(*low, y);
                *high = fmax(*high, y);
            }
        }
    }
    if (*low > *high) {
        *low = 0.0;
        *high = 1.0;
    }
}

static void fit_axes(dlcore_panel_t *panel)
{
    double low, high;

    find_limits(panel, &low, &high);
    panel->x = dlcore_axis_fit(1.0, fmax((double)panel->history->epochs, 1.0),
                               (size_t)fmax(2.0, panel->width / TICK_WIDTH), true);
    panel->y = dlcore_axis_fit(low, high, (size_t)fmax(2.0, panel->height / TICK_HEIGHT), false);
}

/* Pixels of an epoch, from 1, and of a value. */
static double at_x(const dlcore_panel_t *panel, double epoch)
{
    const dlcore_axis_t *axis = &panel->x;

    return panel->left + INSET +
           (epoch - axis->low) / (axis->high - axis->low) * (panel->width - 2.0 * INSET);
}

static double at_y(const dlcore_panel_t *panel, double y)
{
    const dlcore_axis_t *axis = &panel->y;

    y = fmin(fmax(y, axis->low), axis->high); /* values near the end of double's range are cut */
    return panel->top + panel->height - (y - axis->low) / (axis->high - axis->low) * panel->height;
}

/* ---- around the curves ---- */

static void draw_axes(dlcore_svg_t *svg, const dlcore_panel_t *panel)
{
    double right = panel->left + panel->width, bottom = panel->top + panel->height;
    char text[DLCORE_NUMBER_SIZE];

    for (size_t i = 0; i < panel->y.count; i++) {
        double y = at_y(panel, dlcore_axis_tick(&panel->y, i));

        dlcore_svg_draw(svg, "<path class=\"grid\" d=\"M% %H%\"/>",
                        (double[]){panel->left, y, right});
        dlcore_svg_draw(svg, "<text class=\"end\" x=\"%\" y=\"%\">",
                        (double[]){panel->left - 8.0, y + 4.0});
        dlcore_svg_text(svg, dlcore_axis_label(&panel->y, i, text));
        dlcore_svg_put(svg, "</text>\n");
    }
    for (size_t i = 0; i < panel->x.count; i++) {
        double x = at_x(panel, dlcore_axis_tick(&panel->x, i));

        dlcore_svg_draw(svg, "<path class=\"grid\" d=\"M% %V%\"/>",
                        (double[]){x, panel->top, bottom});
        dlcore_svg_draw(svg, "<text class=\"middle\" x=\"%\" y=\"%\">",
                        (double[]){x, bottom + 18.0});
        dlcore_svg_text(svg, dlcore_axis_label(&panel->x, i, text));
        dlcore_svg_put(svg, "</text>\n");
    }
    dlcore_svg_draw(svg, "<rect class=\"frame\" x=\"%\" y=\"%\" width=\"%\" height=\"%\"/>\n",
                    (double[]){panel->left, panel->top, panel->width, panel->height});
    dlcore_svg_draw(svg, "<text class=\"middle\" x=\"%\" y=\"%\">epoch</text>\n",
                    (double[]){panel->left + panel->width / 2.0, bottom + 36.0});
}

/* A long name is set smaller, so that it ends before the legend. */
static void draw_name(dlcore_svg_t *svg, const dlcore_panel_t *panel)
{
    const char *name = panel->history->names[panel->curves[0].column];
    double width = 1.4 * LETTER * (double)dlcore_size_max(strlen(name), 1); /* bold, and larger */
    double size = NAME_SIZE * fmin(1.0, (panel->width - LEGEND) / width);

    dlcore_svg_draw(svg, "<text font-weight=\"bold\" font-size=\"%\" x=\"%\" y=\"%\">",
                    (double[]){size, panel->left, panel->top - 12.0});
    dlcore_svg_text(svg, name);
    dlcore_svg_put(svg, "</text>\n");
}

/* To the right of the panel's name, where no curve is. */
static void draw_legend(dlcore_svg_t *svg, const dlcore_panel_t *panel)
{
    double x = panel->left + panel->width, y = panel->top - 12.0;

    for (size_t c = panel->curve_count; c-- > 0;) {
        x -= 6.0 + LETTER * (double)strlen(panel->curves[c].name);
        dlcore_svg_draw(svg, "<path class=\"curve\" d=\"M% %h18\" stroke=\"",
                        (double[]){x - 18.0, y - 4.0});
        dlcore_svg_put(svg, panel->curves[c].colour);
        dlcore_svg_draw(svg, "\"/><text x=\"%\" y=\"%\">", (double[]){x + 6.0, y});
        dlcore_svg_text(svg, panel->curves[c].name);
        dlcore_svg_put(svg, "</text>\n");
        x -= 18.0 + 14.0;
    }
}

/* ---- curves ---- */

/* The next point of a curve's path; what is not finite ends the line. */
static void draw_point(dlcore_svg_t *svg, const dlcore_panel_t *panel,
                       const dlcore_curve_line_t *curve, size_t epoch, bool *down)
{
    double y = dlcore_curve_value(panel->history, epoch, curve->column);

    if (isfinite(y))
        dlcore_svg_draw(svg, *down ? "L% %" : "M% %",
                        (double[]){at_x(panel, (double)epoch + 1.0), at_y(panel, y)});
    *down = isfinite(y);
}

/* The epochs of the least and the most value from begin to before end, finite ones first. */
static void find_extremes(const dlcore_panel_t *panel, const dlcore_curve_line_t *curve,
                          size_t begin, size_t end, size_t *least, size_t *most)
{
    *least = *most = begin;
    for (size_t epoch = begin + 1; epoch < end; epoch++) {
        double y = dlcore_curve_value(panel->history, epoch, curve->column);
        double low = dlcore_curve_value(panel->history, *least, curve->column);
        double high = dlcore_curve_value(panel->history, *most, curve->column);

        if (isfinite(y) && (!isfinite(low) || y < low))
            *least = epoch;
        if (isfinite(y) && (!isfinite(high) || y > high))
            *most = epoch;
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

static bool is_finite_at(const dlcore_panel_t *panel, const dlcore_curve_line_t *curve,
                         size_t epoch)
{
    return epoch < panel->history->epochs &&
           isfinite(dlcore_curve_value(panel->history, epoch, curve->column));
}

/* Dots where epochs are few, and for values between gaps, which have no line. */
static void draw_dots(dlcore_svg_t *svg, const dlcore_panel_t *panel,
                      const dlcore_curve_line_t *curve)
{
    size_t epochs = panel->history->epochs;

    for (size_t epoch = 0; epoch < epochs; epoch++) {
        bool joined = is_finite_at(panel, curve, epoch + 1) ||
                      (epoch > 0 && is_finite_at(panel, curve, epoch - 1));
        double y = dlcore_curve_value(panel->history, epoch, curve->column);

        if (!isfinite(y) || (epochs > MARKERS_MAX && joined))
            continue;
        dlcore_svg_draw(svg, "<circle cx=\"%\" cy=\"%\" r=\"2.6\" fill=\"",
                        (double[]){at_x(panel, (double)epoch + 1.0), at_y(panel, y)});
        dlcore_svg_put(svg, curve->colour);
        dlcore_svg_put(svg, "\"/>\n");
    }
}

void dlcore_panel_draw(dlcore_svg_t *svg, dlcore_panel_t *panel)
{
    fit_axes(panel);
    draw_name(svg, panel);
    draw_legend(svg, panel);
    draw_axes(svg, panel);
    for (size_t c = 0; c < panel->curve_count; c++) {
        draw_line(svg, panel, &panel->curves[c]);
        draw_dots(svg, panel, &panel->curves[c]);
    }
}
