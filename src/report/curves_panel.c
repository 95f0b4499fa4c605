/* Drawing a panel of learning curves: what is around the curves.
 *
 * SPDX-License-Identifier: MIT */
#include "report/curves_panel.h"

#include <math.h>
#include <string.h>

#include "base/size.h"
#include "report/curves_line.h"

#define TICK_WIDTH 60.0 /* pixels from tick to tick, about */
#define TICK_HEIGHT 42.0
#define LETTER 6.0 /* about as wide is one of 12 pixels, */
#define DIGIT 7.2  /* and one of a number */
#define HEAD 12.0  /* from the frame up to the legend */
#define NAME_SIZE 13.0
#define NAME_LEFT 18.0 /* where names of y stand in the room for them */

/* The least and the most of the finite values; 1 and 2 without any. */
static void find_limits(const dlcore_panel_t *panel, double *low, double *high)
{
    *low = (double)INFINITY;
    *high = -(double)INFINITY;
    for (size_t c = 0; c < panel->curve_count; c++) {
        for (size_t row = 0; row < panel->history->epochs; row++) {
            double y = dlcore_curve_value(panel->history, row, panel->curves[c].column);

            if (isfinite(y)) {
                *low = fmin(*low, y);
                *high = fmax(*high, y);
            }
        }
    }
    if (*low > *high) {
        *low = 1.0;
        *high = 2.0;
    }
}

static void fit_axes(dlcore_panel_t *panel)
{
    size_t epochs = dlcore_size_max(panel->history->epochs, 1);
    size_t across = (size_t)fmax(2.0, panel->width / TICK_WIDTH);
    size_t up = (size_t)fmax(2.0, panel->height / TICK_HEIGHT);
    double low, high;

    find_limits(panel, &low, &high);
    panel->x = dlcore_axis_fit_whole(dlcore_panel_epoch(panel, 0),
                                     dlcore_panel_epoch(panel, epochs - 1), across);
    panel->y = panel->logarithmic ? dlcore_axis_fit_logarithmic(low, high, up)
                                  : dlcore_axis_fit(low, high, up);
}

/* ---- axes ---- */

static void draw_ticks_of_y(dlcore_svg_t *svg, const dlcore_panel_t *panel)
{
    char text[DLCORE_NUMBER_SIZE];

    for (size_t i = 0; i < panel->y.count; i++) {
        double y = dlcore_panel_y(panel, panel->y.ticks[i]);

        dlcore_svg_draw(svg, "<path class=\"grid\" d=\"M% %h%\"/>",
                        (double[]){panel->left, y, panel->width});
        dlcore_svg_draw(svg, "<text class=\"end\" x=\"%\" y=\"%\">",
                        (double[]){panel->left - 8.0, y + 4.0});
        dlcore_svg_text(svg, dlcore_axis_label(&panel->y, i, text));
        dlcore_svg_put(svg, "</text>\n");
    }
}

static void draw_ticks_of_x(dlcore_svg_t *svg, const dlcore_panel_t *panel)
{
    double bottom = panel->top + panel->height;
    char text[DLCORE_NUMBER_SIZE];

    for (size_t i = 0; i < panel->x.count; i++) {
        double x = dlcore_panel_x(panel, panel->x.ticks[i]);

        dlcore_svg_draw(svg, "<path class=\"grid\" d=\"M% %V%\"/>",
                        (double[]){x, panel->top, bottom});
        dlcore_svg_draw(svg, "<text class=\"middle\" x=\"%\" y=\"%\">",
                        (double[]){x, bottom + 18.0});
        dlcore_svg_text(svg, dlcore_axis_label(&panel->x, i, text));
        dlcore_svg_put(svg, "</text>\n");
    }
}

