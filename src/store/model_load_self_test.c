/* The self-test of a model file: inputs, and the outputs that the model had for them as it was
 * saved, compared with those that it has now.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "base/allocator.h"
#include "base/error.h"
#include "store/model_loading.h"

dlcore_status dlcore_model_loading_find_self_test(dlcore_model_loading_t *loading)
{
    dlcore_model_tensors_t *tensors = &loading->reading.tensors;
    dlcore_safetensors_entry_t *x =
        dlcore_safetensors_find(&loading->reading.file, "dlcore/self_test/x");
    size_t inputs = dlcore_model_input_width(loading->model);
    size_t outputs = dlcore_model_output_width(loading->model);
    size_t shape[DLCORE_RANK_MAX], floats;

    if (x == NULL || x->rank != 2)
        return DLCORE_OK;
    dlcore_safetensors_shape(&loading->reading.file, x, shape);
    if (shape[0] == 0 || shape[0] > DLCORE_SELF_TEST_ROWS_MAX)
        return DLCORE_OK;
    tensors->self_test_rows = shape[0];
    if (!loading->options.self_test)
        return DLCORE_OK;
    floats = shape[0] * (inputs + 2 * outputs); /* of widths up to INT_MAX */
    loading->self_test = dlcore_allocate(&loading->reading.allocator, floats, sizeof(float));
    if (loading->self_test == NULL)
        return dlcore_fail_memory(loading->error, "self-test", floats * sizeof(float));
    tensors->self_test_x = loading->self_test;
    tensors->self_test_y = loading->self_test + shape[0] * inputs;
    return DLCORE_OK;
}

static double relative_difference(float got, float expected)
{
    double distance = fabs((double)got - (double)expected) / (1.0 + fabs((double)expected));

    if (isnan(got) && isnan(expected))
        return 0.0;
    if (isinf(expected) && got == expected)
        return 0.0;
    return isnan(distance) ? (double)INFINITY : distance;
}

dlcore_status dlcore_model_loading_self_test(dlcore_model_loading_t *loading)
{
    const dlcore_model_tensors_t *tensors = &loading->reading.tensors;
    size_t count = tensors->self_test_rows * dlcore_model_output_width(loading->model);
    float *y = tensors->self_test_y + count;
    double largest = 0.0;
    dlcore_error_record_t error = {.message = ""};
    dlcore_status status = dlcore_self_test_run(loading->model, tensors->self_test_x,
                                                tensors->self_test_rows, y, &error);

    if (status != DLCORE_OK)
        return dlcore_fail(loading->error, status, "%s: self_test: %s",
                           dlcore_model_loading_file(loading), error.message);
    for (size_t i = 0; i < count; i++)
        largest = fmax(largest, relative_difference(y[i], tensors->self_test_y[i]));
    loading->report.self_tested = true;
    loading->report.self_test_difference = largest;
    return DLCORE_OK;
}
