/* Saving models to a path, to memory and to a writer.
 *
 * SPDX-License-Identifier: MIT */
#include "store/model_save.h"

#include <string.h>

#include "base/error.h"
#include "base/traces.h"
#include "model/model.h"
#include "model/run_state.h"
#include "store/model_saving.h"

static dlcore_status write_output(void *to, const void *bytes, size_t size,
                                  dlcore_error_record_t *error)
{
    return dlcore_output_write(to, bytes, size, error);
}

dlcore_status dlcore_model_save_with(const dlcore_system_t *system, const dlcore_model_t *model,
                                     const char *path, dlcore_model_saving_how_t how)
{
    dlcore_model_saving_t saving;
    dlcore_output_t output;
    dlcore_status status = dlcore_model_saving_begin(&saving, model, how);

    if (status == DLCORE_OK && path == NULL)
        status = dlcore_fail(saving.error, DLCORE_ERROR_ARGUMENT, "save: the path is NULL");
    if (status == DLCORE_OK) {
        status = dlcore_output_open(&output, system, path, saving.error);
        if (status == DLCORE_OK) {
            status = dlcore_model_saving_write(&saving, write_output, &output);
            if (status == DLCORE_OK)
                status = dlcore_output_commit(&output, saving.options.sync, saving.error);
            dlcore_output_close(&output);
        }
    }
    dlcore_model_saving_end(&saving);
    return status;
}

/* All of a model. Inlined: the frame is to be that of the user's call. */
static inline dlcore_model_saving_how_t whole_model(const dlcore_model_t *model,
                                                    const dlcore_save_options_t *options)
{
    return (dlcore_model_saving_how_t){.whole = true,
                                       .options = options,
                                       .was_left = model != NULL && dlcore_call_was_left(model)};
}

static dlcore_status save_whole(const dlcore_model_t *model, const char *path,
                                const dlcore_save_options_t *options)
{
    return dlcore_model_save_with(NULL, model, path, whole_model(model, options));
}

dlcore_status dlcore_model_save(const dlcore_model_t *model, const char *path,
                                const dlcore_save_options_t *options)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, save_whole(model, path, options));
}

static dlcore_status write_memory(void *to, const void *bytes, size_t size,
                                  dlcore_error_record_t *error)
{
    unsigned char **next = to;

    (void)error;
    memcpy(*next, bytes, size);
    *next += size;
    return DLCORE_OK;
}

dlcore_status dlcore_model_save_to_memory(const dlcore_model_t *model,
                                          dlcore_model_saving_how_t how, void **bytes, size_t *size)
{
    dlcore_model_saving_t saving;
    dlcore_status status = dlcore_model_saving_begin(&saving, model, how);
    unsigned char *next;

    if (bytes != NULL)
        *bytes = NULL;
    if (status == DLCORE_OK && (bytes == NULL || size == NULL))
        status = dlcore_fail(saving.error, DLCORE_ERROR_ARGUMENT, "save: bytes or size is NULL");
    if (status == DLCORE_OK) {
        *size = dlcore_model_saving_size(&saving);
        next = *bytes = dlcore_allocate_bytes(&model->allocator, *size);
        status = next != NULL ? dlcore_model_saving_write(&saving, write_memory, &next)
                              : dlcore_fail_memory(saving.error, "save", *size);
    }
    dlcore_model_saving_end(&saving);
    return status;
}

dlcore_status dlcore_model_save_memory(const dlcore_model_t *model,
                                       const dlcore_save_options_t *options, void **bytes,
                                       size_t *size)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(
        before, dlcore_model_save_to_memory(model, whole_model(model, options), bytes, size));
}

/* What write_writer needs: the writer, how far it is, and the model as it was. */
typedef struct writing {
    dlcore_byte_writer_t writer; /* a copy: it may change the caller's */
    size_t written;
    const dlcore_model_t *model;
    dlcore_run_key_t key;
    const dlcore_run_state_t *stopped;
} writing_t;

static dlcore_status write_writer(void *to, const void *bytes, size_t size,
                                  dlcore_error_record_t *error)
{
    writing_t *writing = to;

    if (!writing->writer.write(writing->writer.user, bytes, size))
        return dlcore_fail(error, DLCORE_ERROR_IO, "save: the writer did not take byte %zu on",
                           writing->written);
    writing->written += size;
    if (dlcore_model_is_as(writing->model, &writing->key) &&
        writing->model->stopped == writing->stopped)
        return DLCORE_OK;
    return dlcore_fail(error, DLCORE_ERROR_STATE,
                       "save: the writer trained, compiled or changed the model that it was given");
}

static dlcore_status save_to_writer(const dlcore_model_t *model, const dlcore_byte_writer_t *writer,
                                    const dlcore_save_options_t *options)
{
    dlcore_model_saving_t saving;
    dlcore_status status = dlcore_model_saving_begin(&saving, model, whole_model(model, options));

    if (status == DLCORE_OK && (writer == NULL || writer->write == NULL))
        status = dlcore_fail(saving.error, DLCORE_ERROR_ARGUMENT, "save: the writer is NULL");
    if (status == DLCORE_OK) {
        writing_t writing = {.writer = *writer,
                             .model = model,
                             .key = dlcore_model_key(model),
                             .stopped = model->stopped};

        status = dlcore_model_saving_write(&saving, write_writer, &writing);
    }
    dlcore_model_saving_end(&saving);
    return status;
}

dlcore_status dlcore_model_save_to(const dlcore_model_t *model, const dlcore_byte_writer_t *writer,
                                   const dlcore_save_options_t *options)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, save_to_writer(model, writer, options));
}
