/* L-BFGS: the directions (Nocedal and Wright, algorithms 7.4 and 7.5). fit/line_search.c finds how
 * far to go.
 *
 * Vectors are float, as weights and gradients are; sums over them are double.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/size.h"
#include "base/traces.h"
#include "dlcore/lbfgs.h"
#include "fit/line_search.h"
#include "model/rank_calls.h"
#include "model/single_step.h"

enum { MOST_MEMORY = 100 };

dlcore_lbfgs_options_t dlcore_lbfgs_options_default(void)
{
    return (dlcore_lbfgs_options_t){.structure_size = sizeof(dlcore_lbfgs_options_t),
                                    .iterations = 200,
                                    .memory = 10,
                                    .gradient_tolerance = 1e-5,
                                    .loss_tolerance = 1e-7};
}

/* ---- what can be trained so ---- */

static dlcore_status check_differentiable(const dlcore_node_t *node, dlcore_error_record_t *error)
{
    if (node->type->only_trains)
        return dlcore_fail(error, DLCORE_ERROR_UNSUPPORTED,
                           "lbfgs: %s is random in training, which a line search cannot follow",
                           node->layer.name);
    if (node->type == &dlcore_layer_type_batch_normalization && node->layer.trainable)
        return dlcore_fail(error, DLCORE_ERROR_UNSUPPORTED,
                           "lbfgs: %s has statistics that move step by step: freeze it, or use "
                           "layer_normalization",
                           node->layer.name);
    for (size_t p = 0; p < node->parameter_count; p++)
        if (node->layer.trainable && dlcore_parameter_is_constrained(&node->parameters[p]))
            return dlcore_fail(error, DLCORE_ERROR_UNSUPPORTED, "lbfgs: %s has a constraint of %s",
                               node->layer.name, node->parameters[p].name);
    return DLCORE_OK;
}

static dlcore_status check_lbfgs(dlcore_model_t *model, const dlcore_lbfgs_options_t *options)
{
    dlcore_error_record_t *error = &model->error;
    dlcore_status status = dlcore_check_options(options, "lbfgs", error);

    if (status == DLCORE_OK)
        status = dlcore_check_count("lbfgs", "memory", options->memory, 1, MOST_MEMORY, error);
    if (status == DLCORE_OK)
        status = dlcore_check_range("lbfgs", "gradient_tolerance", options->gradient_tolerance, 0.0,
                                    HUGE_VAL, error);
    if (status == DLCORE_OK)
        status =
            dlcore_check_range("lbfgs", "loss_tolerance", options->loss_tolerance, 0.0, 1.0, error);
    if (status == DLCORE_OK && (model->network.values == NULL || !model->compiled))
        status = dlcore_fail(
            error, DLCORE_ERROR_STATE, "lbfgs: the model is not %s: call model_%s first",
            model->compiled ? "built" : "compiled", model->compiled ? "build" : "compile");
    if (status == DLCORE_OK && model->options.precision != NULL)
        status = dlcore_fail(error, DLCORE_ERROR_UNSUPPORTED,
                             "lbfgs: needs gradients in float32, and the precision is %s",
                             dlcore_precision_name(model->options.precision));
    for (size_t i = 0; i < model->network.node_count && status == DLCORE_OK; i++)
        status = check_differentiable(&model->network.nodes[i], error);
    return status;
}

/* ---- directions ---- */

/* The last steps s and changes y of the gradient, oldest first. */
typedef struct steps {
    size_t room, count, n;
    float *s, *y; /* room vectors each */
    double rho[MOST_MEMORY];
} steps_t;

