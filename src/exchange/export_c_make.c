/* What an exported file is made of, from the first look at the model to the last byte.
 *
 * SPDX-License-Identifier: MIT */
#include "exchange/export_c_make.h"

#include <float.h>
#include <math.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/size.h"
#include "exchange/export_c_pieces.h"
#include "model/model.h"
#include "store/model_tensors.h"
#include "tensor/tensor.h"

enum { TEST_ROWS = 4 };

dlcore_export_c_options_t dlcore_export_c_options_default(void)
{
    return (dlcore_export_c_options_t){.structure_size = sizeof(dlcore_export_c_options_t),
                                       .prefix = "network",
                                       .numbers = DLCORE_EXPORT_FLOAT32,
                                       .sync = true};
}

static const char *numbers_name(int value)
{
    return value == DLCORE_EXPORT_INT8 ? "int8" : "float32";
}

static dlcore_status check_exporting(const dlcore_exporting_t *exporting,
                                     const dlcore_export_c_options_t *options)
{
    dlcore_status status;

    if (options != NULL && dlcore_check_options(options, "export_c", exporting->error) != DLCORE_OK)
        return DLCORE_ERROR_ARGUMENT;
    if (exporting->model == NULL)
        return dlcore_fail(exporting->error, DLCORE_ERROR_ARGUMENT, "export: the model is NULL");
    if (exporting->model->network.values == NULL)
        return dlcore_fail(exporting->error, DLCORE_ERROR_STATE,
                           "export: the model has no weights before it is built");
    status = dlcore_export_check_prefix(exporting->options.prefix, exporting->error);
    if (status == DLCORE_OK)
        status = dlcore_check_choice("export", "numbers", (int)exporting->options.numbers,
                                     DLCORE_EXPORT_FLOAT32, DLCORE_EXPORT_INT8, numbers_name,
                                     exporting->error);
    if (status == DLCORE_OK && exporting->options.samples == NULL &&
        exporting->options.numbers == DLCORE_EXPORT_INT8)
        return dlcore_fail(exporting->error, DLCORE_ERROR_ARGUMENT,
                           "export: int8 needs samples, to find the scales from");
    if (status == DLCORE_OK && exporting->options.samples != NULL)
        status = dlcore_check_samples(&exporting->model->network, exporting->options.samples,
                                      exporting->error);
    return status;
}

/* ---- the self-test ---- */

static void copy_samples(const dlcore_tensor_t *samples, size_t first, size_t rows, size_t width,
                         float *x)
{
    for (size_t r = 0; r < rows; r++) {
        for (size_t i = 0; i < width; i++)
            x[r * width + i] = (float)dlcore_row_number(samples, first + r, i);
    }
}

/* The model's outputs; of an int8 file, what that computes. */
static dlcore_status run_test(dlcore_exporting_t *exporting, size_t rows, float *x, float *y)
{
    size_t inputs = exporting->plan.inputs, outputs = exporting->plan.outputs;
    void *room;

    if (exporting->file.int8 == NULL)
        return dlcore_self_test_run(exporting->model, x, rows, y, exporting->error);
    room = dlcore_allocate(&exporting->held, dlcore_export_int8_room(&exporting->plan), 1);
    if (room == NULL)
        return dlcore_fail_memory(exporting->error, "export",
                                  dlcore_export_int8_room(&exporting->plan));
    for (size_t r = 0; r < rows; r++) {
        dlcore_export_int8_snap(&exporting->int8, x + r * inputs);
        dlcore_export_int8_run(&exporting->int8, x + r * inputs, y + r * outputs, room);
    }
    dlcore_release(&exporting->held, room);
    return DLCORE_OK;
}

static dlcore_status make_test(dlcore_exporting_t *exporting)
{
    const dlcore_tensor_t *samples = exporting->options.samples;
    size_t inputs = exporting->plan.inputs, outputs = exporting->plan.outputs;
    size_t rows = samples != NULL ? dlcore_size_min(samples->shape[0], TEST_ROWS) : TEST_ROWS;
    size_t floats = rows * (inputs + outputs);
    dlcore_status status;
    float *y;

    exporting->test = dlcore_allocate(&exporting->held, floats, sizeof(float));
    if (exporting->test == NULL)
        return dlcore_fail_memory(exporting->error, "export", floats * sizeof(float));
    y = exporting->test + rows * inputs;
    if (samples != NULL)
        copy_samples(samples, 0, rows, inputs, exporting->test);
    else
        dlcore_self_test_input(exporting->model, exporting->test, rows);
    status = run_test(exporting, rows, exporting->test, y);
    for (size_t i = 0; i < floats && status == DLCORE_OK; i++) {
        if (!(fabsf(exporting->test[i]) <= FLT_MAX))
            status =
                dlcore_fail(exporting->error, DLCORE_ERROR_RANGE,
                            "export: sample %zu of the self-test, or its output, is not finite",
                            i < rows * inputs ? i / inputs : (i - rows * inputs) / outputs);
    }
    exporting->file.test_rows = rows;
    exporting->file.test_x = exporting->test;
    exporting->file.test_y = y;
    return status;
}

/* ---- how near int8 comes ---- */

static size_t class_of(const float *y, size_t n)
{
    size_t largest = 0;

    for (size_t i = 1; i < n; i++)
        largest = y[i] > y[largest] ? i : largest;
    return n == 1 ? y[0] > 0.5f : largest;
}

