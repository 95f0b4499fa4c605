/* Copying chosen samples and labels into a batch.
 *
 * SPDX-License-Identifier: MIT */
#include "engine/gather.h"

#include <math.h>
#include <string.h>

#include "base/size.h"
#include "nn/loss_masked.h"
#include "tensor/tensor.h"

bool dlcore_gather_takes_lists(const dlcore_network_t *network)
{
    return network->first < network->node_count &&
           network->nodes[network->first].type->takes_index && network->input_offset == 0.0f &&
           isfinite(network->input_scale);
}

bool dlcore_gather_is_lists(const dlcore_network_t *network, const dlcore_tensor_t *x)
{
    return x != NULL && x->is_sparse && dlcore_gather_takes_lists(network);
}

dlcore_lists_t dlcore_gather_lists(const dlcore_network_t *network, const dlcore_sparse_t *sparse)
{
    return (dlcore_lists_t){.starts = sparse->starts,
                            .indices = sparse->indices,
                            .values = sparse->values,
                            .scale = network->input_scale};
}

void dlcore_gather_begin(const dlcore_network_t *network, const dlcore_source_t *source,
                         dlcore_workspace_t *workspace, size_t batch)
{
    dlcore_lists_t *lists = &workspace->lists[batch];

    workspace->input[batch].lists = NULL;
    workspace->input[batch].zeros = NULL;
    if (!dlcore_gather_is_lists(network, source->x))
        return;
    *lists = dlcore_gather_lists(network, &source->x->sparse);
    lists->order = source->order;
    lists->begin = source->begin;
    workspace->input[batch].lists = lists;
}

/* How far ahead of the copying rows are asked for. */
#define ROWS_AHEAD 4

static const unsigned char *bytes_of_row(const dlcore_tensor_t *tensor, size_t row)
{
    return tensor->data + row * tensor->row_stride * dlcore_dtype_size(tensor->dtype);
}

void dlcore_gather_list(const dlcore_sparse_t *sparse, size_t row, float *to, size_t panel,
                        size_t panel_stride, float scale, float offset)
{
    float product = 0.0f * scale, zero = product + offset;

    for (size_t begin = 0; begin < sparse->columns; begin += panel) {
        float *part = to + begin / panel * panel_stride;
        size_t count = dlcore_size_min(panel, sparse->columns - begin);

        for (size_t c = 0; c < count; c++)
            part[c] = zero;
    }
    for (size_t i = sparse->starts[row]; i < sparse->starts[row + 1]; i++) {
        size_t column = (size_t)sparse->indices[i];

        product = sparse->values != NULL ? sparse->values[i] * scale : scale;
        to[column / panel * panel_stride + column % panel] = product + offset;
    }
}

/* n numbers of one row of a tensor, whatever its dtype, into panels. */
static void gather_row(const dlcore_kernels_t *kernels, const dlcore_tensor_t *tensor, size_t row,
                       float *to, size_t n, size_t panel, size_t panel_stride, float scale,
                       float offset)
{
    const unsigned char *from;

    if (tensor->is_sparse) {
        dlcore_gather_list(&tensor->sparse, row, to, panel, panel_stride, scale, offset);
        return;
    }
    from = bytes_of_row(tensor, row);
    if (tensor->dtype == DLCORE_DTYPE_UINT8)
        kernels->gather_uint8(from, to, n, panel, panel_stride, scale, offset);
    else if (tensor->dtype == DLCORE_DTYPE_INT32)
        kernels->gather_int32((const int32_t *)(const void *)from, to, n, panel, panel_stride,
                              scale, offset);
    else
        kernels->gather_float((const float *)(const void *)from, to, n, panel, panel_stride, scale,
                              offset);
}

/* count numbers of a row, those at `index`, scaled. Plain loops: they wait for loads. */
#define SELECT(name, type)                                                             \
    static void name(const type *from, const uint32_t *index, size_t count, float *to, \
                     float scale)                                                      \
    {                                                                                  \
        for (size_t i = 0; i < count; i++)                                             \
            to[i] = (float)from[index[i]] * scale;                                     \
    }

SELECT(select_float, float)
SELECT(select_uint8, uint8_t)
SELECT(select_int32, int32_t)

/* The columns that the batch has of one row, into panels; there is no offset then. */
static void gather_columns(const dlcore_tensor_t *tensor, size_t row, size_t to_row,
                           dlcore_matrix_t *x, float scale)
{
    const unsigned char *from = bytes_of_row(tensor, row);

    for (size_t p = 0; p < dlcore_matrix_panels(x); p++) {
        const uint32_t *index = x->index + p * x->panel;
        size_t count = dlcore_matrix_panel_columns(x, p);
        float *to = dlcore_matrix_at(x, to_row, p);

        if (tensor->dtype == DLCORE_DTYPE_UINT8)
            select_uint8(from, index, count, to, scale);
        else if (tensor->dtype == DLCORE_DTYPE_INT32)
            select_int32((const int32_t *)(const void *)from, index, count, to, scale);
        else
            select_float((const float *)(const void *)from, index, count, to, scale);
    }
}

