/* Learning curves as SVG: what is called, and how panels are laid out.
 *
 * SPDX-License-Identifier: MIT */
#include "report/curves.h"
#include "base/traces.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/size.h"
#include "fit/value_name.h"
#include "report/curves_panel.h"

#define COLUMNS_MAX 8
#define PIXELS_MAX 4000
#define WIDTH_MIN 320
#define HEIGHT_MIN 120

/* Room around the plotted area of a panel, and above all panels; see DLCORE_PANEL_LEFT. */
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

/* ---- what the history has ---- */

/* The column of that name; value_count when there is none. */
static size_t find_value(const dlcore_history_t *history, const char *prefix, const char *name)
{
    char whole[2 * DLCORE_HISTORY_NAME_SIZE];

    snprintf(whole, sizeof whole, "%s%.100s", prefix, name);
    return dlcore_history_find(history, whole);
}

/* Whether it is a column of validation: "val_" and the name of one of training. */
static bool is_validation(const dlcore_history_t *history, size_t column)
{
    const char *name = history->names[column];

    return strncmp(name, "val_", 4) == 0 &&
           find_value(history, "", name + 4) < history->value_count;
}

static bool has_values(const dlcore_history_t *history, size_t column)
{
    for (size_t row = 0; row < history->epochs; row++) {
        if (isfinite(dlcore_curve_value(history, row, column)))
            return true;
    }
    return false;
}

/* The row of the least loss of validation, the first of equals; SIZE_MAX without two to compare. */
static size_t find_best(const dlcore_history_t *history)
{
    size_t column = find_value(history, "val_", "loss"), best = SIZE_MAX, values = 0;

    for (size_t row = 0; column < history->value_count && row < history->epochs; row++) {
        double loss = dlcore_curve_value(history, row, column);

        if (!isfinite(loss))
            continue;
        values++;
        if (best == SIZE_MAX || loss < dlcore_curve_value(history, best, column))
            best = row;
    }
    return values > 1 ? best : SIZE_MAX;
}

static bool is_logarithmic(const dlcore_history_t *history, const dlcore_curves_options_t *options,
                           size_t column)
{
    for (size_t i = 0; i < options->log_name_count; i++) {
        if (find_value(history, "", options->log_names[i]) == column)
            return true;
    }
    return false;
}

/* ---- the picture ---- */

typedef struct picture {
    const dlcore_history_t *history;
    const dlcore_curves_options_t *options;
    size_t panels[DLCORE_HISTORY_VALUES_MAX]; /* the column that each one is named after */
    size_t count, columns, rows;
    bool validates[DLCORE_HISTORY_VALUES_MAX]; /* by column */
    double title;                              /* its height */
} picture_t;

/* Panels that do not fill all rows leave no hole: the first row has fewer of them, and wider. */
static void place_panel(const picture_t *picture, size_t index, dlcore_panel_t *panel)
{
    size_t first = (picture->count - 1) % picture->columns + 1;
    size_t row = index < first ? 0 : 1 + (index - first) / picture->columns;
    size_t column = index < first ? index : (index - first) % picture->columns;
    double width = (double)(picture->columns * picture->options->width) /
                   (double)(row == 0 ? first : picture->columns);

    panel->left = (double)column * width + DLCORE_PANEL_LEFT;
    panel->width = width - DLCORE_PANEL_LEFT - RIGHT;
    panel->top = (double)(row * picture->options->height) + TOP + picture->title;
    panel->height = (double)picture->options->height - TOP - BOTTOM;
}

static void set_panel(const picture_t *picture, size_t index, dlcore_panel_t *panel)
{
    const dlcore_history_t *history = picture->history;
    size_t column = picture->panels[index];
    const char *name = history->names[column];
    size_t validation = find_value(history, "val_", name);

    memset(panel, 0, sizeof *panel);
    panel->history = history;
    panel->validates = picture->validates;
    panel->best = find_best(history);
    panel->logarithmic = is_logarithmic(history, picture->options, column);
    place_panel(picture, index, panel);
    panel->curves[panel->curve_count++] =
        picture->validates[column] ? (dlcore_curve_line_t){"validation", VALIDATION, column}
                                   : (dlcore_curve_line_t){"training", TRAINING, column};
    if (validation < history->value_count && has_values(history, validation))
        panel->curves[panel->curve_count++] =
            (dlcore_curve_line_t){"validation", VALIDATION, validation};
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
                        "stroke-linecap:round}.best{fill:none;stroke-width:1.6}.end{text-anchor:"
                        "end}.middle{text-anchor:middle}"
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

static dlcore_status check_curve_names(const dlcore_history_t *history, const char *what,
                                       const char *const *names, size_t count,
                                       dlcore_error_record_t *error)
{
    if (count > DLCORE_HISTORY_VALUES_MAX)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "curves: %s_count must lie in 0 .. %d, got %zu", what,
                           DLCORE_HISTORY_VALUES_MAX, count);
    if ((names == NULL) != (count == 0))
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "curves: %ss is %s, but %s_count is %zu",
                           what, names == NULL ? "NULL" : "given", what, count);
    for (size_t i = 0; i < count; i++) {
        const char *name = names[i] != NULL ? names[i] : "";

        if (find_value(history, "", name) == history->value_count)
            return dlcore_fail(error, DLCORE_ERROR_NAME, "curves: the history has no \"%.64s\"",
                               name);
    }
    return DLCORE_OK;
}

