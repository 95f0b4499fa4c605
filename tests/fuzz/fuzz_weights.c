/* Any bytes as weights for a model that is there, with several options: what fits is loaded and
 * reported, or the model is as before.
 *
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "dlcore/weights.h"
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

static const dlcore_weight_pair_t pairs[] = {{"dense/kernel", "a", true},
                                             {"dense/bias", NULL, false}};

/* Number `variant` of them; false: there is none. */
static bool options_of(size_t variant, dlcore_weights_options_t *options)
{
    *options = dlcore_weights_options_default();
    options->partial = variant % 2 == 1;
    options->skip_mismatch = variant / 2 % 2 == 1;
    options->kernels = (dlcore_kernel_order_t)(variant % 3);
    options->prefix = variant == 4 ? "a." : NULL;
    options->pairs = variant == 5 ? pairs : NULL;
    options->pair_count = variant == 5 ? 2 : 0;
    return variant < 6;
}

static void check_report(const dlcore_weights_report_t *report)
{
    size_t loaded = 0;

    for (size_t i = 0; i < report->count; i++)
        loaded += report->matches[i].source >= DLCORE_WEIGHT_BY_PAIR;
    fuzz_require(report->count == 8 && loaded == report->loaded && loaded > 0, "a wrong report");
}

static void load_one(dlcore_model_t *model, const uint8_t *data, size_t size,
                     dlcore_weights_options_t *options)
{
    dlcore_weights_report_t *report = NULL;
    float before[WEIGHTS], after[WEIGHTS];
    dlcore_status status;

    options->report = &report;
    fuzz_require(dlcore_model_get_weights(model, before, WEIGHTS) == DLCORE_OK, "no weights");
    status = dlcore_model_load_weights_memory_with(model, data, size, options);
    options->report = NULL;
    fuzz_require(dlcore_model_get_weights(model, after, WEIGHTS) == DLCORE_OK, "no weights");
    if (status != DLCORE_OK) {
        fuzz_require(report == NULL && dlcore_model_error(model)[0] != '\0', "no message");
        fuzz_require(memcmp((const char *)before, (const char *)after, sizeof before) == 0,
                     "the weights are others");
        return;
    }
    check_report(report);
    dlcore_weights_report_free(report);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static budget_t budget;
    static dlcore_model_t *model;
    dlcore_weights_options_t options;
    size_t live;

    if (model == NULL) {
        budget.limit = SIZE_MAX;
        model = make_model(&budget);
    }
    live = budget.live;
    budget.limit = live + budget_for(size).limit;
    for (size_t variant = 0; options_of(variant, &options); variant++) {
        load_one(model, data, size, &options);
        fuzz_require(budget.live == live, "memory was not given back");
    }
    return 0;
}
