/* Learning curves as SVG: what is called, and how panels are laid out.
 *
 * SPDX-License-Identifier: MIT */
#include "io/curves.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/size.h"
#include "io/curves_panel.h"
#include "model/value_name.h"

#define COLUMNS_MAX 8
#define PIXELS_MAX 4000
#define WIDTH_MIN 320
#define HEIGHT_MIN 120

/* Room around the plotted area of a panel, and above all panels. */
#define LEFT 64.0
#define RIGHT 20.0
#define TOP 40.0
#define BOTTOM 46.0
#define TITLE 44.0

/* Two hues that stay apart for colour-blind readers and in print. */
#define TRAINING "#3b6ea8"
#define VALIDATION "#d9793c"

dlcore_curves_options_t dlcore_curves_options_default(void)
{
    return (dlcore_curves_options_t){.columns = 2,
                                     .width = 480,
                                     .height = 320,
                                     .structure_size = sizeof(dlcore_curves_options_t)};
}

/* The column of that name; value_count when there is none. */
static size_t find(const dlcore_history_t *history, const char *prefix, const char *name)
{
    char whole[2 * DLCORE_HISTORY_NAME_SIZE];

    snprintf(whole, sizeof whole, "%s%.100s", prefix, name);
    return dlcore_history_find(history, whole);
}

static bool has_values(const dlcore_history_t *history, size_t column)
{
    for (size_t epoch = 0; epoch < history->epochs; epoch++) {
        if (isfinite(dlcore_curve_value(history, epoch, column)))
            return true;
    }
    return false;
}

static dlcore_panel_t make_panel(const dlcore_history_t *history, const char *name,
                                 const dlcore_curves_options_t *options, size_t index,
                                 double offset)
{
    size_t training = find(history, "", name), validation = find(history, "val_", name);
    size_t row = index / options->columns, column = index % options->columns;
    dlcore_panel_t panel = {.history = history,
                            .left = (double)(column * options->width) + LEFT,
                            .top = (double)(row * options->height) + TOP + offset,
                            .width = (double)options->width - LEFT - RIGHT,
                            .height = (double)options->height - TOP - BOTTOM};

    panel.curves[panel.curve_count++] = (dlcore_curve_line_t){"training", TRAINING, training};
    if (validation < history->value_count && has_values(history, validation))
        panel.curves[panel.curve_count++] =
            (dlcore_curve_line_t){"validation", VALIDATION, validation};
    return panel;
}

static void draw_head(dlcore_svg_t *svg, const dlcore_curves_options_t *options, double width,
                      double height)
{
    dlcore_svg_put(svg, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    dlcore_svg_draw(svg,
                    "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%\" height=\"%\" "
                    "viewBox=\"0 0 % %\" font-family=\"DejaVu Sans, Verdana, Helvetica, Arial, "
                    "sans-serif\" font-size=\"12\" fill=\"#333333\">\n",
                    (double[]){width, height, width, height});
    dlcore_svg_put(svg, "<style>.grid{stroke:#e3e3e3;fill:none}.frame{stroke:#9a9a9a;fill:none}"
                        ".curve{fill:none;stroke-width:1.8;stroke-linejoin:round;"
                        "stroke-linecap:round}.end{text-anchor:end}.middle{text-anchor:middle}"
                        ".title{font-size:17px;font-weight:bold;text-anchor:middle}</style>\n");
    dlcore_svg_draw(svg, "<rect width=\"%\" height=\"%\" fill=\"#ffffff\"/>\n",
                    (double[]){width, height});
    if (options->title == NULL)
        return;
    dlcore_svg_draw(svg, "<text class=\"title\" x=\"%\" y=\"%\">",
                    (double[]){width / 2.0, TITLE - 14.0});
    dlcore_svg_text(svg, options->title);
    dlcore_svg_put(svg, "</text>\n");
}

/* ---- checks ---- */

static dlcore_status check_size(const char *what, size_t got, size_t least, size_t most,
                                dlcore_error_record_t *error)
{
    if (got >= least && got <= most)
        return DLCORE_OK;
    return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "curves: %s must lie in %zu .. %zu, got %zu",
                       what, least, most, got);
}