static void remember(steps_t *steps, const dlcore_line_t *line)
{
    size_t n = steps->n, last;
    double product = 0.0;

    if (steps->count == steps->room) {
        memmove(steps->s, steps->s + n, (steps->room - 1) * n * sizeof *steps->s);
        memmove(steps->y, steps->y + n, (steps->room - 1) * n * sizeof *steps->y);
        memmove(steps->rho, steps->rho + 1, (steps->room - 1) * sizeof *steps->rho);
        steps->count--;
    }
    last = steps->count * n;
    for (size_t i = 0; i < n; i++) {
        steps->s[last + i] = line->moved[i] - line->weights[i];
        steps->y[last + i] = line->slopes[i] - line->gradient[i];
        product += (double)steps->s[last + i] * (double)steps->y[last + i];
    }
    if (product <= 0.0) /* by rounding alone: it would turn the estimate around */
        return;
    steps->rho[steps->count++] = 1.0 / product;
}

static void add_scaled(float *to, const float *from, double by, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] = (float)((double)to[i] + by * (double)from[i]);
}

/* direction = - H gradient */
static void find_direction(const steps_t *steps, const float *gradient, float *direction)
{
    double alpha[MOST_MEMORY], scale;
    size_t n = steps->n;

    for (size_t i = 0; i < n; i++)
        direction[i] = -gradient[i];
    if (steps->count == 0) {
        scale = 1.0 / fmax(1.0, sqrt(dlcore_line_dot(gradient, gradient, n)));
        for (size_t i = 0; i < n; i++)
            direction[i] *= (float)scale;
        return;
    }
    for (size_t k = steps->count; k-- > 0;) {
        alpha[k] = steps->rho[k] * dlcore_line_dot(steps->s + k * n, direction, n);
        add_scaled(direction, steps->y + k * n, -alpha[k], n);
    }
    {
        const float *y = steps->y + (steps->count - 1) * n;

        scale = 1.0 / (steps->rho[steps->count - 1] * dlcore_line_dot(y, y, n));
    }
    for (size_t i = 0; i < n; i++)
        direction[i] = (float)((double)direction[i] * scale);
    for (size_t k = 0; k < steps->count; k++) {
        double beta = steps->rho[k] * dlcore_line_dot(steps->y + k * n, direction, n);

        add_scaled(direction, steps->s + k * n, alpha[k] - beta, n);
    }
}

/* ---- iterations ---- */

static double largest_gradient(const float *gradient, size_t n)
{
    double largest = 0.0;

    for (size_t i = 0; i < n; i++)
        largest = fmax(largest, fabs((double)gradient[i]));
    return largest;
}

/* One iteration; *done: there is nothing to gain any more. */
static dlcore_status iterate(dlcore_line_t *line, steps_t *steps,
                             const dlcore_lbfgs_options_t *options, bool *done)
{
    double before = line->loss;
    dlcore_status status;

    find_direction(steps, line->gradient, line->direction);
    if (!(dlcore_line_dot(line->gradient, line->direction, line->n) < 0.0)) {
        steps->count = 0; /* rounding has spoiled the estimate: begin it anew */
        find_direction(steps, line->gradient, line->direction);
    }
    status = dlcore_line_search(line);
    if (status != DLCORE_OK)
        return status;
    if (!line->found) {
        *done = steps->count == 0; /* along the gradient itself: as far as float32 goes */
        steps->count = 0;
        return DLCORE_OK;
    }
    remember(steps, line);
    dlcore_line_accept(line);
    *done = largest_gradient(line->gradient, line->n) <= options->gradient_tolerance ||
            before - line->loss <= options->loss_tolerance * fmax(fabs(before), 1e-30);
    return DLCORE_OK;
}

static dlcore_status run_lbfgs(dlcore_line_t *line, steps_t *steps,
                               const dlcore_lbfgs_options_t *options, dlcore_lbfgs_report_t *report)
{
    dlcore_status status = dlcore_line_begin(line);
    bool done = false;

    *report = (dlcore_lbfgs_report_t){.first_loss = line->loss};
    if (status == DLCORE_OK)
        done = largest_gradient(line->gradient, line->n) <= options->gradient_tolerance;
    while (status == DLCORE_OK && !done && report->iterations < options->iterations) {
        status = iterate(line, steps, options, &done);
        report->iterations++;
    }
    report->evaluations = line->evaluations;
    report->loss = line->loss;
    report->gradient = largest_gradient(line->gradient, line->n);
    report->converged = done && status == DLCORE_OK;
    return status;
}

