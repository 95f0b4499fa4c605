/* Drawing a chart.
 *
 * SPDX-License-Identifier: MIT */
#include "report/chart.h"

#include <math.h>
#include <string.h>

#define TOP_ROOM 58.0 /* title and legend */
#define RIGHT_ROOM 24.0
#define BOTTOM_ROOM 50.0
#define LEFT_ROOM 76.0
#define LEGEND_LETTER 6.6

const char *const dlcore_chart_colours[DLCORE_CHART_COLOURS] = {
    "#3b6ea8", "#d9793c", "#4f9a6a", "#a8508f", "#8a7a2f", "#5b5b5b", "#2fa3a8", "#b04a4a"};

static double chart_x(const dlcore_chart_t *chart, double value)
{
    return chart->frame_left + dlcore_axis_place(&chart->x, value) * chart->frame_width;
}

static double chart_y(const dlcore_chart_t *chart, double value)
{
    return chart->frame_top + (1.0 - dlcore_axis_place(&chart->y, value)) * chart->frame_height;
}

static void put_chart_text(dlcore_chart_t *chart, const char *format, const double *numbers,
                           const char *text)
{
    dlcore_svg_draw(&chart->svg, format, numbers);
    dlcore_svg_text(&chart->svg, text);
    dlcore_svg_put(&chart->svg, "</text>\n");
}