static dlcore_status check_names(const dlcore_history_t *history,
                                 const dlcore_curves_options_t *options,
                                 dlcore_error_record_t *error)
{
    dlcore_status status =
        check_size("name_count", options->name_count, 0, DLCORE_HISTORY_VALUES_MAX, error);

    if (status == DLCORE_OK && options->names == NULL && options->name_count > 0)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "curves: names is NULL, but name_count is %zu", options->name_count);
    for (size_t i = 0; status == DLCORE_OK && i < options->name_count; i++) {
        const char *name = options->names[i] != NULL ? options->names[i] : "";

        if (find(history, "", name) == history->value_count)
            status =
                dlcore_fail(error, DLCORE_ERROR_NAME, "curves: the history has no \"%.64s\"", name);
    }
    return status;
}

static dlcore_status check(const dlcore_history_t *history, const char *path,
                           const dlcore_curves_options_t *options, dlcore_error_record_t *error)
{
    dlcore_status status = dlcore_check_options(options, "curves", error);

    if (status == DLCORE_OK && (history == NULL || path == NULL))
        status = dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "curves: %s is NULL",
                             history == NULL ? "history" : "path");
    if (status == DLCORE_OK)
        status = check_size("columns", options->columns, 1, COLUMNS_MAX, error);
    if (status == DLCORE_OK)
        status = check_size("width", options->width, WIDTH_MIN, PIXELS_MAX, error);
    if (status == DLCORE_OK)
        status = check_size("height", options->height, HEIGHT_MIN, PIXELS_MAX, error);
    return status == DLCORE_OK ? check_names(history, options, error) : status;
}

/* ---- the call ---- */

/* Names that stand for a panel each. */
static size_t choose(const dlcore_history_t *history, const dlcore_curves_options_t *options,
                     const char *names[DLCORE_HISTORY_VALUES_MAX])
{
    size_t count = 0;

    for (size_t i = 0; i < options->name_count; i++)
        names[count++] = options->names[i];
    for (size_t i = 0; options->name_count == 0 && i < history->value_count; i++) {
        if (strncmp(history->names[i], "val_", 4) != 0)
            names[count++] = history->names[i];
    }
    return count;
}

dlcore_status dlcore_curves_save(const dlcore_system_t *system, const dlcore_history_t *history,
                                 const char *path, const dlcore_curves_options_t *options,
                                 dlcore_error_record_t *error)
{
    dlcore_curves_options_t how = options != NULL ? *options : dlcore_curves_options_default();
    const char *names[DLCORE_HISTORY_VALUES_MAX];
    double offset = how.title != NULL ? TITLE : 0.0;
    dlcore_status status = check(history, path, &how, error);
    dlcore_svg_t svg;
    size_t count, rows;

    if (status == DLCORE_OK)
        status = dlcore_svg_open(&svg, system, path, error);
    if (status != DLCORE_OK)
        return status;
    count = choose(history, &how, names);
    how.columns = dlcore_size_max(dlcore_size_min(how.columns, count), 1);
    rows = (count + how.columns - 1) / how.columns;
    draw_head(&svg, &how, (double)(how.columns * how.width), (double)(rows * how.height) + offset);
    for (size_t i = 0; i < count; i++) {
        dlcore_panel_t panel = make_panel(history, names[i], &how, i, offset);

        dlcore_panel_draw(&svg, &panel);
    }
    dlcore_svg_put(&svg, "</svg>\n");
    return dlcore_svg_close(&svg);
}

dlcore_status dlcore_history_save_svg(const dlcore_history_t *history, const char *path,
                                      const dlcore_curves_options_t *options,
                                      dlcore_error_record_t *error)
{
    return dlcore_curves_save(NULL, history, path, options, error);
}
