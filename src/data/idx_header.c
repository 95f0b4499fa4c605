/* The header of IDX files.
 *
 * SPDX-License-Identifier: MIT */
#include "data/idx_header.h"

#include "base/error.h"

#define START_SIZE 4 /* two zero bytes, type, rank */

/* A number of four bytes, the highest first. */
static uint32_t number_of(const unsigned char bytes[4])
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static dlcore_status find_type(unsigned char code, const char *name, dlcore_element_type_t *type,
                               dlcore_error_record_t *error)
{
    static const struct {
        unsigned char code, type; /* dlcore_element_type_t */
    } types[] = {
        {0x08, DLCORE_ELEMENT_UINT8},   {0x09, DLCORE_ELEMENT_INT8},
        {0x0B, DLCORE_ELEMENT_INT16},   {0x0C, DLCORE_ELEMENT_INT32},
        {0x0D, DLCORE_ELEMENT_FLOAT32}, {0x0E, DLCORE_ELEMENT_FLOAT64},
    };

    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (types[i].code == code) {
            *type = (dlcore_element_type_t)types[i].type;
            return DLCORE_OK;
        }
    return dlcore_fail(error, DLCORE_ERROR_FORMAT, "%s: not an IDX file: unknown type 0x%02x", name,
                       code);
}

static dlcore_status check_start(const unsigned char start[START_SIZE], const char *name,
                                 dlcore_file_elements_t *elements, dlcore_error_record_t *error)
{
    dlcore_element_type_t type;
    dlcore_status status;

    if (start[0] != 0 || start[1] != 0)
        return dlcore_fail(error, DLCORE_ERROR_FORMAT,
                           "%s: not an IDX file: starts with bytes 0x%02x 0x%02x, not two zeros",
                           name, start[0], start[1]);
    elements->rank = start[3];
    if (elements->rank > DLCORE_RANK_MAX)
        return dlcore_fail(error, DLCORE_ERROR_UNSUPPORTED, "%s: rank %zu is more than %d", name,
                           elements->rank, DLCORE_RANK_MAX);
    status = find_type(start[2], name, &type, error);
    if (status == DLCORE_OK)
        dlcore_elements_set_type(elements, type);
    return status;
}

dlcore_status dlcore_idx_read_header(const dlcore_elements_source_t *source,
                                     dlcore_idx_header_t *header, dlcore_error_record_t *error)
{
    unsigned char bytes[START_SIZE + 4 * DLCORE_RANK_MAX];
    dlcore_file_elements_t *elements = &header->elements;
    dlcore_status status;
    size_t got, more;

    status = source->read(source->from, bytes, START_SIZE, &got, error);
    if (status != DLCORE_OK)
        return status;
    if (got < START_SIZE)
        return dlcore_fail(error, DLCORE_ERROR_FORMAT, "%s: %zu bytes, an IDX file has at least %d",
                           source->name, got, START_SIZE);
    *elements = (dlcore_file_elements_t){.big_endian = true};
    status = check_start(bytes, source->name, elements, error);
    if (status != DLCORE_OK)
        return status;
    header->bytes = START_SIZE + 4 * elements->rank;
    status = source->read(source->from, bytes + START_SIZE, 4 * elements->rank, &more, error);
    if (status != DLCORE_OK)
        return status;
    if (got + more < header->bytes)
        return dlcore_fail(error, DLCORE_ERROR_FORMAT,
                           "%s: %zu bytes, the header alone has %zu at rank %zu", source->name,
                           got + more, header->bytes, elements->rank);
    for (size_t axis = 0; axis < elements->rank; axis++)
        elements->shape[axis] = number_of(bytes + START_SIZE + 4 * axis);
    return dlcore_elements_set_size(elements, source->name, error);
}
