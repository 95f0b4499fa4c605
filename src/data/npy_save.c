/* Writing .npy files: version 1.0, row-major, little-endian, byte for byte what NumPy writes.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/traces.h"
#include "data/npy.h"
#include "data/tensor_output.h"
#include "dlcore/data.h"
#include "tensor/sparse.h"

#define NPY_START_SIZE 10  /* magic, version, length of the header */
#define HEADER_MULTIPLE 64 /* what elements are aligned to in the file */
#define GROWTH_DIGITS 21   /* room that NumPy leaves so that the first length can grow in place */

/* "(2, 3), ", "(2,), " or "(), ", and spaces for the first length to grow. */
static size_t write_shape(char *to, size_t room, const dlcore_tensor_t *tensor)
{
    size_t used = (size_t)snprintf(to, room, "(");
    size_t first = 0;

    for (size_t axis = 0; axis < tensor->rank; axis++) {
        size_t before = used += (size_t)snprintf(to + used, room - used, axis == 0 ? "" : ", ");

        used += (size_t)snprintf(to + used, room - used, "%zu", tensor->shape[axis]);
        if (axis == 0)
            first = used - before;
    }
    used += (size_t)snprintf(to + used, room - used, "%s), }", tensor->rank == 1 ? "," : "");
    if (tensor->rank > 0)
        used += (size_t)snprintf(to + used, room - used, "%*s", (int)(GROWTH_DIGITS - first), "");
    return used;
}

/* It ends at a multiple of 64. */
size_t dlcore_npy_write_header(char to[DLCORE_NPY_HEADER_ROOM], const dlcore_tensor_t *tensor)
{
    static const char *const descr[] = {
        [DLCORE_DTYPE_FLOAT32] = "<f4", [DLCORE_DTYPE_UINT8] = "|u1", [DLCORE_DTYPE_INT32] = "<i4"};
    size_t used = NPY_START_SIZE;
    size_t size;

    memcpy(to, "\x93NUMPY\x01", 8); /* the literal's end is the minor version, 0 */
    used +=
        (size_t)snprintf(to + used, DLCORE_NPY_HEADER_ROOM - used,
                         "{'descr': '%s', 'fortran_order': False, 'shape': ", descr[tensor->dtype]);
    used += write_shape(to + used, DLCORE_NPY_HEADER_ROOM - used, tensor);
    size = (used + 1 + HEADER_MULTIPLE - 1) / HEADER_MULTIPLE * HEADER_MULTIPLE;
    memset(to + used, ' ', size - used);
    to[size - 1] = '\n';
    to[8] = (char)((size - NPY_START_SIZE) & 0xFF);
    to[9] = (char)((size - NPY_START_SIZE) >> 8);
    return size;
}

static dlcore_status save_npy(const char *path, const dlcore_tensor_t *tensor,
                              dlcore_error_record_t *error)
{
    char header[DLCORE_NPY_HEADER_ROOM];

    if (path == NULL || tensor == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "%s is NULL",
                           path == NULL ? "path" : "tensor");
    if (tensor->is_sparse)
        return dlcore_refuse_sparse("npy_save", "the tensor", tensor, error);
    return dlcore_tensor_output(NULL, path, header, dlcore_npy_write_header(header, tensor), tensor,
                                false, error);
}

dlcore_status dlcore_npy_save(const char *path, const dlcore_tensor_t *tensor,
                              dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, save_npy(path, tensor, error));
}