/* ---- the call ---- */

/* The vectors, in one block: line->weights is its beginning. */
static dlcore_status make_vectors(dlcore_line_t *line, steps_t *steps)
{
    dlcore_model_t *model = line->model;
    size_t vectors = 5 + 2 * steps->room, floats;
    float *memory;

    line->n = steps->n = model->network.parameter_count;
    if (!dlcore_size_multiply(vectors, dlcore_size_max(line->n, 1), &floats))
        return dlcore_fail(&model->error, DLCORE_ERROR_OVERFLOW, "lbfgs: %zu weights are too many",
                           line->n);
    memory = dlcore_allocate(&model->allocator, floats, sizeof *memory);
    if (memory == NULL)
        return dlcore_fail_memory(&model->error, "lbfgs", floats * sizeof *memory);
    line->weights = memory;
    line->moved = memory + line->n;
    line->gradient = memory + 2 * line->n;
    line->slopes = memory + 3 * line->n;
    line->direction = memory + 4 * line->n;
    steps->s = memory + 5 * line->n;
    steps->y = steps->s + steps->room * line->n;
    return DLCORE_OK;
}

/* Each evaluation is a call of all ranks; what may fail before the first, and options that differ,
 * must end the call on all of them. */
static dlcore_status meet_ranks(dlcore_model_t *model, const dlcore_lbfgs_options_t *options,
                                dlcore_status status)
{
    const dlcore_fact_t facts[] = {
        {"iterations of lbfgs", options->iterations, false},
        {"memory of lbfgs", options->memory, false},
        {"gradient_tolerance of lbfgs", dlcore_fact_bits(options->gradient_tolerance), true},
        {"loss_tolerance of lbfgs", dlcore_fact_bits(options->loss_tolerance), true},
    };
    dlcore_meeting_t meeting = {.point = DLCORE_MEETING_LBFGS, .status = status};
    dlcore_ranks_t *ranks = dlcore_model_ranks(model);

    if (ranks == NULL)
        return status;
    status = ranks->code->meet(ranks, &meeting, &model->error);
    if (status == DLCORE_OK)
        status = ranks->code->compare(model, facts, sizeof facts / sizeof facts[0], &model->error);
    return status;
}

static dlcore_status begin_lbfgs(dlcore_line_t *line, steps_t *steps,
                                 const dlcore_lbfgs_options_t *options)
{
    dlcore_status status = dlcore_single_begin(line->model, "lbfgs");

    if (status != DLCORE_OK)
        return status;
    status = check_lbfgs(line->model, options);
    if (status == DLCORE_OK)
        status = make_vectors(line, steps);
    return meet_ranks(line->model, options, status);
}

dlcore_status dlcore_model_fit_lbfgs(dlcore_model_t *model, const dlcore_tensor_t *x,
                                     const dlcore_tensor_t *y,
                                     const dlcore_lbfgs_options_t *options,
                                     dlcore_lbfgs_report_t *report)
{
    dlcore_lbfgs_options_t chosen = options != NULL ? *options : dlcore_lbfgs_options_default();
    dlcore_line_t line = {.model = model, .x = x, .y = y};
    steps_t steps = {.room = chosen.memory};
    dlcore_lbfgs_report_t found;
    dlcore_traces_t before = dlcore_traces_note();
    dlcore_status status = dlcore_model_begin(model);

    if (status != DLCORE_OK)
        return status;
    status = dlcore_model_end(model, begin_lbfgs(&line, &steps, &chosen));
    /* the vectors are there then; each evaluation is a call on the model of its own */
    if (status == DLCORE_OK && steps.s != NULL)
        status = run_lbfgs(&line, &steps, &chosen, report != NULL ? report : &found);
    dlcore_release(&model->allocator, line.weights);
    return dlcore_traces_end(before, status);
}
