/* Copying chosen samples and labels into a batch.
 *
 * SPDX-License-Identifier: MIT */
#include "engine/gather.h"

#include <string.h>

#include "math/tensor.h"

static size_t sample_of(const dlcore_source_t *source, size_t row)
{
    size_t at = source->begin + row;
    return source->order != NULL ? source->order[at] : at;
}

/* n numbers of one row of a tensor, whatever its dtype, into panels. */
static void gather_row(const dlcore_kernels_t *kernels, const dlcore_tensor_t *tensor, size_t row,
                       float *to, size_t n, size_t panel, size_t panel_stride, float scale,
                       float offset)
{
    const unsigned char *from =
        tensor->data + row * tensor->row_stride * dlcore_dtype_size(tensor->dtype);

    if (tensor->dtype == DLCORE_DTYPE_UINT8)
        kernels->gather_uint8(from, to, n, panel, panel_stride, scale, offset);
    else if (tensor->dtype == DLCORE_DTYPE_INT32)
        kernels->gather_int32((const int32_t *)(const void *)from, to, n, panel, panel_stride,
                              scale, offset);
    else
        kernels->gather_float((const float *)(const void *)from, to, n, panel, panel_stride, scale,
                              offset);
}

void dlcore_gather_samples(const dlcore_network_t *network, const dlcore_source_t *source,
                           dlcore_matrix_t *x, size_t begin, size_t end)
{
    for (size_t row = begin; row < end; row++)
        gather_row(network->kernels, source->x, sample_of(source, row), dlcore_matrix_at(x, row, 0),
                   x->columns, x->panel, x->panel_stride, network->input_scale,
                   network->input_offset);
}

void dlcore_gather_labels(const dlcore_kernels_t *kernels, const dlcore_source_t *source,
                          dlcore_labels_t *labels, size_t begin, size_t end)
{
    const dlcore_tensor_t *y = source->y;

    for (size_t row = begin; row < end; row++) {
        size_t sample = sample_of(source, row);

        if (labels->classes == NULL)
            gather_row(kernels, y, sample, labels->values + row * labels->width, labels->width,
                       labels->width, 0, 1.0f, 0.0f);
        else if (y->dtype == DLCORE_DTYPE_UINT8)
            labels->classes[row] = y->data[sample * y->row_stride];
        else
            memcpy(&labels->classes[row], y->data + sample * y->row_stride * sizeof(int32_t),
                   sizeof(int32_t));
    }
}