/* Adds a sample to the report: x, the model's outputs for it, and room for int8's. */
static void compare_sample(dlcore_exporting_t *exporting, const float *x, const float *want,
                           float *y, void *room)
{
    dlcore_export_report_t *report = &exporting->report;
    size_t outputs = exporting->plan.outputs;

    dlcore_export_int8_run(&exporting->int8, x, y, room);
    for (size_t i = 0; i < outputs; i++) {
        double size = fmax(1.0, fabs((double)want[i]));

        report->difference = fmax(report->difference, fabs((double)y[i] - (double)want[i]) / size);
    }
    report->same_class += class_of(y, outputs) == class_of(want, outputs) ? 1.0 : 0.0;
}

static dlcore_status compare_samples(dlcore_exporting_t *exporting)
{
    enum { BLOCK = 64 };
    const dlcore_tensor_t *samples = exporting->options.samples;
    size_t inputs = exporting->plan.inputs, outputs = exporting->plan.outputs;
    size_t room = dlcore_export_int8_room(&exporting->plan) / sizeof(float) + 1, count;
    size_t floats = BLOCK * (inputs + outputs) + outputs + room;
    float *x = dlcore_allocate(&exporting->held, floats, sizeof(float));
    float *y = x + BLOCK * inputs, *own = y + BLOCK * outputs;
    dlcore_status status = DLCORE_OK;

    if (x == NULL)
        return dlcore_fail_memory(exporting->error, "export", floats * sizeof(float));
    for (size_t row = 0; row < samples->shape[0] && status == DLCORE_OK; row += count) {
        count = dlcore_size_min(samples->shape[0] - row, BLOCK);
        copy_samples(samples, row, count, inputs, x);
        status = dlcore_self_test_run(exporting->model, x, count, y, exporting->error);
        for (size_t r = 0; r < count && status == DLCORE_OK; r++)
            compare_sample(exporting, x + r * inputs, y + r * outputs, own, own + outputs);
    }
    exporting->report.same_class /= (double)samples->shape[0];
    dlcore_release(&exporting->held, x);
    return status;
}

static dlcore_status make_int8(dlcore_exporting_t *exporting)
{
    dlcore_status status = dlcore_export_int8_make(&exporting->int8, &exporting->plan,
                                                   exporting->options.samples, exporting->error);

    exporting->file.int8 = &exporting->int8;
    if (status == DLCORE_OK)
        status = compare_samples(exporting);
    return status;
}

/* ---- all of it ---- */

static dlcore_status check_activations(const dlcore_exporting_t *exporting)
{
    for (size_t i = 0; i < exporting->plan.count; i++) {
        const dlcore_export_step_t *step = &exporting->plan.steps[i];

        if (step->kind == DLCORE_EXPORT_ACTIVATION &&
            dlcore_export_activation_pieces(step->activation.kind) == 0)
            return dlcore_fail(exporting->error, DLCORE_ERROR_UNSUPPORTED,
                               "export: %s has the activation %s, which has no C form",
                               step->node->layer.name,
                               dlcore_activation_name(step->activation.kind));
    }
    return DLCORE_OK;
}

dlcore_status dlcore_exporting_begin(dlcore_exporting_t *exporting, const dlcore_model_t *model,
                                     const dlcore_export_c_options_t *options)
{
    dlcore_status status;
    bool whole;

    *exporting = (dlcore_exporting_t){
        .model = model,
        .options = options != NULL ? *options : dlcore_export_c_options_default(),
        .error = options != NULL ? options->error : NULL};
    status = check_exporting(exporting, options);
    if (status != DLCORE_OK)
        return status;
    whole = exporting->options.numbers == DLCORE_EXPORT_INT8;
    exporting->held = dlcore_held_allocator(model);
    exporting->file.plan = &exporting->plan;
    exporting->report.same_class = whole ? 0.0 : 1.0;
    status = dlcore_export_plan_make(&exporting->plan, &model->network, whole, &exporting->held,
                                     exporting->error);
    if (status == DLCORE_OK)
        status = check_activations(exporting);
    if (status == DLCORE_OK && whole)
        status = make_int8(exporting);
    if (status == DLCORE_OK)
        status = make_test(exporting);
    if (status == DLCORE_OK)
        exporting->file.sizes = whole ? dlcore_export_int8_sizes(&exporting->int8)
                                      : dlcore_export_float_sizes(&exporting->plan);
    return status;
}

void dlcore_exporting_end(dlcore_exporting_t *exporting)
{
    if (exporting->held.allocate == NULL) /* not begun */
        return;
    dlcore_release(&exporting->held, exporting->test);
    dlcore_export_int8_end(&exporting->int8);
    dlcore_export_plan_end(&exporting->plan);
}

dlcore_status dlcore_exporting_write(const dlcore_exporting_t *exporting,
                                     dlcore_export_write_t *write, void *to, size_t *size)
{
    dlcore_export_text_t text;
    dlcore_status status;

    dlcore_export_text_begin(&text, exporting->options.prefix, write, to, exporting->error);
    dlcore_export_put_file(&text, &exporting->file);
    status = dlcore_export_text_end(&text);
    if (size != NULL)
        *size = text.written;
    return status;
}

void dlcore_exporting_report(const dlcore_exporting_t *exporting, size_t size)
{
    dlcore_export_report_t *report = exporting->options.report;

    if (report == NULL)
        return;
    *report = exporting->report;
    report->inputs = exporting->plan.inputs;
    report->outputs = exporting->plan.outputs;
    report->weight_bytes = exporting->file.sizes.weight_bytes;
    report->scratch_bytes = exporting->file.sizes.scratch_bytes;
    report->text_bytes = size;
}