/* Shuffled rows come from anywhere in memory: asks for one that will be copied soon. */
static void fetch_ahead(const dlcore_source_t *source, size_t row, size_t n)
{
    const unsigned char *from = bytes_of_row(source->x, dlcore_source_sample(source, row));
    size_t bytes = n * dlcore_dtype_size(source->x->dtype);

    for (size_t i = 0; i < bytes; i += 64)
        __builtin_prefetch(from + i);
}

void dlcore_gather_samples(const dlcore_network_t *network, const dlcore_source_t *source,
                           dlcore_matrix_t *x, size_t begin, size_t end)
{
    if (dlcore_gather_is_lists(network, source->x))
        return;
    for (size_t row = begin; row < end; row++) {
        if (source->order != NULL && row + ROWS_AHEAD < end && !source->x->is_sparse)
            fetch_ahead(source, row + ROWS_AHEAD, source->x->row_size);
        if (x->index != NULL)
            gather_columns(source->x, dlcore_source_sample(source, row), row, x,
                           network->input_scale);
        else
            gather_row(network->kernels, source->x, dlcore_source_sample(source, row),
                       dlcore_matrix_at(x, row, 0), x->columns, x->panel, x->panel_stride,
                       network->input_scale, network->input_offset);
    }
}

static bool begins_dense(const dlcore_network_t *network)
{
    size_t i = network->first;

    while (i < network->node_count && !dlcore_layer_runs(network->nodes[i].type, false))
        i++;
    return i < network->node_count && network->nodes[i].layer.kind == DLCORE_LAYER_DENSE;
}

bool dlcore_gather_view(const dlcore_network_t *network, const dlcore_source_t *source,
                        dlcore_matrix_t *x)
{
    const dlcore_tensor_t *tensor = source->x;

    if (tensor->is_sparse || tensor->dtype != DLCORE_DTYPE_FLOAT32 || source->order != NULL ||
        x->index != NULL || network->input_scale != 1.0f || network->input_offset != 0.0f ||
        !begins_dense(network))
        return false;
    x->data = (float *)(uintptr_t)bytes_of_row(tensor, source->begin); /* which is not written */
    x->panel = tensor->row_stride;
    x->panel_stride = x->panel * x->rows;
    return true;
}

/* Keras's class of a label: the integer, the first largest of several, or the one rounded. */
static long class_of_label(const dlcore_labels_t *labels, size_t row)
{
    const float *values;
    size_t best = 0;

    if (labels->classes != NULL)
        return labels->classes[row];
    values = labels->values + row * labels->width;
    if (labels->units == 1)
        return fabsf(values[0]) < 1e6f ? lrintf(values[0]) : -1;
    for (size_t i = 1; i < labels->units; i++) {
        if (values[i] > values[best])
            best = i;
    }
    return (long)best;
}

/* After the labels, whose classes they need. */
static void gather_row_weights(const dlcore_source_t *source, dlcore_labels_t *labels, size_t begin,
                               size_t end)
{
    for (size_t row = begin; row < end; row++) {
        float weight = 1.0f;

        if (source->weights != NULL)
            memcpy(&weight, bytes_of_row(source->weights, dlcore_source_sample(source, row)),
                   sizeof weight);
        if (source->class_weights != NULL) {
            long class = class_of_label(labels, row);
            if (class >= 0 && (size_t) class < source->class_count)
                weight *= source->class_weights[class];
        }
        labels->weights[row] = weight;
    }
}

void dlcore_gather_labels(const dlcore_kernels_t *kernels, const dlcore_source_t *source,
                          dlcore_labels_t *labels, size_t begin, size_t end)
{
    const dlcore_tensor_t *y = source->y;

    for (size_t row = begin; row < end; row++) {
        size_t sample = dlcore_source_sample(source, row);

        if (labels->classes == NULL)
            gather_row(kernels, y, sample, labels->values + row * labels->width, labels->width,
                       labels->width, 0, 1.0f, 0.0f);
        else if (y->dtype == DLCORE_DTYPE_UINT8)
            labels->classes[row] = y->data[sample * y->row_stride];
        else
            memcpy(&labels->classes[row], y->data + sample * y->row_stride * sizeof(int32_t),
                   sizeof(int32_t));
    }
    if (labels->weights != NULL)
        gather_row_weights(source, labels, begin, end);
    if (labels->present != NULL)
        dlcore_labels_count(labels, begin, end);
}
