/* Writing IDX files.
 *
 * SPDX-License-Identifier: MIT */
#include "base/error.h"
#include "base/traces.h"
#include "data/tensor_output.h"
#include "dlcore/data.h"
#include "tensor/sparse.h"

/* Answers the size of the header, or 0 when a length does not fit 32 bits. */
static size_t write_idx_header(unsigned char to[4 + 4 * DLCORE_RANK_MAX],
                               const dlcore_tensor_t *tensor)
{
    size_t used = 4;

    to[0] = to[1] = 0;
    to[2] = tensor->dtype == DLCORE_DTYPE_UINT8   ? 0x08
            : tensor->dtype == DLCORE_DTYPE_INT32 ? 0x0C
                                                  : 0x0D;
    to[3] = (unsigned char)tensor->rank;
    for (size_t axis = 0; axis < tensor->rank; axis++) {
        if (tensor->shape[axis] > UINT32_MAX)
            return 0;
        for (int shift = 24; shift >= 0; shift -= 8)
            to[used++] = (unsigned char)(tensor->shape[axis] >> shift);
    }
    return used;
}

static dlcore_status save_idx(const char *path, const dlcore_tensor_t *tensor,
                              dlcore_error_record_t *error)
{
    unsigned char header[4 + 4 * DLCORE_RANK_MAX];
    char text[DLCORE_SHAPE_TEXT_SIZE];
    size_t size;

    if (path == NULL || tensor == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "%s is NULL",
                           path == NULL ? "path" : "tensor");
    if (tensor->is_sparse)
        return dlcore_refuse_sparse("idx_save", "the tensor", tensor, error);
    size = write_idx_header(header, tensor);
    if (size == 0)
        return dlcore_fail(error, DLCORE_ERROR_OVERFLOW,
                           "IDX lengths have 32 bits; the shape is %s",
                           dlcore_shape_text(text, tensor->rank, tensor->shape));
    return dlcore_tensor_output(NULL, path, header, size, tensor, true, error);
}

dlcore_status dlcore_idx_save(const char *path, const dlcore_tensor_t *tensor,
                              dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, save_idx(path, tensor, error));
}
