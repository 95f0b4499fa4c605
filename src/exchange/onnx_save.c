/* Saving a model as ONNX: to a path, whole or not at all, and to memory.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/traces.h"
#include "dlcore/onnx.h"
#include "exchange/onnx_write.h"
#include "files/output.h"

dlcore_onnx_save_options_t dlcore_onnx_save_options_default(void)
{
    return (dlcore_onnx_save_options_t){.sync = true,
                                        .structure_size = sizeof(dlcore_onnx_save_options_t)};
}

/* What is to be written, of a model that can be. */
static dlcore_status onnx_begin_saving(dlcore_onnx_putting_t *putting, const dlcore_model_t *model,
                                       const void *target,
                                       const dlcore_onnx_save_options_t *options, size_t *size)
{
    dlcore_error_record_t *error = options != NULL ? options->error : NULL;
    dlcore_status status = DLCORE_OK;

    *putting = (dlcore_onnx_putting_t){.model = NULL};
    if (options != NULL)
        status = dlcore_check_options(options, "onnx_save", error);
    if (status != DLCORE_OK)
        return status;
    if (model == NULL || target == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "onnx_save: %s is NULL",
                           model == NULL ? "the model" : "where to save to");
    if (model->network.values == NULL)
        return dlcore_fail(error, DLCORE_ERROR_STATE,
                           "onnx_save: the model has no weights before it is built");
    status = dlcore_onnx_put_model(putting, model, error);
    return status == DLCORE_OK ? dlcore_onnx_write_size(putting, size) : status;
}

static dlcore_status onnx_write_file(void *to, const void *bytes, size_t size,
                                     dlcore_error_record_t *error)
{
    return dlcore_output_write(to, bytes, size, error);
}

static dlcore_status onnx_save_path(const dlcore_model_t *model, const char *path,
                                    const dlcore_onnx_save_options_t *options)
{
    bool sync = options == NULL || options->sync;
    dlcore_onnx_putting_t putting;
    dlcore_output_t output;
    size_t size;
    dlcore_status status = onnx_begin_saving(&putting, model, path, options, &size);

    if (status == DLCORE_OK) {
        status = dlcore_output_open(&output, NULL, path, putting.error);
        if (status == DLCORE_OK) {
            status = dlcore_onnx_write(&putting, onnx_write_file, &output);
            if (status == DLCORE_OK)
                status = dlcore_output_commit(&output, sync, putting.error);
            dlcore_output_close(&output);
        }
    }
    dlcore_onnx_put_end(&putting);
    return status;
}

dlcore_status dlcore_onnx_save(const dlcore_model_t *model, const char *path,
                               const dlcore_onnx_save_options_t *options)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, onnx_save_path(model, path, options));
}

static dlcore_status onnx_write_memory(void *to, const void *bytes, size_t size,
                                       dlcore_error_record_t *error)
{
    unsigned char **next = to;

    (void)error;
    memcpy(*next, bytes, size);
    *next += size;
    return DLCORE_OK;
}

static dlcore_status onnx_save_bytes(const dlcore_model_t *model,
                                     const dlcore_onnx_save_options_t *options, void **bytes,
                                     size_t *size)
{
    dlcore_onnx_putting_t putting;
    unsigned char *next = NULL;
    size_t needed;
    dlcore_status status =
        onnx_begin_saving(&putting, model, size != NULL ? bytes : NULL, options, &needed);

    if (bytes != NULL)
        *bytes = NULL;
    if (status == DLCORE_OK) {
        next = *bytes = dlcore_allocate_bytes(&model->allocator, needed);
        *size = needed;
        status = next != NULL ? dlcore_onnx_write(&putting, onnx_write_memory, &next)
                              : dlcore_fail_memory(putting.error, "onnx_save", needed);
        if (status != DLCORE_OK && *bytes != NULL) {
            dlcore_release_bytes(&model->allocator, *bytes);
            *bytes = NULL;
        }
    }
    dlcore_onnx_put_end(&putting);
    return status;
}

dlcore_status dlcore_onnx_save_memory(const dlcore_model_t *model,
                                      const dlcore_onnx_save_options_t *options, void **bytes,
                                      size_t *size)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, onnx_save_bytes(model, options, bytes, size));
}
