/* Pictures of what judge.h computes.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "base/size.h"
#include "base/sort.h"
#include "base/traces.h"
#include "dlcore/judge.h"
#include "report/chart.h"

enum { MOST_BARS = 40, MOST_LINES = DLCORE_CHART_COLOURS };

static dlcore_status check_drawing(const char *what, const void *object, const char *path,
                                   dlcore_error_record_t *error)
{
    if (object != NULL && path != NULL)
        return DLCORE_OK;
    return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "%s: %s is NULL", what,
                       path == NULL ? "path" : "what is drawn");
}

/* By members: a whole chart beside this one would be another 5 KB of stack. */
static void begin_chart(dlcore_chart_t *chart, const char *title, const char *x_name)
{
    memset(chart, 0, sizeof *chart);
    chart->title = title;
    chart->x_name = x_name;
}

/* An axis of shares: 0 .. 1 without margins. */
static dlcore_axis_t share_axis(void)
{
    dlcore_axis_t axis = dlcore_axis_fit(0.0, 1.0, 6);

    axis.low = 0.0;
    axis.high = 1.0;
    return axis;
}

/* ---- rankings ---- */

/* Steps of a curve of many points are narrower than pixels: each stretch of points is drawn by its
 * last. `of_recall`: precision by recall. */
static void draw_ranking_line(dlcore_chart_t *chart, const dlcore_ranking_t *ranking,
                              bool of_recall)
{
    size_t stride = (ranking->count - 2) / 256 + 1;
    double before_x = 0.0, before_y = of_recall ? ranking->points[1].precision : 0.0;

    for (size_t i = 1; i < ranking->count; i += stride) {
        const dlcore_ranking_point_t *at =
            &ranking->points[dlcore_size_min(i + stride - 1, ranking->count - 1)];
        double x = of_recall ? at->true_positive_rate : at->false_positive_rate;
        double y = of_recall ? at->precision : at->true_positive_rate;

        dlcore_chart_line(chart, 2, (double[]){before_x, x}, (double[]){before_y, y},
                          dlcore_chart_colours[0]);
        before_x = x;
        before_y = y;
    }
}

static dlcore_status save_ranking(const dlcore_ranking_t *ranking, const char *path, bool of_recall,
                                  dlcore_error_record_t *error)
{
    char title[128], area[DLCORE_NUMBER_SIZE];
    dlcore_chart_t chart;
    double share;
    dlcore_status status = check_drawing("ranking", ranking, path, error);

    if (status != DLCORE_OK)
        return status;
    if (ranking->positives == 0 || ranking->negatives == 0)
        return dlcore_fail(
            error, DLCORE_ERROR_RANGE,
            "ranking: a curve needs samples of both kinds, got %zu positives and %zu "
            "negatives",
            ranking->positives, ranking->negatives);
    dlcore_number(area, of_recall ? ranking->average_precision : ranking->roc_area, 4, 0);
    snprintf(title, sizeof title, "%s %s", of_recall ? "Average precision" : "Area under ROC",
             area);
    share = (double)ranking->positives / (double)(ranking->positives + ranking->negatives);
    begin_chart(&chart, title, of_recall ? "recall" : "false positive rate");
    chart.y_name = of_recall ? "precision" : "true positive rate";
    chart.x = share_axis();
    chart.y = share_axis();
    status = dlcore_chart_open(&chart, path, error);
    if (status != DLCORE_OK)
        return status;
    if (of_recall)
        dlcore_chart_guide(&chart, 0.0, share, 1.0, share);
    else
        dlcore_chart_guide(&chart, 0.0, 0.0, 1.0, 1.0);
    draw_ranking_line(&chart, ranking, of_recall);
    return dlcore_chart_close(&chart);
}

dlcore_status dlcore_ranking_save_roc_svg(const dlcore_ranking_t *ranking, const char *path,
                                          dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, save_ranking(ranking, path, false, error));
}

dlcore_status dlcore_ranking_save_pr_svg(const dlcore_ranking_t *ranking, const char *path,
                                         dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, save_ranking(ranking, path, true, error));
}

/* ---- reliability ---- */