static dlcore_status check_curves(const dlcore_history_t *history, const char *path,
                                  const dlcore_curves_options_t *options,
                                  dlcore_error_record_t *error)
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
    if (status == DLCORE_OK)
        status = check_curve_names(history, "name", options->names, options->name_count, error);
    if (status == DLCORE_OK)
        status = check_curve_names(history, "log_name", options->log_names, options->log_name_count,
                                   error);
    return status;
}

/* ---- the call ---- */

static picture_t make_picture(const dlcore_history_t *history,
                              const dlcore_curves_options_t *options)
{
    picture_t picture = {
        .history = history, .options = options, .title = options->title != NULL ? TITLE : 0.0};

    for (size_t i = 0; i < history->value_count; i++)
        picture.validates[i] = is_validation(history, i);
    for (size_t i = 0; i < options->name_count; i++)
        picture.panels[picture.count++] = find_value(history, "", options->names[i]);
    for (size_t i = 0; options->name_count == 0 && i < history->value_count; i++) {
        if (!picture.validates[i])
            picture.panels[picture.count++] = i;
    }
    picture.columns = dlcore_size_max(dlcore_size_min(options->columns, picture.count), 1);
    picture.rows = (picture.count + picture.columns - 1) / picture.columns;
    return picture;
}

/* Logarithms want values above 0; those that are not finite are not drawn. */
static dlcore_status check_panel(const dlcore_panel_t *panel, dlcore_error_record_t *error)
{
    for (size_t c = 0; panel->logarithmic && c < panel->curve_count; c++) {
        size_t column = panel->curves[c].column;

        for (size_t row = 0; row < panel->history->epochs; row++) {
            double value = dlcore_curve_value(panel->history, row, column);

            if (isfinite(value) && value <= 0.0)
                return dlcore_fail(error, DLCORE_ERROR_RANGE,
                                   "curves: a logarithmic axis wants values above 0, but \"%s\" of "
                                   "epoch %.0f is %g",
                                   panel->history->names[column], dlcore_panel_epoch(panel, row),
                                   value);
        }
    }
    return DLCORE_OK;
}

dlcore_status dlcore_curves_save(const dlcore_system_t *system, const dlcore_history_t *history,
                                 const char *path, const dlcore_curves_options_t *options,
                                 dlcore_error_record_t *error)
{
    dlcore_curves_options_t how = options != NULL ? *options : dlcore_curves_options_default();
    dlcore_status status = check_curves(history, path, &how, error);
    picture_t picture;
    dlcore_panel_t panel; /* one for all, one after the other: it is large */
    dlcore_svg_t svg;

    if (status != DLCORE_OK)
        return status;
    picture = make_picture(history, &how);
    for (size_t i = 0; status == DLCORE_OK && i < picture.count; i++) {
        set_panel(&picture, i, &panel);
        status = check_panel(&panel, error);
    }
    if (status == DLCORE_OK)
        status = dlcore_svg_open(&svg, system, path, error);
    if (status != DLCORE_OK)
        return status;
    draw_head(&svg, &how, (double)(picture.columns * how.width),
              (double)(picture.rows * how.height) + picture.title);
    for (size_t i = 0; i < picture.count; i++) {
        set_panel(&picture, i, &panel);
        dlcore_panel_draw(&svg, &panel);
    }
    dlcore_svg_put(&svg, "</svg>\n");
    return dlcore_svg_close(&svg);
}

static dlcore_status save_svg(const dlcore_history_t *history, const char *path,
                              const dlcore_curves_options_t *options, dlcore_error_record_t *error)
{
    return dlcore_curves_save(NULL, history, path, options, error);
}

dlcore_status dlcore_history_save_svg(const dlcore_history_t *history, const char *path,
                                      const dlcore_curves_options_t *options,
                                      dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, save_svg(history, path, options, error));
}
