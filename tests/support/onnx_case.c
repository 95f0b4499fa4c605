/* ONNX models in tests.
 *
 * SPDX-License-Identifier: MIT */
#include "support/onnx_case.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/failing_allocator.h"
#include "support/models.h"

dlcore_model_t *onnx_case_load(const unsigned char *bytes, size_t size)
{
    dlcore_onnx_load_options_t options = dlcore_onnx_load_options_default();
    dlcore_error_record_t error = {.message = ""};
    dlcore_model_t *model = NULL;

    options.error = &error;
    if (dlcore_onnx_load_memory(bytes, size, &options, &model) != DLCORE_OK)
        fail_msg("%s", error.message);
    assert_non_null(model);
    return model;
}

void onnx_case_predict(const dlcore_model_t *model, size_t rows, const float *x, float *y)
{
    dlcore_tensor_t *inputs = borrow_floats(x, rows, dlcore_model_input_width(model));
    dlcore_tensor_t *outputs = NULL;
    size_t shape[2] = {rows, dlcore_model_output_width(model)};

    assert_int_equal(
        dlcore_tensor_borrow(NULL, DLCORE_DTYPE_FLOAT32, 2, shape, y, 0, &outputs, NULL),
        DLCORE_OK);
    assert_int_equal(dlcore_model_predict(model, inputs, outputs), DLCORE_OK);
    dlcore_tensor_free(inputs);
    dlcore_tensor_free(outputs);
}

void onnx_case_nodes(onnx_bytes_t *model, const char *const *nodes)
{
    char operation[64], inputs[128], outputs[64];
    int used;

    for (; *nodes != NULL; nodes++) {
        used = 0;
        assert_int_equal(sscanf(*nodes, "%63s %127s %63s %n", operation, inputs, outputs, &used),
                         3);
        onnx_node(model, operation, inputs, outputs, *nodes + used);
    }
}

dlcore_model_t *onnx_case_outputs(onnx_bytes_t *model, int opset, size_t rows, const float *x,
                                  size_t inputs, const double *expected, size_t width)
{
    float y[64];
    char dims[32];
    size_t size;
    const unsigned char *bytes;
    dlcore_model_t *loaded;

    snprintf(dims, sizeof dims, "?,%zu", inputs);
    bytes = onnx_end(model, opset, dims, &size);
    loaded = onnx_case_load(bytes, size);
    assert_int_equal(dlcore_model_output_width(loaded), width);
    assert_true(rows * width <= sizeof y / sizeof y[0]);
    onnx_case_predict(loaded, rows, x, y);
    for (size_t i = 0; i < rows * width; i++) {
        if (!(fabs((double)y[i] - expected[i]) <= 1e-6 * fmax(1.0, fabs(expected[i]))))
            fail_msg("output %zu is %.9g, not %.9g", i, (double)y[i], expected[i]);
    }
    return loaded;
}

dlcore_status onnx_case_survives(const unsigned char *bytes, size_t size)
{
    dlcore_onnx_load_options_t options = dlcore_onnx_load_options_default();
    dlcore_error_record_t error = {.message = ""};
    unsigned char *copy = malloc(size > 0 ? size : 1); /* ends where a sanitizer sees it */
    failing_allocator_t memory;
    dlcore_model_t *model = NULL;
    dlcore_status status;

    assert_non_null(copy);
    if (size > 0)
        memcpy(copy, bytes, size);
    failing_allocator_init(&memory);
    options.model.allocator = failing_allocator(&memory);
    options.error = &error;
    status = dlcore_onnx_load_memory(copy, size, &options, &model);
    free(copy);
    assert_int_equal(status == DLCORE_OK, model != NULL);
    assert_int_equal(status == DLCORE_OK, error.message[0] == '\0');
    assert_int_equal(error.status, status);
    dlcore_model_free(model);
    failing_allocator_assert_clean(&memory);
    assert_true(memory.peak_bytes <= 140 * size + ((size_t)1 << 20));
    return status;
}

void onnx_case_refused(const unsigned char *bytes, size_t size, dlcore_status status,
                       const char *text)
{
    dlcore_onnx_load_options_t options = dlcore_onnx_load_options_default();
    dlcore_error_record_t error = {.message = ""};
    dlcore_model_t *model = NULL;

    assert_int_equal(onnx_case_survives(bytes, size), status);
    options.error = &error;
    assert_int_equal(dlcore_onnx_load_memory(bytes, size, &options, &model), status);
    if (strstr(error.message, text) == NULL)
        fail_msg("no \"%s\" in: %s", text, error.message);
}