static void draw_bins(dlcore_chart_t *chart, const dlcore_reliability_t *r)
{
    size_t most = 1, count = 0;
    double x[DLCORE_RELIABILITY_BINS_MAX] = {0}, y[DLCORE_RELIABILITY_BINS_MAX] = {0};

    for (size_t b = 0; b < r->bin_count; b++)
        most = dlcore_size_max(most, r->bins[b].count);
    for (size_t b = 0; b < r->bin_count; b++) {
        const dlcore_reliability_bin_t *bin = &r->bins[b];
        double gap = 0.1 * (bin->high - bin->low);

        dlcore_chart_bar(chart, bin->low + gap, 0.0, bin->high - gap,
                         0.15 * (double)bin->count / (double)most, "#d5dde7");
        if (bin->count == 0)
            continue;
        x[count] = bin->predicted;
        y[count++] = bin->observed;
    }
    dlcore_chart_guide(chart, 0.0, 0.0, 1.0, 1.0);
    dlcore_chart_line(chart, count, x, y, dlcore_chart_colours[0]);
    for (size_t i = 0; i < count; i++)
        dlcore_chart_dot(chart, x[i], y[i], dlcore_chart_colours[0]);
}

static dlcore_status save_reliability(const dlcore_reliability_t *reliability, const char *path,
                                      dlcore_error_record_t *error)
{
    char title[128], value[DLCORE_NUMBER_SIZE];
    dlcore_chart_t chart;
    dlcore_status status = check_drawing("reliability", reliability, path, error);

    if (status == DLCORE_OK)
        status = dlcore_check_count("reliability", "bin_count", reliability->bin_count, 1,
                                    DLCORE_RELIABILITY_BINS_MAX, error);
    if (status != DLCORE_OK)
        return status;
    snprintf(title, sizeof title, "Expected calibration error %s",
             dlcore_number(value, reliability->calibration_error, 4, 0));
    begin_chart(&chart, title, "predicted probability (bars: samples)");
    chart.y_name = "observed share";
    chart.x = share_axis();
    chart.y = share_axis();
    status = dlcore_chart_open(&chart, path, error);
    if (status != DLCORE_OK)
        return status;
    draw_bins(&chart, reliability);
    return dlcore_chart_close(&chart);
}

dlcore_status dlcore_reliability_save_svg(const dlcore_reliability_t *reliability, const char *path,
                                          dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, save_reliability(reliability, path, error));
}

/* ---- importance ---- */

static bool is_more_important(const void *things, size_t a, size_t b)
{
    const double *means = things;

    return fabs(means[a]) > fabs(means[b]);
}

/* The most important features, best first. */
static size_t pick_features(const double *means, size_t count, size_t picked[MOST_BARS])
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        size_t at = dlcore_size_min(kept, MOST_BARS);

        while (at > 0 && is_more_important(means, i, picked[at - 1])) {
            if (at < MOST_BARS)
                picked[at] = picked[at - 1];
            at--;
        }
        if (at < MOST_BARS)
            picked[at] = i;
        kept = dlcore_size_min(kept + 1, MOST_BARS);
    }
    return kept;
}

static void draw_features(dlcore_chart_t *chart, const double *means, const double *deviations,
                          const char *const *names, const size_t *picked, size_t kept)
{
    for (size_t i = 0; i < kept; i++) {
        double y = (double)(kept - i) - 0.5, mean = means[picked[i]];
        char number[32];

        snprintf(number, sizeof number, "%zu", picked[i]);
        dlcore_chart_bar(chart, 0.0, y - 0.35, mean, y + 0.35, dlcore_chart_colours[0]);
        if (deviations != NULL)
            dlcore_chart_line(
                chart, 2, (double[]){mean - deviations[picked[i]], mean + deviations[picked[i]]},
                (double[]){y, y}, "#333333");
        dlcore_chart_row_name(chart, y, names != NULL ? names[picked[i]] : number);
    }
}

