/* Saving models for Keras: three entries of a ZIP, or the numbers alone.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/size.h"
#include "base/traces.h"
#include "dlcore/keras.h"
#include "exchange/keras_config.h"
#include "exchange/keras_numbers.h"
#include "exchange/zip_writer.h"
#include "files/output.h"
#include "model/model.h"

/* A model on its way into a file: whole, or its weights alone. */
typedef struct keras_saving {
    const dlcore_model_t *model;
    bool whole;
    dlcore_save_options_t options;
    dlcore_allocator_t allocator;
    dlcore_error_record_t *error;
} keras_saving_t;

static dlcore_status begin_keras_saving(keras_saving_t *saving, const dlcore_model_t *model,
                                        bool whole, const dlcore_save_options_t *options)
{
    dlcore_error_record_t *error = options != NULL ? options->error : NULL;

    if (options != NULL && dlcore_check_options(options, "save", error) != DLCORE_OK)
        return DLCORE_ERROR_ARGUMENT;
    if (model == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "keras_save: the model is NULL");
    if (model->network.values == NULL)
        return dlcore_fail(error, DLCORE_ERROR_STATE,
                           "keras_save: the model has no weights before it is built");
    for (size_t i = 0; i < model->network.node_count; i++) {
        if (model->network.nodes[i].type->not_in_keras)
            return dlcore_fail(
                error, DLCORE_ERROR_UNSUPPORTED, "keras_save: Keras has no layer like %s (%s)",
                model->network.nodes[i].layer.name, model->network.nodes[i].type->class_name);
    }
    *saving =
        (keras_saving_t){.model = model,
                         .whole = whole,
                         .options = options != NULL ? *options : dlcore_save_options_default(),
                         .allocator = model->allocator,
                         .error = error};
    return DLCORE_OK;
}

/* ---- the file ---- */

/* In Keras's order. */
static dlcore_status write_entries(const keras_saving_t *saving, dlcore_zip_writer_t *writer,
                                   const void *numbers, size_t numbers_size)
{
    char *metadata = NULL, *config = NULL;
    size_t metadata_size, config_size;
    dlcore_status status = dlcore_keras_metadata_make(saving->model, &saving->allocator, &metadata,
                                                      &metadata_size, saving->error);

    if (status == DLCORE_OK)
        status = dlcore_keras_config_make(saving->model, &saving->allocator, &config, &config_size,
                                          saving->error);
    if (status == DLCORE_OK)
        status =
            dlcore_zip_writer_add(writer, "metadata.json", metadata, metadata_size, saving->error);
    if (status == DLCORE_OK)
        status = dlcore_zip_writer_add(writer, "config.json", config, config_size, saving->error);
    if (status == DLCORE_OK)
        status =
            dlcore_zip_writer_add(writer, "model.weights.h5", numbers, numbers_size, saving->error);
    if (status == DLCORE_OK)
        status = dlcore_zip_writer_finish(writer, saving->error);
    dlcore_release(&saving->allocator, metadata);
    dlcore_release(&saving->allocator, config);
    return status;
}

/* All bytes of the file, to `write`. */
static dlcore_status write_file(const keras_saving_t *saving, dlcore_zip_sink_t *write, void *to)
{
    bool with_state = saving->whole && saving->options.training_state && saving->model->compiled;
    dlcore_zip_writer_t writer;
    void *numbers = NULL;
    size_t size = 0;
    dlcore_status status = DLCORE_OK;

    if (saving->whole)
        status = dlcore_keras_config_check(saving->model, saving->error);
    if (status == DLCORE_OK)
        status = dlcore_keras_numbers_make(saving->model, with_state, &saving->allocator, &numbers,
                                           &size, saving->error);
    if (status == DLCORE_OK && saving->whole) {
        dlcore_zip_writer_begin(&writer, write, to, &saving->allocator);
        status = write_entries(saving, &writer, numbers, size);
        dlcore_zip_writer_end(&writer);
    } else if (status == DLCORE_OK) {
        status = write(to, numbers, size, saving->error);
    }
    if (numbers != NULL)
        dlcore_release_bytes(&saving->allocator, numbers);
    return status;
}

/* ---- memory ---- */

/* Bytes so far, from the allocator's own functions. */
typedef struct keras_bytes {
    const dlcore_allocator_t *allocator;
    unsigned char *bytes;
    size_t size, room;
} keras_bytes_t;

