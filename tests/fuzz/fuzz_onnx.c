/* Any bytes as an ONNX model, whose external data are the same bytes. What loads can predict.
 *
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "dlcore/onnx.h"
#include "fuzz/budget.h"

/* One sample of zeros through it. */
static void predict(const dlcore_model_t *model)
{
    size_t x_shape[2] = {1, dlcore_model_input_width(model)};
    size_t y_shape[2] = {1, dlcore_model_output_width(model)};
    dlcore_tensor_t *x = NULL, *y = NULL;

    if (x_shape[1] > 4096 || y_shape[1] > 4096) /* beyond the memory that the input justifies */
        return;
    fuzz_require(
        dlcore_tensor_create(NULL, DLCORE_DTYPE_FLOAT32, 2, x_shape, &x, NULL) == DLCORE_OK &&
            dlcore_tensor_create(NULL, DLCORE_DTYPE_FLOAT32, 2, y_shape, &y, NULL) == DLCORE_OK,
        "no memory for a sample");
    fuzz_require(dlcore_model_predict(model, x, y) == DLCORE_OK, "a loaded model does not predict");
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    budget_t budget = budget_for(128 * size); /* int8 kernels of one unit, padded to a register */
    dlcore_onnx_load_options_t options = dlcore_onnx_load_options_default();
    dlcore_error_record_t error = {.message = ""};
    dlcore_model_t *model = NULL;
    dlcore_status status;

    options.model.allocator = budget_allocator(&budget);
    options.model.threads = 1;
    options.external_data = data;
    options.external_size = size;
    options.error = &error;
    status = dlcore_onnx_load_memory(data, size, &options, &model);
    fuzz_require((status == DLCORE_OK) == (model != NULL), "status and model disagree");
    fuzz_require((status == DLCORE_OK) == (error.message[0] == '\0'), "no message");
    if (model != NULL)
        predict(model);
    dlcore_model_free(model);
    budget_check(&budget);
    return 0;
}
