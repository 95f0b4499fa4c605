/* Reading IDX files.
 *
 * SPDX-License-Identifier: MIT */
#include "base/error.h"
#include "base/traces.h"
#include "data/idx_gzip.h"
#include "data/idx_header.h"
#include "data/tensor_input.h"
#include "dlcore/data.h"
#include "files/gunzip.h"
#include "tensor/tensor.h"

bool dlcore_idx_reads_gzip(void)
{
    return dlcore_gunzip_available();
}

static dlcore_status load_plain(dlcore_input_t *input, const dlcore_allocator_t *allocator,
                                dlcore_tensor_t **out, dlcore_error_record_t *error)
{
    dlcore_elements_source_t source = dlcore_elements_from_input(input);
    dlcore_idx_header_t header;
    const dlcore_file_elements_t *elements = &header.elements;
    dlcore_status status = dlcore_idx_read_header(&source, &header, error);
    size_t got;

    if (status != DLCORE_OK)
        return status;
    if (input->size - header.bytes != elements->content)
        return dlcore_fail(error, DLCORE_ERROR_FORMAT,
                           "%s: %zu bytes of elements, the header says %zu", input->name,
                           input->size - header.bytes, elements->content);
    status = dlcore_tensor_create_unset(allocator, elements->dtype, elements->rank, elements->shape,
                                        out, error);
    if (status == DLCORE_OK)
        status =
            dlcore_elements_read(elements, &source, 0, elements->size, (*out)->data, &got, error);
    return status;
}

static dlcore_status load_idx(dlcore_input_t *input, const dlcore_allocator_t *allocator,
                              dlcore_tensor_t **out, dlcore_error_record_t *error)
{
    unsigned char start[2] = {0};
    dlcore_status status;
    size_t got;

    status = dlcore_input_read(input, start, sizeof start, &got, error);
    if (status != DLCORE_OK)
        return status;
    input->position = 0;
    if (start[0] == 0x1F && start[1] == 0x8B)
        status = dlcore_idx_load_gzip(input, allocator, out, error);
    else
        status = load_plain(input, allocator, out, error);
    if (status != DLCORE_OK) {
        dlcore_tensor_free(*out);
        *out = NULL;
    }
    return status;
}

static dlcore_status read_idx_file(const char *path, const dlcore_allocator_t *allocator,
                                   dlcore_tensor_t **out, dlcore_error_record_t *error)
{
    return dlcore_tensor_load(path, load_idx, allocator, out, error);
}

dlcore_status dlcore_idx_load(const char *path, const dlcore_allocator_t *allocator,
                              dlcore_tensor_t **out, dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, read_idx_file(path, allocator, out, error));
}

static dlcore_status parse_idx(const void *bytes, size_t size, const dlcore_allocator_t *allocator,
                               dlcore_tensor_t **out, dlcore_error_record_t *error)
{
    return dlcore_tensor_parse(bytes, size, "IDX data", load_idx, allocator, out, error);
}

dlcore_status dlcore_idx_parse(const void *bytes, size_t size, const dlcore_allocator_t *allocator,
                               dlcore_tensor_t **out, dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, parse_idx(bytes, size, allocator, out, error));
}
