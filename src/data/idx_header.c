/* The header of IDX files.
 *
 * SPDX-License-Identifier: MIT */
#include "data/idx_header.h"

#include "base/error.h"
#include "tensor/tensor.h"

#define START_SIZE 4 /* two zero bytes, type, rank */

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

static dlcore_status check_start(const unsigned char start[START_SIZE], const char *name,
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
    unsigned char bytes[START_SIZE + 4 * DLCORE_RANK_MAX];
    char text[DLCORE_SHAPE_TEXT_SIZE];
    dlcore_tensor_t layout;
    dlcore_status status;
    size_t got, more;

    status = read(from, bytes, START_SIZE, &got, error);
    if (status != DLCORE_OK)
        return status;
    if (got < START_SIZE)
        return dlcore_fail(error, DLCORE_ERROR_FORMAT, "%s: %zu bytes, an IDX file has at least %d",
                           name, got, START_SIZE);
    status = check_start(bytes, name, header, error);
    if (status != DLCORE_OK)
        return status;
    header->bytes = START_SIZE + 4 * header->rank;
    status = read(from, bytes + START_SIZE, 4 * header->rank, &more, error);
    if (status != DLCORE_OK)
        return status;
    if (got + more < header->bytes)
        return dlcore_fail(error, DLCORE_ERROR_FORMAT,
                           "%s: %zu bytes, the header alone has %zu at rank %zu", name, got + more,
                           header->bytes, header->rank);
    for (size_t axis = 0; axis < header->rank; axis++)
        header->shape[axis] = dlcore_idx_number(bytes + START_SIZE + 4 * axis);
    if (dlcore_tensor_layout(&layout, header->dtype, header->rank, header->shape, NULL) !=
        DLCORE_OK)
        return dlcore_fail(error, DLCORE_ERROR_OVERFLOW, "%s: shape %s is too large", name,
                           dlcore_shape_text(text, header->rank, header->shape));
    header->content = layout.size * dlcore_dtype_size(header->dtype);
    return DLCORE_OK;
}
