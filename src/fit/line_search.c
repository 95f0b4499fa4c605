/* A line search for the strong Wolfe conditions: Nocedal and Wright, Numerical Optimization,
 * algorithms 3.5 (go on until a step is bracketed) and 3.6 (narrow the bracket, by cubics).
 *
 * SPDX-License-Identifier: MIT */
#include "fit/line_search.h"

#include <math.h>
#include <string.h>

#include "dlcore/model.h"

enum { MOST_STEPS = 25 };
#define ENOUGH_DECREASE 1e-4
#define ENOUGH_CURVATURE 0.9
#define FARTHEST 1e6

double dlcore_line_dot(const float *a, const float *b, size_t n)
{
    double sum = 0.0;

    for (size_t i = 0; i < n; i++)
        sum += (double)a[i] * (double)b[i];
    return sum;
}

/* A point of the line. */
typedef struct point {
    double step, loss, slope;
} point_t;

static float moved_weight(const dlcore_line_t *line, double step, size_t i)
{
    return (float)((double)line->weights[i] + step * (double)line->direction[i]);
}

/* Whether both steps, and so all between them, lead to the same weights: float32 has no others. */
static bool is_same_point(const dlcore_line_t *line, double a, double b)
{
    for (size_t i = 0; i < line->n; i++) {
        if (moved_weight(line, a, i) != moved_weight(line, b, i))
            return false;
    }
    return true;
}

/* Looks at a step: a loss that is not finite counts as far too high. */
static dlcore_status look_at_step(dlcore_line_t *line, double step, point_t *point)
{
    dlcore_status status;

    for (size_t i = 0; i < line->n; i++)
        line->moved[i] = moved_weight(line, step, i);
    status = dlcore_model_set_weights(line->model, line->moved, line->n);
    if (status == DLCORE_OK)
        status = dlcore_model_gradients(line->model, line->x, line->y, line->slopes, line->n,
                                        &line->moved_loss);
    line->evaluations++;
    line->step = step;
    if (status == DLCORE_ERROR_NOT_FINITE) {
        *point = (point_t){.step = step, .loss = HUGE_VAL};
        return DLCORE_OK;
    }
    *point = (point_t){.step = step,
                       .loss = line->moved_loss,
                       .slope = dlcore_line_dot(line->slopes, line->direction, line->n)};
    return status;
}

/* The minimum of the cubic through both, away from their ends; else the middle. */
static double between(const point_t *a, const point_t *b)
{
    double low = fmin(a->step, b->step), high = fmax(a->step, b->step), width = high - low;
    double first, root, at = (low + high) / 2.0;

    if (isfinite(a->loss) && isfinite(b->loss)) {
        first = a->slope + b->slope - 3.0 * (a->loss - b->loss) / (a->step - b->step);
        root = first * first - a->slope * b->slope;
        if (root >= 0.0) {
            root = copysign(sqrt(root), b->step - a->step);
            at = b->step - (b->step - a->step) * (b->slope + root - first) /
                               (b->slope - a->slope + 2.0 * root);
        }
    }
    if (!(at >= low + 0.1 * width))
        at = low + 0.1 * width;
    return fmin(at, high - 0.1 * width);
}

static bool is_low_enough(const point_t *start, const point_t *point)
{
    return point->loss <= start->loss + ENOUGH_DECREASE * point->step * start->slope;
}

/* `low` has the smallest loss so far, and the step lies between it and `high`. */
static dlcore_status narrow(dlcore_line_t *line, const point_t *start, point_t low, point_t high,
                            size_t left)
{
    point_t at = low;
    dlcore_status status = DLCORE_OK;

    while (left-- > 0) {
        double step = between(&low, &high);

        if (is_same_point(line, step, low.step) || is_same_point(line, step, high.step))
            break;
        status = look_at_step(line, step, &at);
        if (status != DLCORE_OK)
            return status;
        if (!is_low_enough(start, &at) || at.loss >= low.loss) {
            high = at;
            continue;
        }
        if (fabs(at.slope) <= -ENOUGH_CURVATURE * start->slope) {
            line->found = true;
            return DLCORE_OK;
        }
        if (at.slope * (high.step - low.step) >= 0.0)
            high = low;
        low = at;
    }
    /* no step with a flat enough slope: the best one, where it is a better one */
    if (low.step > 0.0 && low.loss < start->loss) {
        if (line->step != low.step)
            status = look_at_step(line, low.step, &at);
        line->found = status == DLCORE_OK;
    }
    return status;
}

static dlcore_status search_on(dlcore_line_t *line, const point_t *start)
{
    point_t before = *start, at;
    double step = 1.0;

    for (size_t i = 0; i < MOST_STEPS; i++) {
        dlcore_status status = look_at_step(line, step, &at);

        if (status != DLCORE_OK)
            return status;
        if (!is_low_enough(start, &at) || (i > 0 && at.loss >= before.loss))
            return narrow(line, start, before, at, MOST_STEPS);
        if (fabs(at.slope) <= -ENOUGH_CURVATURE * start->slope || step >= FARTHEST) {
            line->found = true;
            return DLCORE_OK;
        }
        if (at.slope >= 0.0)
            return narrow(line, start, at, before, MOST_STEPS);
        before = at;
        step = fmin(2.0 * step, FARTHEST);
    }
    line->found = true;
    return DLCORE_OK;
}

dlcore_status dlcore_line_search(dlcore_line_t *line)
{
    point_t start = {.loss = line->loss,
                     .slope = dlcore_line_dot(line->gradient, line->direction, line->n)};
    dlcore_status status = DLCORE_OK, restored;

    line->found = false;
    if (start.slope < 0.0)
        status = search_on(line, &start);
    if (status != DLCORE_OK || !line->found) {
        dlcore_error_record_t why = line->model->error;

        restored = dlcore_model_set_weights(line->model, line->weights, line->n);
        if (status == DLCORE_OK)
            return restored;
        line->model->error = why; /* of the call that failed */
    }
    return status;
}

void dlcore_line_accept(dlcore_line_t *line)
{
    memcpy(line->weights, line->moved, line->n * sizeof *line->weights);
    memcpy(line->gradient, line->slopes, line->n * sizeof *line->gradient);
    line->loss = line->moved_loss;
}

dlcore_status dlcore_line_begin(dlcore_line_t *line)
{
    dlcore_status status = dlcore_model_get_weights(line->model, line->weights, line->n);

    if (status == DLCORE_OK)
        status = dlcore_model_gradients(line->model, line->x, line->y, line->gradient, line->n,
                                        &line->loss);
    line->evaluations = 1;
    return status;
}
