/* Any bytes as what Keras writes; the first one says what: a .keras or .h5 file, the HDF5 file with
 * the weights, or the text with the layers and settings beside weights that are right.
 *
 * Damaged HDF5 breaks libhdf5 soon (1.10.8: reads beyond its memory in H5Aexists). So HDF5 is only
 * parsed where DLCORE_FUZZ_HDF5 is set, for who looks for what is ours in that.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dlcore/keras.h"
#include "exchange/hdf5.h"
#include "exchange/hdf5_heap.h"
#include "exchange/zip_writer.h"
#include "fuzz/budget.h"

enum { WEIGHTS = 2 + 2 + 2 + 1 };

/* Made once, with its weights' file. */
static dlcore_model_t *model;
static void *weights;
static size_t weights_size;

static void make_model(budget_t *budget)
{
    dlcore_model_options_t options = dlcore_model_options_default();

    options.allocator = budget_allocator(budget);
    options.threads = 1;
    fuzz_require(dlcore_model_create(&options, &model) == DLCORE_OK, "no model");
    dlcore_model_add(model, dlcore_layer_normalization());
    dlcore_model_add(model, dlcore_layer_dense(1, DLCORE_ACTIVATION_SIGMOID));
    fuzz_require(dlcore_model_build(model, 2) == DLCORE_OK &&
                     dlcore_keras_save_weights_memory(model, NULL, &weights, &weights_size) ==
                         DLCORE_OK,
                 "not built");
}

/* What is refused is looked into. */
static void inspect(const uint8_t *data, size_t size, const dlcore_load_options_t *options,
                    dlcore_status status)
{
    static FILE *nowhere;

    if (nowhere == NULL)
        nowhere = fopen("/dev/null", "w");
    fuzz_require(nowhere != NULL, "no /dev/null");
    if (status != DLCORE_OK)
        fuzz_require(dlcore_keras_inspect_memory(data, size, options, nowhere) == status,
                     "inspecting says otherwise");
}

static void load_whole(const uint8_t *data, size_t size, budget_t *budget)
{
    dlcore_load_options_t options = dlcore_load_options_default();
    dlcore_error_record_t error = {.message = ""};
    dlcore_model_t *loaded = NULL;
    dlcore_status status;

    options.model.allocator = budget_allocator(budget);
    options.model.threads = 1;
    options.error = &error;
    status = dlcore_keras_load_memory(data, size, &options, &loaded);
    fuzz_require((status == DLCORE_OK) == (loaded != NULL), "status and model disagree");
    fuzz_require((status == DLCORE_OK) == (error.message[0] == '\0'), "no message");
    inspect(data, size, &options, status);
    dlcore_model_free(loaded);
}

static void load_weights(const uint8_t *data, size_t size)
{
    float before[WEIGHTS], after[WEIGHTS];
    dlcore_status status;

    fuzz_require(dlcore_model_get_weights(model, before, WEIGHTS) == DLCORE_OK, "no weights");
    status = dlcore_keras_load_weights_memory(model, data, size);
    fuzz_require(dlcore_model_get_weights(model, after, WEIGHTS) == DLCORE_OK, "no weights");
    fuzz_require((status == DLCORE_OK) == (dlcore_model_error(model)[0] == '\0'), "no message");
    if (status != DLCORE_OK)
        fuzz_require(memcmp((const char *)before, (const char *)after, sizeof before) == 0,
                     "the weights are others");
}

/* A file being made. */
typedef struct made {
    uint8_t *bytes;
    size_t size;
} made_t;

static dlcore_status add(void *to, const void *bytes, size_t size, dlcore_error_record_t *error)
{
    made_t *made = to;

    (void)error;
    memcpy(made->bytes + made->size, bytes, size);
    made->size += size;
    return DLCORE_OK;
}

static void load_text(const uint8_t *data, size_t size, budget_t *budget)
{
    made_t made = {.bytes = malloc(size + weights_size + 1024)};
    dlcore_allocator_t allocator = dlcore_allocator_default();
    dlcore_zip_writer_t writer;

    if (made.bytes == NULL)
        return;
    dlcore_zip_writer_begin(&writer, add, &made, &allocator);
    fuzz_require(dlcore_zip_writer_add(&writer, "config.json", data, size, NULL) == DLCORE_OK &&
                     dlcore_zip_writer_add(&writer, "model.weights.h5", weights, weights_size,
                                           NULL) == DLCORE_OK &&
                     dlcore_zip_writer_finish(&writer, NULL) == DLCORE_OK,
                 "no file");
    dlcore_zip_writer_end(&writer);
    load_whole(made.bytes, made.size, budget);
    free(made.bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static budget_t budget;
    size_t live;

    if (size == 0)
        return 0;
    if (model == NULL) {
        budget.limit = SIZE_MAX;
        make_model(&budget);
    }
    live = budget.live;
    budget.limit = live + 100 * size + ((size_t)80 << 20); /* a ZIP's entries are unpacked */
    if (data[0] % 3 != 2 && dlcore_hdf5_is(data + 1, size - 1) &&
        getenv("DLCORE_FUZZ_HDF5") == NULL)
        (void)dlcore_hdf5_heap_problem(data + 1, size - 1);
    else if (data[0] % 3 == 0)
        load_whole(data + 1, size - 1, &budget);
    else if (data[0] % 3 == 1)
        load_weights(data + 1, size - 1);
    else
        load_text(data + 1, size - 1, &budget);
    fuzz_require(budget.live == live, "memory was not given back");
    return 0;
}
