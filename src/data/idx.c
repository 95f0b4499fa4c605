/* IDX files: plain ones, and the order of bytes.
 *
 * SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <string.h>

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

static dlcore_status read_input(void *from, void *to, size_t want, size_t *got,
                                dlcore_error_record_t *error)
{
    return dlcore_input_read(from, to, want, got, error);
}

static dlcore_status load_plain(dlcore_input_t *input, const dlcore_allocator_t *allocator,
                                dlcore_tensor_t **out, dlcore_error_record_t *error)
{
    dlcore_idx_header_t header;
    dlcore_status status;
    size_t got;

    status = dlcore_idx_read_header(read_input, input, input->name, &header, error);
    if (status != DLCORE_OK)
        return status;
    if (input->size - header.bytes != header.content)
        return dlcore_fail(error, DLCORE_ERROR_FORMAT,
                           "%s: %zu bytes of elements, the header says %zu", input->name,
                           input->size - header.bytes, header.content);
    status =
        dlcore_tensor_create_unset(allocator, header.dtype, header.rank, header.shape, out, error);
    if (status == DLCORE_OK)
        status = dlcore_input_read(input, (*out)->data, header.content, &got, error);
    return status;
}

/* From the file's big-endian order to the host's, whatever that is. */
static void to_host_order(dlcore_tensor_t *tensor)
{
    if (tensor->dtype == DLCORE_DTYPE_UINT8)
        return;
    for (size_t i = 0; i < tensor->size; i++) {
        uint32_t bits = dlcore_idx_number(tensor->data + 4 * i);

        memcpy(tensor->data + 4 * i, &bits, sizeof bits);
    }
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
        return status;
    }
    to_host_order(*out);
    return DLCORE_OK;
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
