/* Writing .npz files: as numpy.savez does, stored.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/shown.h"
#include "base/traces.h"
#include "base/utf8.h"
#include "data/npy.h"
#include "data/tensor_output.h"
#include "exchange/npz.h"
#include "exchange/zip_writer.h"
#include "files/output.h"
#include "tensor/sparse.h"

#define NPZ_NAME_MAX 250

static dlcore_status add_to_checksum(void *to, const void *bytes, size_t size,
                                     dlcore_error_record_t *error)
{
    uint32_t *checksum = to;

    (void)error;
    *checksum = dlcore_zip_checksum(*checksum, bytes, size);
    return DLCORE_OK;
}

static dlcore_status add_to_archive(void *to, const void *bytes, size_t size,
                                    dlcore_error_record_t *error)
{
    return dlcore_zip_writer_bytes(to, bytes, size, error);
}

static dlcore_status write_array(dlcore_zip_writer_t *writer, const char *name,
                                 const dlcore_tensor_t *tensor, dlcore_error_record_t *error)
{
    char header[DLCORE_NPY_HEADER_ROOM];
    char entry[NPZ_NAME_MAX + sizeof DLCORE_NPZ_SUFFIX];
    size_t header_size = dlcore_npy_write_header(header, tensor);
    size_t size = dlcore_tensor_size(tensor) * dlcore_dtype_size(dlcore_tensor_dtype(tensor));
    uint32_t checksum = dlcore_zip_checksum(0, header, header_size);
    dlcore_status status;

    snprintf(entry, sizeof entry, "%s%s", name, DLCORE_NPZ_SUFFIX);
    (void)dlcore_tensor_write(tensor, false, add_to_checksum, &checksum, error);
    status = dlcore_zip_writer_start(writer, entry, (uint64_t)header_size + size, checksum, error);
    if (status == DLCORE_OK)
        status = dlcore_zip_writer_bytes(writer, header, header_size, error);
    if (status == DLCORE_OK)
        status = dlcore_tensor_write(tensor, false, add_to_archive, writer, error);
    return status;
}

static dlcore_status write_npz_bytes(void *to, const void *bytes, size_t size,
                                     dlcore_error_record_t *error)
{
    return dlcore_output_write(to, bytes, size, error);
}

static dlcore_status write_arrays(dlcore_output_t *output, const char *const *names,
                                  const dlcore_tensor_t *const *tensors, size_t count,
                                  const dlcore_allocator_t *allocator, dlcore_error_record_t *error)
{
    dlcore_zip_writer_t writer;
    dlcore_status status = DLCORE_OK;

    dlcore_zip_writer_begin(&writer, write_npz_bytes, output, allocator);
    for (size_t i = 0; i < count && status == DLCORE_OK; i++)
        status = write_array(&writer, names[i], tensors[i], error);
    if (status == DLCORE_OK)
        status = dlcore_zip_writer_finish(&writer, error);
    dlcore_zip_writer_end(&writer);
    return status;
}

static dlcore_status check_npz_name(const char *const *names, size_t index,
                                    dlcore_error_record_t *error)
{
    const char *name = names[index];
    const char *problem = dlcore_utf8_problem(name);
    char shown[DLCORE_SHOWN_SIZE];
    size_t length = strlen(name);

    if (problem != NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "npz: the name of array %zu %s", index,
                           problem);
    if (length == 0 || length > NPZ_NAME_MAX)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "npz: the name of array %zu has %zu bytes: 1 to %d can be written",
                           index, length, NPZ_NAME_MAX);
    for (size_t i = 0; i < index; i++)
        if (strcmp(names[i], name) == 0)
            return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                               "npz: arrays %zu and %zu are both called \"%s\"", i, index,
                               dlcore_show(shown, name, length));
    return DLCORE_OK;
}

static dlcore_status check_npz(const char *path, const char *const *names,
                               const dlcore_tensor_t *const *tensors, size_t count,
                               const dlcore_allocator_t *allocator, dlcore_error_record_t *error)
{
    dlcore_status status = dlcore_check_allocator(allocator, error);

    if (path == NULL || names == NULL || tensors == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "%s is NULL",
                           path == NULL    ? "path"
                           : names == NULL ? "names"
                                           : "tensors");
    if (count == 0)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "npz: no arrays");
    for (size_t i = 0; i < count && status == DLCORE_OK; i++) {
        if (names[i] == NULL || tensors[i] == NULL)
            return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "npz: %s %zu is NULL",
                               names[i] == NULL ? "the name of array" : "tensor", i);
        status = check_npz_name(names, i, error);
        if (status == DLCORE_OK)
            status = dlcore_refuse_sparse("npz_save", names[i], tensors[i], error);
    }
    return status;
}

static dlcore_status save_npz(const char *path, const char *const *names,
                              const dlcore_tensor_t *const *tensors, size_t count,
                              const dlcore_allocator_t *allocator, dlcore_error_record_t *error)
{
    dlcore_allocator_t memory = dlcore_allocator_or_default(allocator);
    dlcore_output_t output;
    dlcore_status status = check_npz(path, names, tensors, count, allocator, error);

    if (status == DLCORE_OK)
        status = dlcore_output_open(&output, NULL, path, error);
    if (status != DLCORE_OK)
        return status;
    status = write_arrays(&output, names, tensors, count, &memory, error);
    if (status == DLCORE_OK)
        status = dlcore_output_commit(&output, false, error);
    dlcore_output_close(&output);
    return status;
}

dlcore_status dlcore_npz_save(const char *path, const char *const *names,
                              const dlcore_tensor_t *const *tensors, size_t count,
                              const dlcore_allocator_t *allocator, dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, save_npz(path, names, tensors, count, allocator, error));
}
