/* Saving models: header and tensors of a safetensors file, to a path, to memory or to a writer.
 *
 * Tensors pass through a buffer of at most a megabyte, or a row, so no second copy of the weights
 * is made. They are read twice, because the header, which comes first, has their checksum.
 *
 * SPDX-License-Identifier: MIT */
#include "io/model_save.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/little_endian.h"
#include "base/size.h"
#include "dlcore/version.h"
#include "io/model_config.h"
#include "io/model_tensors.h"
#include "io/run_state_json.h"
#include "io/safetensors.h"

/* A megabyte: each write costs the file system some microseconds. */
#define BUFFER_FLOATS ((size_t)1 << 18)

/* Takes bytes in order. */
typedef dlcore_status take_t(void *to, const void *bytes, size_t size,
                             dlcore_error_record_t *error);

typedef struct saving {
    const dlcore_model_t *model;
    bool whole;
    dlcore_save_options_t options;
    dlcore_model_tensors_t tensors;
    float *self_test; /* x, then y */
    float *buffer;
    char *header;
    size_t header_size;
    size_t data_size;
    uint64_t checksum;
    double learning_rate; /* of the moment */
    dlcore_error_record_t *error;
} saving_t;

dlcore_save_options_t dlcore_save_options_default(void)
{
    return (dlcore_save_options_t){.training_state = true,
                                   .self_test = true,
                                   .sync = true,
                                   .structure_size = sizeof(dlcore_save_options_t)};
}

/* ---- the tensors ---- */

/* Hands every row of a tensor on. */
static dlcore_status each_row(const saving_t *saving, const dlcore_model_tensor_t *tensor,
                              take_t *take, void *to)
{
    size_t width = tensor->shape[1];
    size_t step = dlcore_model_tensor_buffer(tensor, BUFFER_FLOATS) / width;
    dlcore_status status = DLCORE_OK;

    for (size_t row = 0; row < tensor->shape[0] && status == DLCORE_OK; row += step) {
        size_t count = dlcore_size_min(step, tensor->shape[0] - row);

        dlcore_model_tensor_get(tensor, row, count, saving->buffer);
        status = take(to, saving->buffer, count * width * sizeof(float), saving->error);
    }
    return status;
}

static dlcore_status take_hash(void *to, const void *bytes, size_t size,
                               dlcore_error_record_t *error)
{
    (void)error;
    dlcore_hash_add(to, bytes, size);
    return DLCORE_OK;
}

static dlcore_status make_buffer(saving_t *saving)
{
    size_t count = dlcore_model_tensors_count(&saving->tensors), floats = 1;

    for (size_t i = 0; i < count; i++) {
        dlcore_model_tensor_t tensor = dlcore_model_tensor(&saving->tensors, i);

        if (!dlcore_model_tensor_exists(&saving->tensors, i))
            continue;
        floats = dlcore_size_max(floats, dlcore_model_tensor_buffer(&tensor, BUFFER_FLOATS));
        saving->data_size += dlcore_model_tensor_bytes(&tensor);
    }
    saving->buffer = dlcore_allocate_raw(&saving->model->allocator, floats, sizeof(float));
    if (saving->buffer == NULL)
        return dlcore_fail_memory(saving->error, "saving", floats * sizeof(float));
    return DLCORE_OK;
}

static void compute_checksum(saving_t *saving)
{
    size_t count = dlcore_model_tensors_count(&saving->tensors);

    for (size_t i = 0; i < count; i++) {
        dlcore_model_tensor_t tensor = dlcore_model_tensor(&saving->tensors, i);
        dlcore_hash_t hash = dlcore_model_tensor_hash(&tensor);

        if (!dlcore_model_tensor_exists(&saving->tensors, i))
            continue;
        (void)each_row(saving, &tensor, take_hash, &hash);
        saving->checksum += dlcore_hash_value(&hash);
    }
}

