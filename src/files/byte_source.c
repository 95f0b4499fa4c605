/* Reading model files from front to back.
 *
 * SPDX-License-Identifier: MIT */
#include "files/byte_source.h"

#include "base/error.h"
#include "base/size.h"

dlcore_byte_source_t dlcore_byte_source_of_input(dlcore_input_t *input)
{
    return (dlcore_byte_source_t){.name = input->name, .size = input->size, .input = input};
}

dlcore_byte_source_t dlcore_byte_source_of_reader(const dlcore_byte_reader_t *reader)
{
    return (dlcore_byte_source_t){.name = "reader", .size = reader->size, .reader = reader};
}

static dlcore_status read_reader(dlcore_byte_source_t *source, unsigned char *to, size_t size,
                                 dlcore_error_record_t *error)
{
    while (size > 0) {
        size_t count = source->reader->read(source->reader->user, to, size);

        if (count == 0 || count > size)
            return dlcore_fail(error, DLCORE_ERROR_IO, "%s: gave %zu of %zu bytes at byte %zu",
                               source->name, count, size, source->position);
        to += count;
        size -= count;
        source->position += count;
    }
    return DLCORE_OK;
}

dlcore_status dlcore_byte_source_read(dlcore_byte_source_t *source, void *to, size_t size,
                                      dlcore_error_record_t *error)
{
    dlcore_status status;
    size_t got;

    if (source->input == NULL)
        return read_reader(source, to, size, error);
    status = dlcore_input_read(source->input, to, size, &got, error);
    source->position += got;
    if (status == DLCORE_OK && got != size)
        return dlcore_fail(error, DLCORE_ERROR_IO, "%s: ends at byte %zu", source->name,
                           source->position);
    return status;
}

dlcore_status dlcore_byte_source_skip(dlcore_byte_source_t *source, size_t size, void *scratch,
                                      size_t scratch_size, dlcore_error_record_t *error)
{
    dlcore_status status = DLCORE_OK;

    if (source->input != NULL) {
        source->input->position += size;
        source->position += size;
        return DLCORE_OK;
    }
    while (size > 0 && status == DLCORE_OK) {
        size_t count = dlcore_size_min(size, scratch_size);

        status = read_reader(source, scratch, count, error);
        size -= count;
    }
    return status;
}
