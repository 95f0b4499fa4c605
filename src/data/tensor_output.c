/* Writing a tensor's elements to a file behind a header.
 *
 * SPDX-License-Identifier: MIT */
#include "data/tensor_output.h"

#include "base/size.h"
#include "files/bytes.h"
#include "tensor/tensor.h"

#define OUTPUT_BLOCK 1024 /* elements that are turned round at a time: 4 KB of stack */

/* `count` elements of 4 bytes, each turned round. */
static dlcore_status write_swapped(const unsigned char *elements, size_t count,
                                   dlcore_tensor_sink_t *write, void *to,
                                   dlcore_error_record_t *error)
{
    unsigned char block[4 * OUTPUT_BLOCK];
    dlcore_status status = DLCORE_OK;
    size_t part;

    for (; count > 0 && status == DLCORE_OK; count -= part, elements += 4 * part) {
        part = dlcore_size_min(count, OUTPUT_BLOCK);
        dlcore_swap32_all(elements, block, part);
        status = write(to, block, 4 * part, error);
    }
    return status;
}

dlcore_status dlcore_tensor_write(const dlcore_tensor_t *tensor, bool big_endian,
                                  dlcore_tensor_sink_t *write, void *to,
                                  dlcore_error_record_t *error)
{
    size_t item = dlcore_dtype_size(tensor->dtype);
    dlcore_status status = DLCORE_OK;
    size_t length;
    size_t runs = dlcore_tensor_runs(tensor, &length);

    for (size_t run = 0; run < runs && status == DLCORE_OK; run++) {
        const unsigned char *elements = dlcore_tensor_run(tensor, run);

        if (item == 4 && big_endian != dlcore_host_is_big_endian())
            status = write_swapped(elements, length, write, to, error);
        else
            status = write(to, elements, length * item, error);
    }
    return status;
}

static dlcore_status write_to_file(void *to, const void *bytes, size_t size,
                                   dlcore_error_record_t *error)
{
    return dlcore_output_write(to, bytes, size, error);
}

dlcore_status dlcore_tensor_output(const dlcore_system_t *system, const char *path,
                                   const void *header, size_t header_size,
                                   const dlcore_tensor_t *tensor, bool big_endian,
                                   dlcore_error_record_t *error)
{
    dlcore_output_t output;
    dlcore_status status = dlcore_output_open(&output, system, path, error);

    if (status != DLCORE_OK)
        return status;
    status = dlcore_output_write(&output, header, header_size, error);
    if (status == DLCORE_OK)
        status = dlcore_tensor_write(tensor, big_endian, write_to_file, &output, error);
    if (status == DLCORE_OK)
        status = dlcore_output_commit(&output, false, error);
    dlcore_output_close(&output);
    return status;
}