static void draw_chart_head(dlcore_chart_t *chart)
{
    double w = chart->width, h = chart->height;

    dlcore_svg_put(&chart->svg, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    dlcore_svg_draw(&chart->svg,
                    "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%\" height=\"%\" "
                    "viewBox=\"0 0 % %\" font-family=\"DejaVu Sans, Verdana, Helvetica, Arial, "
                    "sans-serif\" font-size=\"12\" fill=\"#333333\">\n",
                    (double[]){w, h, w, h});
    dlcore_svg_put(&chart->svg,
                   "<style>.grid{stroke:#e3e3e3;fill:none}.frame{stroke:#9a9a9a;fill:none}"
                   ".curve{fill:none;stroke-width:1.8;stroke-linejoin:round;stroke-linecap:round}"
                   ".guide{stroke:#9a9a9a;fill:none;stroke-dasharray:5 4}.end{text-anchor:end}"
                   ".middle{text-anchor:middle}.title{font-size:14px;font-weight:bold}</style>\n");
    dlcore_svg_draw(&chart->svg, "<rect width=\"%\" height=\"%\" fill=\"#ffffff\"/>\n",
                    (double[]){w, h});
    put_chart_text(chart, "<text class=\"title\" x=\"%\" y=\"%\">",
                   (double[]){chart->frame_left, 24.0}, chart->title);
}

static void draw_chart_ticks(dlcore_chart_t *chart)
{
    double bottom = chart->frame_top + chart->frame_height;
    char text[DLCORE_NUMBER_SIZE];

    for (size_t i = 0; i < chart->x.count; i++) {
        double x = chart_x(chart, chart->x.ticks[i]);

        dlcore_svg_draw(&chart->svg, "<path class=\"grid\" d=\"M% %V%\"/>",
                        (double[]){x, chart->frame_top, bottom});
        put_chart_text(chart, "<text class=\"middle\" x=\"%\" y=\"%\">",
                       (double[]){x, bottom + 18.0}, dlcore_axis_label(&chart->x, i, text));
    }
    for (size_t i = 0; i < chart->y.count && !chart->names_y; i++) {
        double y = chart_y(chart, chart->y.ticks[i]);

        dlcore_svg_draw(&chart->svg, "<path class=\"grid\" d=\"M% %h%\"/>",
                        (double[]){chart->frame_left, y, chart->frame_width});
        put_chart_text(chart, "<text class=\"end\" x=\"%\" y=\"%\">",
                       (double[]){chart->frame_left - 8.0, y + 4.0},
                       dlcore_axis_label(&chart->y, i, text));
    }
}

static void draw_chart_names(dlcore_chart_t *chart)
{
    double x = 20.0, y = chart->frame_top + chart->frame_height / 2.0;

    put_chart_text(chart, "<text class=\"middle\" x=\"%\" y=\"%\">",
                   (double[]){chart->frame_left + chart->frame_width / 2.0,
                              chart->frame_top + chart->frame_height + 38.0},
                   chart->x_name);
    if (chart->y_name != NULL)
        put_chart_text(chart,
                       "<text class=\"middle\" x=\"%\" y=\"%\" transform=\"rotate(-90 % %)\">",
                       (double[]){x, y, x, y}, chart->y_name);
}

dlcore_status dlcore_chart_open(dlcore_chart_t *chart, const char *path,
                                dlcore_error_record_t *error)
{
    dlcore_status status = dlcore_svg_open(&chart->svg, NULL, path, error);

    if (status != DLCORE_OK)
        return status;
    chart->width = chart->width > 0.0 ? chart->width : 480.0;
    chart->height = chart->height > 0.0 ? chart->height : 400.0;
    chart->frame_left = chart->left > 0.0 ? chart->left : LEFT_ROOM;
    chart->frame_top = TOP_ROOM;
    chart->frame_width = chart->width - chart->frame_left - RIGHT_ROOM;
    chart->frame_height = chart->height - TOP_ROOM - BOTTOM_ROOM;
    chart->legend = chart->frame_left;
    draw_chart_head(chart);
    draw_chart_ticks(chart);
    draw_chart_names(chart);
    return DLCORE_OK;
}

dlcore_status dlcore_chart_close(dlcore_chart_t *chart)
{
    dlcore_svg_draw(
        &chart->svg, "<rect class=\"frame\" x=\"%\" y=\"%\" width=\"%\" height=\"%\"/>\n",
        (double[]){chart->frame_left, chart->frame_top, chart->frame_width, chart->frame_height});
    dlcore_svg_put(&chart->svg, "</svg>\n");
    return dlcore_svg_close(&chart->svg);
}

void dlcore_chart_line(dlcore_chart_t *chart, size_t count, const double *xs, const double *ys,
                       const char *colour)
{
    dlcore_svg_put(&chart->svg, "<path class=\"curve\" stroke=\"");
    dlcore_svg_put(&chart->svg, colour);
    dlcore_svg_put(&chart->svg, "\" d=\"");
    for (size_t i = 0; i < count; i++)
        dlcore_svg_draw(&chart->svg, i == 0 ? "M% %" : "L% %",
                        (double[]){chart_x(chart, xs[i]), chart_y(chart, ys[i])});
    dlcore_svg_put(&chart->svg, "\"/>\n");
}

void dlcore_chart_guide(dlcore_chart_t *chart, double x, double y, double to_x, double to_y)
{
    dlcore_svg_draw(&chart->svg, "<path class=\"guide\" d=\"M% %L% %\"/>\n",
                    (double[]){chart_x(chart, x), chart_y(chart, y), chart_x(chart, to_x),
                               chart_y(chart, to_y)});
}

void dlcore_chart_dot(dlcore_chart_t *chart, double x, double y, const char *colour)
{
    dlcore_svg_draw(&chart->svg, "<circle cx=\"%\" cy=\"%\" r=\"4\" fill=\"",
                    (double[]){chart_x(chart, x), chart_y(chart, y)});
    dlcore_svg_put(&chart->svg, colour);
    dlcore_svg_put(&chart->svg, "\"/>\n");
}

void dlcore_chart_bar(dlcore_chart_t *chart, double x, double y, double to_x, double to_y,
                      const char *colour)
{
    double left = fmin(chart_x(chart, x), chart_x(chart, to_x));
    double right = fmax(chart_x(chart, x), chart_x(chart, to_x));
    double top = fmin(chart_y(chart, y), chart_y(chart, to_y));
    double bottom = fmax(chart_y(chart, y), chart_y(chart, to_y));

    dlcore_svg_draw(&chart->svg, "<rect x=\"%\" y=\"%\" width=\"%\" height=\"%\" fill=\"",
                    (double[]){left, top, right - left, bottom - top});
    dlcore_svg_put(&chart->svg, colour);
    dlcore_svg_put(&chart->svg, "\"/>\n");
}

void dlcore_chart_row_name(dlcore_chart_t *chart, double y, const char *name)
{
    put_chart_text(chart, "<text class=\"end\" x=\"%\" y=\"%\">",
                   (double[]){chart->frame_left - 8.0, chart_y(chart, y) + 4.0}, name);
}

void dlcore_chart_legend(dlcore_chart_t *chart, const char *name, const char *colour)
{
    double y = chart->frame_top - 10.0;

    dlcore_svg_draw(&chart->svg, "<path class=\"curve\" d=\"M% %h18\" stroke=\"",
                    (double[]){chart->legend + 1.0, y - 4.0});
    dlcore_svg_put(&chart->svg, colour);
    dlcore_svg_draw(&chart->svg, "\"/><text x=\"%\" y=\"%\">", (double[]){chart->legend + 25.0, y});
    dlcore_svg_text(&chart->svg, name);
    dlcore_svg_put(&chart->svg, "</text>\n");
    chart->legend += 25.0 + LEGEND_LETTER * (double)strlen(name) + 16.0;
}
