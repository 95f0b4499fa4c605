/* Reading .npy files.
 *
 * SPDX-License-Identifier: MIT */
#include "data/npy.h"

#include "base/allocator.h"
#include "base/error.h"
#include "base/traces.h"
#include "data/tensor_input.h"
#include "dlcore/data.h"
#include "tensor/tensor.h"

static dlcore_status read_elements(dlcore_input_t *input, const dlcore_file_elements_t *elements,
                                   unsigned char *to, dlcore_error_record_t *error)
{
    dlcore_elements_source_t source = dlcore_elements_from_input(input);
    size_t got; /* all: the header is right about the size */

    return dlcore_elements_read(elements, &source, 0, elements->size, to, &got, error);
}

/* Fortran order passes through a second block of the tensor's size. */
static dlcore_status read_fortran(dlcore_input_t *input, const dlcore_file_elements_t *elements,
                                  const dlcore_allocator_t *allocator, dlcore_tensor_t *tensor,
                                  dlcore_error_record_t *error)
{
    size_t item = dlcore_dtype_size(elements->dtype);
    unsigned char *block = dlcore_allocate_raw(allocator, elements->size, item);
    dlcore_status status;

    if (block == NULL)
        return dlcore_fail_memory(error, input->name, elements->size * item);
    status = read_elements(input, elements, block, error);
    if (status == DLCORE_OK)
        dlcore_npy_from_fortran(block, tensor->data, item, elements->rank, elements->shape);
    dlcore_release(allocator, block);
    return status;
}

dlcore_status dlcore_npy_read(dlcore_input_t *input, const dlcore_allocator_t *allocator,
                              dlcore_tensor_t **out, dlcore_error_record_t *error)
{
    dlcore_file_elements_t elements;
    dlcore_tensor_t *tensor = NULL;
    dlcore_status status = dlcore_npy_read_header(input, allocator, &elements, error);

    if (status == DLCORE_OK)
        status = dlcore_tensor_create_unset(allocator, elements.dtype, elements.rank,
                                            elements.shape, &tensor, error);
    if (status != DLCORE_OK)
        return status;
    if (elements.fortran_order && elements.rank > 1)
        status = read_fortran(input, &elements, allocator, tensor, error);
    else
        status = read_elements(input, &elements, tensor->data, error);
    if (status == DLCORE_OK)
        *out = tensor;
    else
        dlcore_tensor_free(tensor);
    return status;
}

static dlcore_status read_npy_file(const char *path, const dlcore_allocator_t *allocator,
                                   dlcore_tensor_t **out, dlcore_error_record_t *error)
{
    return dlcore_tensor_load(path, dlcore_npy_read, allocator, out, error);
}

dlcore_status dlcore_npy_load(const char *path, const dlcore_allocator_t *allocator,
                              dlcore_tensor_t **out, dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, read_npy_file(path, allocator, out, error));
}

static dlcore_status parse_npy(const void *bytes, size_t size, const dlcore_allocator_t *allocator,
                               dlcore_tensor_t **out, dlcore_error_record_t *error)
{
    return dlcore_tensor_parse(bytes, size, ".npy data", dlcore_npy_read, allocator, out, error);
}

dlcore_status dlcore_npy_parse(const void *bytes, size_t size, const dlcore_allocator_t *allocator,
                               dlcore_tensor_t **out, dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, parse_npy(bytes, size, allocator, out, error));
}