static dlcore_status save_importance(const double *means, const double *deviations,
                                     const char *const *names, size_t count, const char *path,
                                     dlcore_error_record_t *error)
{
    size_t picked[MOST_BARS], kept, longest = 4;
    double low = 0.0, high = 0.0;
    dlcore_chart_t chart;
    dlcore_status status = check_drawing("importance", means, path, error);

    if (status != DLCORE_OK)
        return status;
    for (size_t i = 0; i < count; i++)
        if (!isfinite(means[i]) || (deviations != NULL && !isfinite(deviations[i])) ||
            (names != NULL && names[i] == NULL))
            return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                               "importance: feature %zu has a mean of %g, or no name", i, means[i]);
    kept = pick_features(means, count, picked);
    for (size_t i = 0; i < kept; i++) {
        double spread = deviations != NULL ? deviations[picked[i]] : 0.0;

        low = fmin(low, means[picked[i]] - spread);
        high = fmax(high, means[picked[i]] + spread);
        if (names != NULL)
            longest = dlcore_size_max(longest, strlen(names[picked[i]]));
    }
    begin_chart(&chart, "Permutation importance",
                "change of the metric when the feature is shuffled");
    chart.x = dlcore_axis_fit(low, high, 6);
    chart.names_y = true;
    chart.left = 24.0 + 7.0 * (double)dlcore_size_min(longest, 28);
    chart.width = 560.0;
    chart.height = 120.0 + 24.0 * (double)kept;
    chart.y.low = 0.0;
    chart.y.high = (double)dlcore_size_max(kept, 1);
    status = dlcore_chart_open(&chart, path, error);
    if (status != DLCORE_OK)
        return status;
    draw_features(&chart, means, deviations, names, picked, kept);
    return dlcore_chart_close(&chart);
}

dlcore_status dlcore_importance_save_svg(const double *means, const double *deviations,
                                         const char *const *names, size_t count, const char *path,
                                         dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, save_importance(means, deviations, names, count, path, error));
}

/* ---- partial dependence ---- */

static void draw_output(dlcore_chart_t *chart, const dlcore_dependence_t *d, size_t output)
{
    const char *colour = dlcore_chart_colours[output];
    char name[32];

    for (size_t i = 1; i < d->count; i++)
        dlcore_chart_line(
            chart, 2, &d->grid[i - 1],
            (double[]){d->means[(i - 1) * d->outputs + output], d->means[i * d->outputs + output]},
            colour);
    for (size_t i = 0; i < d->count && d->count <= 30; i++)
        dlcore_chart_dot(chart, d->grid[i], d->means[i * d->outputs + output], colour);
    snprintf(name, sizeof name, "%zu", output);
    if (d->outputs > 1)
        dlcore_chart_legend(chart, name, colour);
}

static dlcore_status save_dependence(const dlcore_dependence_t *d, const char *name,
                                     const char *path, dlcore_error_record_t *error)
{
    char feature[48];
    double low = (double)INFINITY, high = -(double)INFINITY;
    size_t lines;
    dlcore_chart_t chart;
    dlcore_status status = check_drawing("dependence", d, path, error);

    if (status != DLCORE_OK)
        return status;
    lines = dlcore_size_min(d->outputs, MOST_LINES);
    for (size_t i = 0; i < d->count * d->outputs; i++) {
        if (i % d->outputs < lines && isfinite(d->means[i])) {
            low = fmin(low, d->means[i]);
            high = fmax(high, d->means[i]);
        }
    }
    if (low > high)
        return dlcore_fail(error, DLCORE_ERROR_RANGE, "dependence: no mean output is finite");
    snprintf(feature, sizeof feature, "feature %zu", d->feature);
    begin_chart(&chart, "Partial dependence", name != NULL ? name : feature);
    chart.y_name = "mean output";
    chart.x = dlcore_axis_fit(d->grid[0], d->grid[d->count - 1], 6);
    chart.y = dlcore_axis_fit(low, high, 6);
    status = dlcore_chart_open(&chart, path, error);
    if (status != DLCORE_OK)
        return status;
    for (size_t output = 0; output < lines; output++)
        draw_output(&chart, d, output);
    return dlcore_chart_close(&chart);
}

dlcore_status dlcore_dependence_save_svg(const dlcore_dependence_t *dependence, const char *name,
                                         const char *path, dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, save_dependence(dependence, name, path, error));
}
