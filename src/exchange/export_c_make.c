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
    return (dlcore_export_c_options_t){
        .structure_size = sizeof(dlcore_export_c_options_t), .prefix = "network", .sync = true};
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
    if (status == DLCORE_OK && exporting->options.samples != NULL)
        status = dlcore_check_samples(&exporting->model->network, exporting->options.samples,
                                      exporting->error);
    return status;
}

/* ---- the self-test ---- */

static void copy_samples(const dlcore_tensor_t *samples, size_t rows, size_t width, float *x)
{
    for (size_t r = 0; r < rows; r++) {
        for (size_t i = 0; i < width; i++)
            x[r * width + i] = (float)dlcore_row_number(samples, r, i);
    }
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
        copy_samples(samples, rows, inputs, exporting->test);
    else
        dlcore_self_test_input(exporting->test, rows, inputs);
    status = dlcore_self_test_run(exporting->model, exporting->test, rows, y, exporting->error);
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

    *exporting = (dlcore_exporting_t){
        .model = model,
        .options = options != NULL ? *options : dlcore_export_c_options_default(),
        .error = options != NULL ? options->error : NULL};
    status = check_exporting(exporting, options);
    if (status != DLCORE_OK)
        return status;
    exporting->held = dlcore_held_allocator(model);
    status = dlcore_export_plan_make(&exporting->plan, &model->network, &exporting->held,
                                     exporting->error);
    if (status == DLCORE_OK)
        status = check_activations(exporting);
    if (status == DLCORE_OK)
        status = make_test(exporting);
    exporting->file.plan = &exporting->plan;
    if (status == DLCORE_OK)
        exporting->file.sizes = dlcore_export_float_sizes(&exporting->plan);
    return status;
}

void dlcore_exporting_end(dlcore_exporting_t *exporting)
{
    if (exporting->held.allocate == NULL) /* not begun */
        return;
    dlcore_release(&exporting->held, exporting->test);
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
    if (exporting->options.report == NULL)
        return;
    *exporting->options.report =
        (dlcore_export_report_t){.inputs = exporting->plan.inputs,
                                 .outputs = exporting->plan.outputs,
                                 .weight_bytes = exporting->file.sizes.weight_bytes,
                                 .scratch_bytes = exporting->file.sizes.scratch_bytes,
                                 .text_bytes = size};
}
