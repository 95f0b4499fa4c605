/* What a model's file is made of, from the first look at the model to the last tensor.
 *
 * Tensors pass through a buffer of at most a megabyte, or a row, so no second copy of the weights
 * is made. They are read twice, because the header, which comes first, has their checksum.
 *
 * SPDX-License-Identifier: MIT */
#include "store/model_saving.h"

#include "base/allocator.h"
#include "base/error.h"
#include "base/little_endian.h"
#include "base/size.h"
#include "fit/fit.h"
#include "store/safetensors.h"

/* A megabyte: each write costs the file system some microseconds. */
#define SAVING_BUFFER_FLOATS ((size_t)1 << 18)

dlcore_save_options_t dlcore_save_options_default(void)
{
    return (dlcore_save_options_t){.training_state = true,
                                   .self_test = true,
                                   .sync = true,
                                   .structure_size = sizeof(dlcore_save_options_t)};
}

/* ---- the tensors ---- */

/* Hands every row of a tensor on. */
static dlcore_status each_row(const dlcore_model_saving_t *saving,
                              const dlcore_model_tensor_t *tensor, dlcore_write_function_t *write,
                              void *to)
{
    size_t width = tensor->shape[1];
    size_t step = dlcore_model_tensor_buffer(tensor, SAVING_BUFFER_FLOATS) / width;
    dlcore_status status = DLCORE_OK;

    for (size_t row = 0; row < tensor->shape[0] && status == DLCORE_OK; row += step) {
        size_t count = dlcore_size_min(step, tensor->shape[0] - row);

        dlcore_model_tensor_get(tensor, row, count, saving->buffer);
        status = dlcore_model_saving_encode(saving, tensor, saving->buffer, count * width);
        if (status == DLCORE_OK)
            status = write(to, saving->buffer, count * width * saving->element.size, saving->error);
    }
    return status;
}

static dlcore_status write_hash(void *to, const void *bytes, size_t size,
                                dlcore_error_record_t *error)
{
    (void)error;
    dlcore_hash_add(to, bytes, size);
    return DLCORE_OK;
}

static dlcore_status make_buffer(dlcore_model_saving_t *saving)
{
    size_t count = dlcore_model_tensors_count(&saving->tensors), floats = 1;

    for (size_t i = 0; i < count; i++) {
        dlcore_model_tensor_t tensor = dlcore_model_saving_tensor(saving, i);

        if (!dlcore_model_saving_has(saving, i))
            continue;
        floats = dlcore_size_max(floats, dlcore_model_tensor_buffer(&tensor, SAVING_BUFFER_FLOATS));
        saving->data_size += tensor.shape[0] * tensor.shape[1] * saving->element.size;
    }
    saving->buffer = dlcore_allocate_raw(&saving->held, floats, sizeof(float));
    if (saving->buffer == NULL)
        return dlcore_fail_memory(saving->error, "saving", floats * sizeof(float));
    return DLCORE_OK;
}

static dlcore_status compute_checksum(dlcore_model_saving_t *saving)
{
    size_t count = dlcore_model_tensors_count(&saving->tensors);
    dlcore_status status = DLCORE_OK;

    for (size_t i = 0; i < count && status == DLCORE_OK; i++) {
        dlcore_model_tensor_t tensor = dlcore_model_saving_tensor(saving, i);
        dlcore_hash_t hash = dlcore_model_tensor_hash(&tensor);

        if (!dlcore_model_saving_has(saving, i))
            continue;
        status = each_row(saving, &tensor, write_hash, &hash);
        saving->checksum += dlcore_hash_value(&hash);
    }
    return status;
}