static dlcore_status make_self_test(saving_t *saving)
{
    const dlcore_model_t *model = saving->model;
    size_t inputs = dlcore_model_input_width(model), outputs = dlcore_model_output_width(model);
    size_t floats = DLCORE_SELF_TEST_ROWS * (inputs + outputs);

    saving->self_test = dlcore_allocate(&model->allocator, floats, sizeof(float));
    if (saving->self_test == NULL)
        return dlcore_fail_memory(saving->error, "self-test", floats * sizeof(float));
    saving->tensors.self_test_rows = DLCORE_SELF_TEST_ROWS;
    saving->tensors.self_test_x = saving->self_test;
    saving->tensors.self_test_y = saving->self_test + DLCORE_SELF_TEST_ROWS * inputs;
    dlcore_self_test_input(saving->self_test, DLCORE_SELF_TEST_ROWS, inputs);
    return dlcore_self_test_run(model, saving->tensors.self_test_x, DLCORE_SELF_TEST_ROWS,
                                saving->tensors.self_test_y, saving->error);
}

/* ---- the header ---- */

/* Numbers as text: JSON's are doubles to most readers. */
static void put_training(dlcore_json_writer_t *writer, const saving_t *saving)
{
    const dlcore_model_t *model = saving->model;

    dlcore_json_open_text(writer, "dlcore.training_state");
    dlcore_json_open(writer, NULL, '{');
    dlcore_json_put_text_number(writer, "epochs_trained", model->epochs_trained);
    dlcore_json_put_text_number(writer, "steps_trained", model->steps_trained);
    dlcore_json_put_text_number(writer, "iterations", model->trainer.clock.iterations);
    dlcore_json_put_double(writer, "momentum_product", model->trainer.clock.product);
    dlcore_json_put_text_number(writer, "seed", model->options.seed);
    if (saving->tensors.run != NULL)
        dlcore_run_state_put(writer, saving->tensors.run);
    dlcore_json_close(writer, '}');
    dlcore_json_close_text(writer);
}

static void put_metadata(dlcore_json_writer_t *writer, const saving_t *saving)
{
    const dlcore_model_t *model = saving->model;
    char text[32];

    dlcore_json_open(writer, "__metadata__", '{');
    dlcore_json_put_string(writer, "format", "dlcore");
    dlcore_json_put_string(writer, "dlcore.format_version", "1");
    dlcore_json_put_string(writer, "dlcore.version", dlcore_version_string());
    snprintf(text, sizeof text, "xxh64:%016" PRIx64, saving->checksum);
    dlcore_json_put_string(writer, "dlcore.checksum", text);
    if (saving->whole) {
        dlcore_json_open_text(writer, "model_config");
        dlcore_model_config_put(writer, model);
        dlcore_json_close_text(writer);
    }
    if (saving->whole && model->compiled) {
        dlcore_json_open_text(writer, "compile_config");
        dlcore_compile_config_put(writer, &model->settings, saving->learning_rate);
        dlcore_json_close_text(writer);
    }
    if (saving->whole && saving->options.training_state)
        put_training(writer, saving);
    dlcore_json_close(writer, '}');
}

static dlcore_json_writer_t put_header(const saving_t *saving, char *to, size_t room)
{
    dlcore_json_writer_t writer = dlcore_json_writer(to, room);
    size_t count = dlcore_model_tensors_count(&saving->tensors), at = 0;

    dlcore_json_open(&writer, NULL, '{');
    put_metadata(&writer, saving);
    for (size_t i = 0; i < count; i++) {
        dlcore_model_tensor_t tensor = dlcore_model_tensor(&saving->tensors, i);

        if (!dlcore_model_tensor_exists(&saving->tensors, i))
            continue;
        at = dlcore_safetensors_put_floats(&writer, tensor.name, tensor.rank, tensor.shape, at);
    }
    dlcore_json_close(&writer, '}');
    dlcore_safetensors_pad(&writer);
    return writer;
}

