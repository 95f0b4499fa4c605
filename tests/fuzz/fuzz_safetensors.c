/* Any bytes as a model file, in memory or read in pieces. What loads is saved and loaded again,
 * with the same weights and, by its self-test, the same outputs.
 *
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "dlcore/file.h"
#include "dlcore/inspect.h"
#include "fuzz/budget.h"

/* All weights, for free(); NaN or not, they are bytes. */
static float *weights_of(const dlcore_model_t *model, size_t *bytes)
{
    size_t count = dlcore_model_parameter_count(model);
    float *weights = malloc((count + 1) * sizeof *weights);

    *bytes = count * sizeof *weights;
    fuzz_require(weights != NULL && dlcore_model_get_weights(model, weights, count) == DLCORE_OK,
                 "no weights");
    return weights;
}

/* The bytes, in pieces of other lengths each time. */
typedef struct pieces {
    const uint8_t *data;
    size_t at;
} pieces_t;

static size_t read_piece(void *user, void *to, size_t want)
{
    pieces_t *pieces = user;
    size_t most = 1 + pieces->at % 997, count = want < most ? want : most;

    memcpy(to, pieces->data + pieces->at, count);
    pieces->at += count;
    return count;
}

static void save_and_load(const dlcore_model_t *model, dlcore_load_options_t options,
                          const dlcore_allocator_t *allocator)
{
    float *before, *after;
    dlcore_model_t *again = NULL;
    dlcore_load_report_t report;
    void *bytes;
    size_t size, count, other;

    options.require_checksum = options.self_test = true;
    options.report = &report;
    fuzz_require(dlcore_model_save_memory(model, NULL, &bytes, &size) == DLCORE_OK, "not saved");
    fuzz_require(dlcore_model_load_memory(bytes, size, &options, &again) == DLCORE_OK,
                 "not loaded again");
    /* the same bits by the same engine; NaN counts as NaN's equal */
    fuzz_require(report.self_tested && report.self_test_difference == 0.0, "other outputs");
    before = weights_of(model, &count);
    after = weights_of(again, &other);
    fuzz_require(count == other && memcmp(before, after, count) == 0, "other weights");
    free(after);
    free(before);
    dlcore_model_free(again);
    allocator->release(allocator->user, bytes);
}

/* What loads is inspected without a complaint; what does not may be, too. */
static void inspect(const uint8_t *data, size_t size, dlcore_status loads)
{
    budget_t budget = {.limit = 6 * size + ((size_t)2 << 20)};
    dlcore_inspect_options_t options = dlcore_inspect_options_default();
    dlcore_error_record_t error = {.message = ""};
    dlcore_inspection_t *found = NULL;
    dlcore_status status;

    options.allocator = budget_allocator(&budget);
    options.error = &error;
    status = dlcore_model_inspect_memory(data, size, &options, &found);
    fuzz_require((status == DLCORE_OK) == (found != NULL), "status and inspection disagree");
    fuzz_require((status == DLCORE_OK) == (error.message[0] == '\0'), "no message");
    if (loads == DLCORE_OK)
        fuzz_require(found != NULL && found->is_model && found->status == DLCORE_OK &&
                         found->problem[0] == '\0',
                     "what loads has a problem");
    else if (found != NULL)
        fuzz_require((found->status == DLCORE_OK) == (found->problem[0] == '\0'), "no problem");
    dlcore_inspection_free(found);
    budget_check(&budget);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    budget_t budget = budget_for(size);
    dlcore_allocator_t allocator = budget_allocator(&budget);
    dlcore_load_options_t options = dlcore_load_options_default();
    dlcore_error_record_t error = {.message = ""};
    pieces_t pieces = {data, 0};
    dlcore_byte_reader_t reader = {read_piece, &pieces, size};
    dlcore_model_t *model = NULL;
    dlcore_status status;

    options.model.allocator = allocator;
    options.model.threads = 1;
    options.model.engine = DLCORE_ENGINE_BLAS; /* the other pads kernels */
    options.error = &error;
    if (size % 2 == 0)
        status = dlcore_model_load_memory(data, size, &options, &model);
    else
        status = dlcore_model_load_from(&reader, &options, &model);
    fuzz_require((status == DLCORE_OK) == (model != NULL), "status and model disagree");
    fuzz_require((status == DLCORE_OK) == (error.message[0] == '\0'), "no message");
    if (model != NULL) {
        budget.limit = SIZE_MAX; /* running a model is another matter */
        save_and_load(model, options, &allocator);
    }
    dlcore_model_free(model);
    budget_check(&budget);
    inspect(data, size, status);
    return 0;
}
