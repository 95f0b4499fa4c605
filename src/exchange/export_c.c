/* Exporting models as C to a path, to memory and to a writer.
 *
 * SPDX-License-Identifier: MIT */
#include "exchange/export_c.h"

#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/traces.h"
#include "exchange/export_c_make.h"
#include "model/model.h"

/* ---- to a path ---- */

static dlcore_status write_path(void *to, const void *bytes, size_t size,
                                dlcore_error_record_t *error)
{
    return dlcore_output_write(to, bytes, size, error);
}

dlcore_status dlcore_model_export_c_with(const dlcore_system_t *system, const dlcore_model_t *model,
                                         const char *path, const dlcore_export_c_options_t *options)
{
    dlcore_exporting_t exporting;
    dlcore_output_t output;
    size_t size = 0;
    dlcore_status status = dlcore_exporting_begin(&exporting, model, options);

    if (status == DLCORE_OK && path == NULL)
        status = dlcore_fail(exporting.error, DLCORE_ERROR_ARGUMENT, "export: the path is NULL");
    if (status == DLCORE_OK) {
        status = dlcore_output_open(&output, system, path, exporting.error);
        if (status == DLCORE_OK) {
            status = dlcore_exporting_write(&exporting, write_path, &output, &size);
            if (status == DLCORE_OK)
                status = dlcore_output_commit(&output, exporting.options.sync, exporting.error);
            dlcore_output_close(&output);
        }
    }
    if (status == DLCORE_OK)
        dlcore_exporting_report(&exporting, size);
    dlcore_exporting_end(&exporting);
    return status;
}

dlcore_status dlcore_model_export_c(const dlcore_model_t *model, const char *path,
                                    const dlcore_export_c_options_t *options)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, dlcore_model_export_c_with(NULL, model, path, options));
}

/* ---- to memory ---- */

static dlcore_status count_bytes(void *to, const void *bytes, size_t size,
                                 dlcore_error_record_t *error)
{
    (void)to;
    (void)bytes;
    (void)size;
    (void)error;
    return DLCORE_OK;
}

static dlcore_status copy_bytes(void *to, const void *bytes, size_t size,
                                dlcore_error_record_t *error)
{
    char **next = to;

    (void)error;
    memcpy(*next, bytes, size);
    *next += size;
    return DLCORE_OK;
}

static dlcore_status export_to_memory(const dlcore_model_t *model,
                                      const dlcore_export_c_options_t *options, char **text,
                                      size_t *size)
{
    dlcore_exporting_t exporting;
    dlcore_status status = dlcore_exporting_begin(&exporting, model, options);
    char *next;

    if (text != NULL)
        *text = NULL;
    if (status == DLCORE_OK && (text == NULL || size == NULL))
        status =
            dlcore_fail(exporting.error, DLCORE_ERROR_ARGUMENT, "export: text or size is NULL");
    if (status == DLCORE_OK) {
        (void)dlcore_exporting_write(&exporting, count_bytes, NULL, size);
        next = *text = dlcore_allocate_bytes(&model->allocator, *size + 1);
        status = next != NULL ? dlcore_exporting_write(&exporting, copy_bytes, &next, NULL)
                              : dlcore_fail_memory(exporting.error, "export", *size + 1);
    }
    if (status == DLCORE_OK) {
        (*text)[*size] = '\0';
        dlcore_exporting_report(&exporting, *size);
    }
    dlcore_exporting_end(&exporting);
    return status;
}

dlcore_status dlcore_model_export_c_memory(const dlcore_model_t *model,
                                           const dlcore_export_c_options_t *options, char **text,
                                           size_t *size)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, export_to_memory(model, options, text, size));
}

/* ---- to a writer ---- */

/* What write_host needs: the writer, and how far it is. */
typedef struct host_writing {
    const dlcore_byte_writer_t *writer;
    size_t written;
} host_writing_t;

static dlcore_status write_host(void *to, const void *bytes, size_t size,
                                dlcore_error_record_t *error)
{
    host_writing_t *writing = to;

    if (!writing->writer->write(writing->writer->user, bytes, size))
        return dlcore_fail(error, DLCORE_ERROR_IO, "export: the writer did not take byte %zu on",
                           writing->written);
    writing->written += size;
    return DLCORE_OK;
}

static dlcore_status export_to_writer(const dlcore_model_t *model,
                                      const dlcore_byte_writer_t *writer,
                                      const dlcore_export_c_options_t *options)
{
    host_writing_t writing = {.writer = writer};
    dlcore_exporting_t exporting;
    size_t size = 0;
    dlcore_status status = dlcore_exporting_begin(&exporting, model, options);

    if (status == DLCORE_OK && (writer == NULL || writer->write == NULL))
        status = dlcore_fail(exporting.error, DLCORE_ERROR_ARGUMENT, "export: the writer is NULL");
    if (status == DLCORE_OK)
        status = dlcore_exporting_write(&exporting, write_host, &writing, &size);
    if (status == DLCORE_OK)
        dlcore_exporting_report(&exporting, size);
    dlcore_exporting_end(&exporting);
    return status;
}

dlcore_status dlcore_model_export_c_to(const dlcore_model_t *model,
                                       const dlcore_byte_writer_t *writer,
                                       const dlcore_export_c_options_t *options)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, export_to_writer(model, writer, options));
}