static dlcore_status add_bytes(void *to, const void *bytes, size_t size,
                               dlcore_error_record_t *error)
{
    keras_bytes_t *all = to;
    size_t room;
    unsigned char *more;

    if (size == 0)
        return DLCORE_OK;
    if (size > all->room - all->size) {
        if (!dlcore_size_add(all->size, size, &room) ||
            !dlcore_size_add(room, room / 8 + 1024, &room))
            return dlcore_fail(error, DLCORE_ERROR_OVERFLOW, "keras_save: too large");
        more = dlcore_allocate_bytes(all->allocator, room);
        if (more == NULL)
            return dlcore_fail_memory(error, "keras_save", room);
        if (all->size > 0)
            memcpy(more, all->bytes, all->size);
        if (all->bytes != NULL)
            dlcore_release_bytes(all->allocator, all->bytes);
        all->bytes = more;
        all->room = room;
    }
    memcpy(all->bytes + all->size, bytes, size);
    all->size += size;
    return DLCORE_OK;
}

static dlcore_status save_bytes(const dlcore_model_t *model, bool whole,
                                const dlcore_save_options_t *options, void **bytes, size_t *size)
{
    keras_saving_t saving;
    keras_bytes_t all = {.bytes = NULL};
    dlcore_status status;

    if (bytes != NULL)
        *bytes = NULL;
    status = begin_keras_saving(&saving, model, whole, options);
    if (status == DLCORE_OK && (bytes == NULL || size == NULL))
        status =
            dlcore_fail(saving.error, DLCORE_ERROR_ARGUMENT, "keras_save: bytes or size is NULL");
    if (status != DLCORE_OK)
        return status;
    all.allocator = &saving.allocator;
    status = write_file(&saving, add_bytes, &all);
    if (status == DLCORE_OK) {
        *bytes = all.bytes;
        *size = all.size;
    } else if (all.bytes != NULL) {
        dlcore_release_bytes(&saving.allocator, all.bytes);
    }
    return status;
}

dlcore_status dlcore_keras_save_memory(const dlcore_model_t *model,
                                       const dlcore_save_options_t *options, void **bytes,
                                       size_t *size)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, save_bytes(model, true, options, bytes, size));
}

dlcore_status dlcore_keras_save_weights_memory(const dlcore_model_t *model,
                                               const dlcore_save_options_t *options, void **bytes,
                                               size_t *size)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, save_bytes(model, false, options, bytes, size));
}

/* ---- files ---- */

/* Keras goes by the end of the name. */
static dlcore_status check_save_path(const keras_saving_t *saving, const char *path)
{
    const char *end = saving->whole ? ".keras" : ".weights.h5";
    size_t length = path != NULL ? strlen(path) : 0;

    if (path == NULL)
        return dlcore_fail(saving->error, DLCORE_ERROR_ARGUMENT, "keras_save: the path is NULL");
    if (length > strlen(end) && strcmp(path + length - strlen(end), end) == 0)
        return DLCORE_OK;
    return dlcore_fail(saving->error, DLCORE_ERROR_ARGUMENT,
                       "keras_save: Keras opens such a file only under a name that ends in %s",
                       end);
}

static dlcore_status write_to_output(void *to, const void *bytes, size_t size,
                                     dlcore_error_record_t *error)
{
    return dlcore_output_write(to, bytes, size, error);
}

static dlcore_status save_file(const dlcore_model_t *model, const char *path, bool whole,
                               const dlcore_save_options_t *options)
{
    keras_saving_t saving;
    dlcore_output_t output;
    dlcore_status status = begin_keras_saving(&saving, model, whole, options);

    if (status == DLCORE_OK)
        status = check_save_path(&saving, path);
    if (status == DLCORE_OK)
        status = dlcore_output_open(&output, NULL, path, saving.error);
    if (status != DLCORE_OK)
        return status;
    status = write_file(&saving, write_to_output, &output);
    if (status == DLCORE_OK)
        status = dlcore_output_commit(&output, saving.options.sync, saving.error);
    dlcore_output_close(&output);
    return status;
}

dlcore_status dlcore_keras_save(const dlcore_model_t *model, const char *path,
                                const dlcore_save_options_t *options)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, save_file(model, path, true, options));
}

dlcore_status dlcore_keras_save_weights(const dlcore_model_t *model, const char *path,
                                        const dlcore_save_options_t *options)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, save_file(model, path, false, options));
}
