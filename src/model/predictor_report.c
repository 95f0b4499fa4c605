/* What a predictor takes of memory, and how far its answers are from those of float32.
 *
 * Two predictors are made for the length of the call: one as the given one is, whose memory is
 * counted and which runs the rows, and one in float32. So the given one is only read.
 *
 * SPDX-License-Identifier: MIT */
#include "model/predictor_low.h"

#include <math.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/size.h"
#include "base/traces.h"
#include "engine/path.h"
#include "tensor/tensor.h"

/* ---- counted memory ---- */

typedef struct counted_memory {
    dlcore_allocator_t allocator; /* the model's */
    size_t bytes;
} counted_memory_t;

static void *allocate_counted(void *user, size_t size)
{
    counted_memory_t *counted = user;

    counted->bytes += size;
    return counted->allocator.allocate(counted->allocator.user, size);
}

static void release_counted(void *user, void *memory)
{
    const counted_memory_t *counted = user;

    counted->allocator.release(counted->allocator.user, memory);
}

/* ---- comparing ---- */

typedef struct comparison {
    dlcore_predictor_t *given, *exact;
    counted_memory_t counted;
    float *x, *y, *expected; /* rows of a run */
} comparison_t;

static size_t class_of_outputs(const float *y, size_t n)
{
    size_t best = 0;

    if (n == 1)
        return y[0] > 0.5f;
    for (size_t i = 1; i < n; i++)
        best = y[i] > y[best] ? i : best;
    return best;
}

static double distance(float y, float expected)
{
    double d = fabs((double)y - (double)expected);

    if (y == expected || (isnan(y) && isnan(expected)))
        return 0.0;
    return isnan(d) ? HUGE_VAL : d;
}

static void compare_row(const float *y, const float *expected, size_t n,
                        dlcore_predictor_report_t *report)
{
    for (size_t i = 0; i < n; i++)
        report->difference = fmax(report->difference, distance(y[i], expected[i]));
    report->rows++;
    report->same_class_rows += class_of_outputs(y, n) == class_of_outputs(expected, n);
}

static dlcore_status compare_rows(comparison_t *c, const dlcore_tensor_t *x, size_t first,
                                  size_t count, dlcore_predictor_report_t *report)
{
    size_t inputs = c->given->input_width, outputs = c->given->output_width;
    dlcore_status status;

    for (size_t r = 0; r < count; r++)
        for (size_t i = 0; i < inputs; i++)
            c->x[r * inputs + i] = (float)dlcore_row_number(x, first + r, i);
    status = dlcore_predictor_run(c->given, c->x, count, c->y);
    if (status == DLCORE_OK)
        status = dlcore_predictor_run(c->exact, c->x, count, c->expected);
    for (size_t r = 0; r < count && status == DLCORE_OK; r++)
        compare_row(c->y + r * outputs, c->expected + r * outputs, outputs, report);
    return status;
}

static dlcore_status compare_all(comparison_t *c, const dlcore_tensor_t *x,
                                 dlcore_predictor_report_t *report, dlcore_error_record_t *error)
{
    const dlcore_allocator_t *allocator = &c->counted.allocator;
    size_t step = c->given->capacity, rows = dlcore_sample_count(x), count;
    dlcore_status status = DLCORE_OK;

    step = dlcore_size_min(step, dlcore_size_max(rows, 1));
    c->x = dlcore_allocate(allocator, step, c->given->input_width * sizeof *c->x);
    c->y = dlcore_allocate(allocator, step, c->given->output_width * sizeof *c->y);
    c->expected = dlcore_allocate(allocator, step, c->given->output_width * sizeof *c->y);
    if (c->x == NULL || c->y == NULL || c->expected == NULL)
        return dlcore_fail_memory(error, "predictor_report",
                                  step * (c->given->input_width + 2 * c->given->output_width) *
                                      sizeof *c->x);
    for (size_t row = 0; row < rows && status == DLCORE_OK; row += count) {
        count = dlcore_size_min(step, rows - row);
        status = compare_rows(c, x, row, count, report);
    }
    if (status != DLCORE_OK)
        return dlcore_fail(error, status, "predictor_report: the weights changed meanwhile");
    return DLCORE_OK;
}

/* ---- the report ---- */

static size_t dense_weight_bytes(const dlcore_predictor_t *p)
{
    const dlcore_network_t *network = &p->network;
    size_t floats = 0;

    if (p->precision != NULL)
        return p->precision->weight_bytes(p);
    if (p->chain_rows > 0)
        return dlcore_path_chain_floats(&p->model->network) * sizeof(float);
    for (size_t i = network->first; i < network->node_count; i++) {
        if (network->nodes[i].layer.kind == DLCORE_LAYER_DENSE)
            floats += network->nodes[i].parameters[0].floats;
    }
    return floats * sizeof(float);
}

static dlcore_status make_report(const dlcore_predictor_t *p, const dlcore_tensor_t *x,
                                 comparison_t *c, dlcore_predictor_report_t *report,
                                 dlcore_error_record_t *error)
{
    const dlcore_allocator_t *base = &c->counted.allocator;
    dlcore_allocator_t counting = {allocate_counted, release_counted, &c->counted};
    dlcore_predictor_options_t how = dlcore_predictor_options_default();
    dlcore_status status =
        x != NULL ? dlcore_check_inputs(&p->model->network, x, error) : DLCORE_OK;

    if (status != DLCORE_OK)
        return status;
    how.batch_size = p->capacity;
    how.precision = p->precision;
    how.error = error;
    status = dlcore_predictor_make(p->model, &how, &counting, &c->given);
    if (status != DLCORE_OK)
        return status;
    report->precision = p->precision != NULL ? p->precision->name : "float32";
    report->bytes = c->counted.bytes;
    report->weight_bytes = dense_weight_bytes(c->given);
    if (x == NULL)
        return DLCORE_OK;
    how.precision = NULL;
    status = dlcore_predictor_make(p->model, &how, base, &c->exact);
    return status == DLCORE_OK ? compare_all(c, x, report, error) : status;
}

static dlcore_status report_predictor(const dlcore_predictor_t *p, const dlcore_tensor_t *x,
                                      dlcore_predictor_report_t *report,
                                      dlcore_error_record_t *error)
{
    dlcore_predictor_report_t made = {0};
    comparison_t c = {0};
    dlcore_status status;

    if (p == NULL || report == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "predictor_report: %s is NULL",
                           p == NULL ? "predictor" : "report");
    if (p->version != dlcore_model_version(p->model))
        return dlcore_fail(error, DLCORE_ERROR_STATE,
                           "predictor_report: the model's weights have changed since the predictor "
                           "was made; call predictor_refresh");
    c.counted.allocator = p->model->allocator;
    status = make_report(p, x, &c, &made, error);
    dlcore_release(&c.counted.allocator, c.x);
    dlcore_release(&c.counted.allocator, c.y);
    dlcore_release(&c.counted.allocator, c.expected);
    dlcore_predictor_free(c.given);
    dlcore_predictor_free(c.exact);
    if (status == DLCORE_OK)
        *report = made;
    return status;
}

dlcore_status dlcore_predictor_report(const dlcore_predictor_t *predictor, const dlcore_tensor_t *x,
                                      dlcore_predictor_report_t *report,
                                      dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, report_predictor(predictor, x, report, error));
}