static dlcore_status make_header(saving_t *saving)
{
    dlcore_json_writer_t writer = put_header(saving, NULL, 0);
    dlcore_json_problem_t problem;
    dlcore_json_t whole;

    if (writer.not_finite)
        return dlcore_fail(saving->error, DLCORE_ERROR_RANGE,
                           "save: a setting of a layer or of compile is not finite");
    saving->header_size = writer.size;
    saving->header = dlcore_allocate_raw(&saving->model->allocator, writer.size, 1);
    if (saving->header == NULL)
        return dlcore_fail_memory(saving->error, "header of the file", writer.size);
    (void)put_header(saving, saving->header, saving->header_size);
    if (!dlcore_json_check(saving->header, saving->header_size, &whole, &problem))
        return dlcore_fail(saving->error, DLCORE_ERROR_ARGUMENT,
                           "save: the name of a layer cannot be written: %s", problem.what);
    return DLCORE_OK;
}

/* ---- all of it ---- */

static dlcore_status check(const saving_t *saving, const dlcore_save_options_t *options)
{
    if (options != NULL && dlcore_check_options(options, "save", saving->error) != DLCORE_OK)
        return DLCORE_ERROR_ARGUMENT;
    if (saving->model == NULL)
        return dlcore_fail(saving->error, DLCORE_ERROR_ARGUMENT, "save: the model is NULL");
    if (saving->model->network.values == NULL)
        return dlcore_fail(saving->error, DLCORE_ERROR_STATE,
                           "save: the model has no weights before it is built");
    if (saving->model->network.node_count > DLCORE_MODEL_CONFIG_LAYERS_MAX)
        return dlcore_fail(saving->error, DLCORE_ERROR_UNSUPPORTED,
                           "save: %zu layers are more than %d", saving->model->network.node_count,
                           DLCORE_MODEL_CONFIG_LAYERS_MAX);
    return DLCORE_OK;
}

static void end(saving_t *saving)
{
    if (saving->model == NULL)
        return;
    dlcore_release(&saving->model->allocator, saving->header);
    dlcore_release(&saving->model->allocator, saving->buffer);
    dlcore_release(&saving->model->allocator, saving->self_test);
}

/* Everything but the writing. Ended by end(), whatever it answers. */
static dlcore_status begin(saving_t *saving, const dlcore_model_t *model, bool whole,
                           const dlcore_save_options_t *options)
{
    dlcore_status status;

    *saving = (saving_t){.model = model,
                         .whole = whole,
                         .options = options != NULL ? *options : dlcore_save_options_default(),
                         .error = options != NULL ? options->error : NULL};
    status = check(saving, options);
    if (status != DLCORE_OK)
        return status;
    saving->tensors = dlcore_model_tensors(model);
    saving->learning_rate = dlcore_model_learning_rate(model);
    if (!whole || !saving->options.training_state)
        saving->tensors.slot_count = 0;
    else
        saving->tensors.run = dlcore_model_run_state(model);
    if (whole && saving->options.self_test)
        status = make_self_test(saving);
    if (status == DLCORE_OK)
        status = make_buffer(saving);
    if (status != DLCORE_OK)
        return status;
    compute_checksum(saving);
    return make_header(saving);
}

static dlcore_status write_all(const saving_t *saving, take_t *take, void *to)
{
    size_t count = dlcore_model_tensors_count(&saving->tensors);
    unsigned char prefix[DLCORE_SAFETENSORS_PREFIX];
    dlcore_status status;

    dlcore_store_u64(prefix, saving->header_size);
    status = take(to, prefix, sizeof prefix, saving->error);
    if (status == DLCORE_OK)
        status = take(to, saving->header, saving->header_size, saving->error);
    for (size_t i = 0; i < count && status == DLCORE_OK; i++) {
        dlcore_model_tensor_t tensor = dlcore_model_tensor(&saving->tensors, i);

        if (!dlcore_model_tensor_exists(&saving->tensors, i))
            continue;
        status = each_row(saving, &tensor, take, to);
    }
    return status;
}