/* Along the axis, upwards; a long one is set smaller. */
static void draw_name_of_y(dlcore_svg_t *svg, const dlcore_panel_t *panel)
{
    const char *name = panel->history->names[panel->curves[0].column];
    const char *scale = panel->logarithmic ? " (log scale)" : "";
    double letters = (double)dlcore_size_max(strlen(name) + strlen(scale), 1);
    double size = fmin(NAME_SIZE, NAME_SIZE * panel->height / (letters * 1.15 * LETTER));
    double x = panel->left - DLCORE_PANEL_LEFT + NAME_LEFT, y = panel->top + panel->height / 2.0;

    dlcore_svg_draw(svg,
                    "<text class=\"middle\" font-size=\"%\" x=\"%\" y=\"%\" "
                    "transform=\"rotate(-90 % %)\">",
                    (double[]){size, x, y, x, y});
    dlcore_svg_text(svg, name);
    dlcore_svg_put(svg, scale);
    dlcore_svg_put(svg, "</text>\n");
}

static void draw_axes(dlcore_svg_t *svg, const dlcore_panel_t *panel)
{
    draw_ticks_of_y(svg, panel);
    draw_ticks_of_x(svg, panel);
    dlcore_svg_draw(svg, "<rect class=\"frame\" x=\"%\" y=\"%\" width=\"%\" height=\"%\"/>\n",
                    (double[]){panel->left, panel->top, panel->width, panel->height});
    dlcore_svg_draw(
        svg, "<text class=\"middle\" x=\"%\" y=\"%\">epoch</text>\n",
        (double[]){panel->left + panel->width / 2.0, panel->top + panel->height + 36.0});
}

/* ---- above the curves ---- */

/* Answers where it ends. */
static double draw_legend(dlcore_svg_t *svg, const dlcore_panel_t *panel)
{
    double x = panel->left, y = panel->top - HEAD;

    for (size_t c = 0; c < panel->curve_count; c++) {
        dlcore_svg_draw(svg, "<path class=\"curve\" d=\"M% %h18\" stroke=\"",
                        (double[]){x + 1.0, y - 4.0});
        dlcore_svg_put(svg, panel->curves[c].colour);
        dlcore_svg_draw(svg, "\"/><text x=\"%\" y=\"%\">", (double[]){x + 25.0, y});
        dlcore_svg_text(svg, panel->curves[c].name);
        dlcore_svg_put(svg, "</text>\n");
        x += 25.0 + LETTER * (double)strlen(panel->curves[c].name) + 16.0;
    }
    return x;
}

/* Which epoch is marked, and what its value of validation is, where there is room for it. */
static void draw_best(dlcore_svg_t *svg, const dlcore_panel_t *panel, double room_from)
{
    const dlcore_curve_line_t *curve = &panel->curves[panel->curve_count - 1];
    char epoch[DLCORE_NUMBER_SIZE], value[DLCORE_NUMBER_SIZE];
    double y = panel->top - HEAD, x = panel->left + panel->width, best;

    if (panel->best >= panel->history->epochs || !panel->validates[curve->column])
        return;
    best = dlcore_curve_value(panel->history, panel->best, curve->column);
    if (!isfinite(best))
        return;
    dlcore_number(epoch, dlcore_panel_epoch(panel, panel->best), 0, 0);
    dlcore_axis_number(best, value);
    x -= LETTER * (double)strlen("best epoch : ") + DIGIT * (double)(strlen(epoch) + strlen(value));
    if (x - 12.0 < room_from)
        return;
    dlcore_svg_draw(svg, "<circle class=\"best\" cx=\"%\" cy=\"%\" r=\"4.5\" stroke=\"",
                    (double[]){x - 10.0, y - 4.0});
    dlcore_svg_put(svg, curve->colour);
    dlcore_svg_draw(svg, "\"/><text class=\"end\" x=\"%\" y=\"%\">best epoch ",
                    (double[]){panel->left + panel->width, y});
    dlcore_svg_put(svg, epoch);
    dlcore_svg_put(svg, ": ");
    dlcore_svg_put(svg, value);
    dlcore_svg_put(svg, "</text>\n");
}

void dlcore_panel_draw(dlcore_svg_t *svg, dlcore_panel_t *panel)
{
    fit_axes(panel);
    draw_best(svg, panel, draw_legend(svg, panel));
    draw_axes(svg, panel);
    draw_name_of_y(svg, panel);
    for (size_t c = 0; c < panel->curve_count; c++)
        dlcore_curve_draw(svg, panel, &panel->curves[c]);
}