static dlcore_status make_self_test(dlcore_model_saving_t *saving)
{
    const dlcore_model_t *model = saving->model;
    size_t inputs = dlcore_model_input_width(model), outputs = dlcore_model_output_width(model);
    size_t floats = DLCORE_SELF_TEST_ROWS * (inputs + outputs);

    saving->self_test = dlcore_allocate(&saving->held, floats, sizeof(float));
    if (saving->self_test == NULL)
        return dlcore_fail_memory(saving->error, "self-test", floats * sizeof(float));
    saving->tensors.self_test_rows = DLCORE_SELF_TEST_ROWS;
    saving->tensors.self_test_x = saving->self_test;
    saving->tensors.self_test_y = saving->self_test + DLCORE_SELF_TEST_ROWS * inputs;
    dlcore_self_test_input(saving->model, saving->self_test, DLCORE_SELF_TEST_ROWS);
    return dlcore_self_test_run(model, saving->tensors.self_test_x, DLCORE_SELF_TEST_ROWS,
                                saving->tensors.self_test_y, saving->error);
}

/* ---- all of it ---- */

static dlcore_status check_saving(const dlcore_model_saving_t *saving,
                                  const dlcore_save_options_t *options)
{
    if (options != NULL && dlcore_check_options(options, "save", saving->error) != DLCORE_OK)
        return DLCORE_ERROR_ARGUMENT;
    if (saving->model == NULL)
        return dlcore_fail(saving->error, DLCORE_ERROR_ARGUMENT, "save: the model is NULL");
    if (saving->model->network.values == NULL)
        return dlcore_fail(saving->error, DLCORE_ERROR_STATE,
                           "save: the model has no weights before it is built");
    return DLCORE_OK;
}

void dlcore_model_saving_end(dlcore_model_saving_t *saving)
{
    dlcore_release(&saving->held, saving->header);
    dlcore_release(&saving->held, saving->buffer);
    dlcore_release(&saving->held, saving->self_test);
    dlcore_release(&saving->held, saving->forms);
}

dlcore_status dlcore_model_saving_begin(dlcore_model_saving_t *saving, const dlcore_model_t *model,
                                        dlcore_model_saving_how_t how)
{
    const dlcore_save_options_t *options = how.options;
    dlcore_status status;

    *saving = (dlcore_model_saving_t){.model = model,
                                      .whole = how.whole,
                                      .held = dlcore_held_allocator(model),
                                      .options = options != NULL ? *options
                                                                 : dlcore_save_options_default(),
                                      .style = how.style,
                                      .error = options != NULL ? options->error : NULL};
    status = check_saving(saving, options);
    if (status != DLCORE_OK)
        return status;
    saving->tensors = dlcore_model_tensors_all(model);
    saving->learning_rate = dlcore_model_learning_rate(model);
    if (!how.whole || !saving->options.training_state)
        saving->tensors.slot_count = 0;
    else if (how.was_left)
        return dlcore_fail(saving->error, DLCORE_ERROR_BUSY,
                           "save: a call was left by an exception or longjmp; call "
                           "model_abandon_call first");
    else
        saving->tensors.run = dlcore_model_run_state(model);
    status = dlcore_model_saving_set_style(saving);
    if (status == DLCORE_OK && how.whole && saving->options.self_test)
        status = make_self_test(saving);
    if (status == DLCORE_OK)
        status = make_buffer(saving);
    if (status == DLCORE_OK)
        status = compute_checksum(saving);
    return status == DLCORE_OK ? dlcore_model_saving_make_header(saving) : status;
}

size_t dlcore_model_saving_size(const dlcore_model_saving_t *saving)
{
    return DLCORE_SAFETENSORS_PREFIX + saving->header_size + saving->data_size;
}

dlcore_status dlcore_model_saving_write(const dlcore_model_saving_t *saving,
                                        dlcore_write_function_t *write, void *to)
{
    size_t count = dlcore_model_tensors_count(&saving->tensors);
    unsigned char prefix[DLCORE_SAFETENSORS_PREFIX];
    dlcore_status status;

    dlcore_store_u64(prefix, saving->header_size);
    status = write(to, prefix, sizeof prefix, saving->error);
    if (status == DLCORE_OK)
        status = write(to, saving->header, saving->header_size, saving->error);
    for (size_t i = 0; i < count && status == DLCORE_OK; i++) {
        dlcore_model_tensor_t tensor = dlcore_model_saving_tensor(saving, i);

        if (!dlcore_model_saving_has(saving, i))
            continue;
        status = each_row(saving, &tensor, write, to);
    }
    return status;
}
