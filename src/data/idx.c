/* IDX files: the header, plain files, and the order of bytes.
 *
 * SPDX-License-Identifier: MIT */
#include "data/idx.h"

#include <stdint.h>
#include <string.h>

#include "base/error.h"
#include "base/size.h"
#include "data/tensor_input.h"
#include "dlcore/data.h"
#include "files/gunzip.h"
#include "tensor/tensor.h"

#define IDX_START_SIZE 4 /* two zero bytes, type, rank */

bool dlcore_idx_reads_gzip(void)
{
    return dlcore_gunzip_available();
}

static uint32_t big_endian(const unsigned char bytes[4])
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static dlcore_status find_dtype(unsigned char type, const char *name, dlcore_dtype_t *dtype,
                                dlcore_error_record_t *error)
{
    switch (type) {
    case 0x08:
        *dtype = DLCORE_DTYPE_UINT8;
        return DLCORE_OK;
    case 0x0C:
        *dtype = DLCORE_DTYPE_INT32;
        return DLCORE_OK;
    case 0x0D:
        *dtype = DLCORE_DTYPE_FLOAT32;
        return DLCORE_OK;
    case 0x09:
    case 0x0B:
    case 0x0E:
        return dlcore_fail(error, DLCORE_ERROR_UNSUPPORTED,
                           "%s: IDX type 0x%02x (%s): only uint8, int32 and float32 are read", name,
                           type, type == 0x09 ? "int8" : (type == 0x0B ? "int16" : "float64"));
    default:
        return dlcore_fail(error, DLCORE_ERROR_FORMAT, "%s: no IDX file: unknown type 0x%02x", name,
                           type);
    }
}

static dlcore_status check_start(const unsigned char start[IDX_START_SIZE], const char *name,
                                 dlcore_idx_header_t *header, dlcore_error_record_t *error)
{
    if (start[0] != 0 || start[1] != 0)
        return dlcore_fail(error, DLCORE_ERROR_FORMAT,
                           "%s: no IDX file: starts with bytes 0x%02x 0x%02x, not two zeros", name,
                           start[0], start[1]);
    header->rank = start[3];
    if (header->rank > DLCORE_RANK_MAX)
        return dlcore_fail(error, DLCORE_ERROR_UNSUPPORTED, "%s: rank %zu is more than %d", name,
                           header->rank, DLCORE_RANK_MAX);
    return find_dtype(start[2], name, &header->dtype, error);
}

dlcore_status dlcore_idx_read_header(dlcore_idx_read_t *read, void *from, const char *name,
                                     dlcore_idx_header_t *header, dlcore_error_record_t *error)
{
    unsigned char bytes[IDX_START_SIZE + 4 * DLCORE_RANK_MAX];
    char text[DLCORE_SHAPE_TEXT_SIZE];
    dlcore_tensor_t layout;
    dlcore_status status;
    size_t got, more;

    status = read(from, bytes, IDX_START_SIZE, &got, error);
    if (status != DLCORE_OK)
        return status;
    if (got < IDX_START_SIZE)
        return dlcore_fail(error, DLCORE_ERROR_FORMAT, "%s: %zu bytes, an IDX file has at least %d",
                           name, got, IDX_START_SIZE);
    status = check_start(bytes, name, header, error);
    if (status != DLCORE_OK)
        return status;
    header->bytes = IDX_START_SIZE + 4 * header->rank;
    status = read(from, bytes + IDX_START_SIZE, 4 * header->rank, &more, error);
    if (status != DLCORE_OK)
        return status;
    if (got + more < header->bytes)
        return dlcore_fail(error, DLCORE_ERROR_FORMAT,
                           "%s: %zu bytes, the header alone has %zu at rank %zu", name, got + more,
                           header->bytes, header->rank);
    for (size_t axis = 0; axis < header->rank; axis++)
        header->shape[axis] = big_endian(bytes + IDX_START_SIZE + 4 * axis);
    if (dlcore_tensor_layout(&layout, header->dtype, header->rank, header->shape, NULL) !=
        DLCORE_OK)
        return dlcore_fail(error, DLCORE_ERROR_OVERFLOW, "%s: shape %s is too large", name,
                           dlcore_shape_text(text, header->rank, header->shape));
    header->content = layout.size * dlcore_dtype_size(header->dtype);
    return DLCORE_OK;
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
        uint32_t bits = big_endian(tensor->data + 4 * i);

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

dlcore_status dlcore_idx_load(const char *path, const dlcore_allocator_t *allocator,
                              dlcore_tensor_t **out, dlcore_error_record_t *error)
{
    return dlcore_tensor_load(path, load_idx, allocator, out, error);
}

dlcore_status dlcore_idx_parse(const void *bytes, size_t size, const dlcore_allocator_t *allocator,
                               dlcore_tensor_t **out, dlcore_error_record_t *error)
{
    return dlcore_tensor_parse(bytes, size, "IDX data", load_idx, allocator, out, error);
}
