/* Any bytes as weights for a model that is there: all of them fit, or the model is as before.
 *
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "dlcore/file.h"
#include "fuzz/budget.h"

enum { WEIGHTS = 3 * 4 + 4 + 4 * 4 + 4 * 2 + 2 };

/* Made once: 3 inputs, as tests/fixtures/python.safetensors has them, and a batch normalization. */
static dlcore_model_t *make_model(budget_t *budget)
{
    dlcore_model_options_t options = dlcore_model_options_default();
    dlcore_model_t *model = NULL;

    options.allocator = budget_allocator(budget);
    options.threads = 1;
    options.engine = DLCORE_ENGINE_BLAS; /* the other pads kernels */
    fuzz_require(dlcore_model_create(&options, &model) == DLCORE_OK, "no model");
    dlcore_model_add(model, dlcore_layer_dense(4, DLCORE_ACTIVATION_RELU));
    dlcore_model_add(model, dlcore_layer_batch_normalization());
    dlcore_model_add(model, dlcore_layer_dense(2, DLCORE_ACTIVATION_LINEAR));
    fuzz_require(dlcore_model_build(model, 3) == DLCORE_OK &&
                     dlcore_model_parameter_count(model) == WEIGHTS,
                 "not built");
    return model;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static budget_t budget;
    static dlcore_model_t *model;
    float before[WEIGHTS], after[WEIGHTS];
    size_t live;
    dlcore_status status;

    if (model == NULL) {
        budget.limit = SIZE_MAX;
        model = make_model(&budget);
    }
    fuzz_require(dlcore_model_get_weights(model, before, WEIGHTS) == DLCORE_OK, "no weights");
    live = budget.live;
    budget.limit = live + budget_for(size).limit;
    status = dlcore_model_load_weights_memory(model, data, size);
    fuzz_require(budget.live == live, "memory was not given back");
    fuzz_require(dlcore_model_get_weights(model, after, WEIGHTS) == DLCORE_OK, "no weights");
    if (status != DLCORE_OK) {
        fuzz_require(dlcore_model_error(model)[0] != '\0', "no message");
        fuzz_require(memcmp((const char *)before, (const char *)after, sizeof before) == 0,
                     "the weights are others");
    }
    return 0;
}
