/* Reading a tensor from a file or from memory, in whatever format.
 *
 * SPDX-License-Identifier: MIT */
#include "data/tensor_input.h"

#include "base/allocator.h"
#include "base/error.h"

static dlcore_status check_source(const void *from, const char *name,
                                  const dlcore_allocator_t *allocator, dlcore_tensor_t **out,
                                  dlcore_error_record_t *error)
{
    if (out == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "out is NULL");
    *out = NULL;
    if (from == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "%s is NULL", name);
    return dlcore_check_allocator(allocator, error);
}

dlcore_status dlcore_tensor_load(const char *path, dlcore_tensor_reader_t *read,
                                 const dlcore_allocator_t *allocator, dlcore_tensor_t **out,
                                 dlcore_error_record_t *error)
{
    dlcore_allocator_t memory = dlcore_allocator_or_default(allocator);
    dlcore_status status = check_source(path, "path", allocator, out, error);
    dlcore_input_t input;

    if (status == DLCORE_OK)
        status = dlcore_input_open(&input, path, error);
    if (status != DLCORE_OK)
        return status;
    status = read(&input, &memory, out, error);
    dlcore_input_close(&input);
    return status;
}

dlcore_status dlcore_tensor_parse(const void *bytes, size_t size, const char *name,
                                  dlcore_tensor_reader_t *read, const dlcore_allocator_t *allocator,
                                  dlcore_tensor_t **out, dlcore_error_record_t *error)
{
    dlcore_allocator_t memory = dlcore_allocator_or_default(allocator);
    dlcore_status status = check_source(bytes, "bytes", allocator, out, error);
    dlcore_input_t input;

    if (status != DLCORE_OK)
        return status;
    dlcore_input_from_memory(&input, bytes, size, name);
    return read(&input, &memory, out, error);
}