/* ---- where to ---- */

static dlcore_status take_output(void *to, const void *bytes, size_t size,
                                 dlcore_error_record_t *error)
{
    return dlcore_output_write(to, bytes, size, error);
}

dlcore_status dlcore_model_save_with(const dlcore_system_t *system, const dlcore_model_t *model,
                                     const char *path, bool whole,
                                     const dlcore_save_options_t *options)
{
    saving_t saving;
    dlcore_output_t output;
    dlcore_status status = begin(&saving, model, whole, options);

    if (status == DLCORE_OK && path == NULL)
        status = dlcore_fail(saving.error, DLCORE_ERROR_ARGUMENT, "save: the path is NULL");
    if (status == DLCORE_OK) {
        status = dlcore_output_open(&output, system, path, saving.error);
        if (status == DLCORE_OK) {
            status = write_all(&saving, take_output, &output);
            if (status == DLCORE_OK)
                status = dlcore_output_commit(&output, saving.options.sync, saving.error);
            dlcore_output_close(&output);
        }
    }
    end(&saving);
    return status;
}

dlcore_status dlcore_model_save(const dlcore_model_t *model, const char *path,
                                const dlcore_save_options_t *options)
{
    return dlcore_model_save_with(NULL, model, path, true, options);
}

dlcore_status dlcore_model_save_weights(const dlcore_model_t *model, const char *path,
                                        const dlcore_save_options_t *options)
{
    return dlcore_model_save_with(NULL, model, path, false, options);
}

static dlcore_status take_memory(void *to, const void *bytes, size_t size,
                                 dlcore_error_record_t *error)
{
    unsigned char **next = to;

    (void)error;
    memcpy(*next, bytes, size);
    *next += size;
    return DLCORE_OK;
}

dlcore_status dlcore_model_save_memory(const dlcore_model_t *model,
                                       const dlcore_save_options_t *options, void **bytes,
                                       size_t *size)
{
    saving_t saving;
    dlcore_status status = begin(&saving, model, true, options);
    unsigned char *next;

    if (bytes != NULL)
        *bytes = NULL;
    if (status == DLCORE_OK && (bytes == NULL || size == NULL))
        status = dlcore_fail(saving.error, DLCORE_ERROR_ARGUMENT, "save: bytes or size is NULL");
    if (status == DLCORE_OK) {
        *size = DLCORE_SAFETENSORS_PREFIX + saving.header_size + saving.data_size;
        next = *bytes = model->allocator.allocate(model->allocator.user, *size);
        status = next != NULL ? write_all(&saving, take_memory, &next)
                              : dlcore_fail_memory(saving.error, "save", *size);
    }
    end(&saving);
    return status;
}

/* What take_writer needs: the writer, and how far it is. */
typedef struct writing {
    const dlcore_byte_writer_t *writer;
    size_t written;
} writing_t;

static dlcore_status take_writer(void *to, const void *bytes, size_t size,
                                 dlcore_error_record_t *error)
{
    writing_t *writing = to;

    if (!writing->writer->write(writing->writer->user, bytes, size))
        return dlcore_fail(error, DLCORE_ERROR_IO, "save: the writer did not take byte %zu on",
                           writing->written);
    writing->written += size;
    return DLCORE_OK;
}

dlcore_status dlcore_model_save_to(const dlcore_model_t *model, const dlcore_byte_writer_t *writer,
                                   const dlcore_save_options_t *options)
{
    writing_t writing = {.writer = writer};
    saving_t saving;
    dlcore_status status = begin(&saving, model, true, options);

    if (status == DLCORE_OK && (writer == NULL || writer->write == NULL))
        status = dlcore_fail(saving.error, DLCORE_ERROR_ARGUMENT, "save: the writer is NULL");
    if (status == DLCORE_OK)
        status = write_all(&saving, take_writer, &writing);
    end(&saving);
    return status;
}
