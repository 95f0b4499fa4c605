/* Between class probabilities, integer labels and one-hot rows.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "base/error.h"
#include "base/traces.h"
#include "tensor/sparse.h"

/* Index of the largest of n elements that are `step` bytes apart. */
static size_t largest(dlcore_dtype_t dtype, const unsigned char *elements, size_t step, size_t n)
{
    double most = dlcore_element_load(dtype, elements);
    size_t at = 0;

    for (size_t i = 1; i < n && !isnan(most); i++) {
        double value = dlcore_element_load(dtype, elements + i * step);

        if (value > most || isnan(value)) {
            most = value;
            at = i;
        }
    }
    return at;
}

static dlcore_status find_largest(const dlcore_tensor_t *source, dlcore_tensor_t **out,
                                  dlcore_error_record_t *error)
{
    dlcore_status status;
    size_t classes, rows, step, per_row;
    int32_t *labels;

    if (out == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "out is NULL");
    *out = NULL;
    if (source == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "source is NULL");
    if (source->rank == 0)
        return dlcore_fail(error, DLCORE_ERROR_SHAPE, "argmax of a scalar: rank 0, at least 1");
    classes = source->shape[source->rank - 1];
    if (classes == 0)
        return dlcore_fail(error, DLCORE_ERROR_SHAPE, "argmax along axis %zu of length 0",
                           source->rank - 1);
    if (classes > INT32_MAX)
        return dlcore_fail(error, DLCORE_ERROR_OVERFLOW, "argmax of %zu elements: int32 ends at %d",
                           classes, (int)(int)INT32_MAX);
    status = dlcore_refuse_sparse("argmax", "source", source, error);
    if (status == DLCORE_OK)
        status = dlcore_tensor_create_unset(&source->allocator, DLCORE_DTYPE_INT32,
                                            source->rank - 1, source->shape, out, error);
    if (status != DLCORE_OK || source->size == 0)
        return status;
    labels = (int32_t *)(void *)(*out)->data;
    step = dlcore_dtype_size(source->dtype);
    /* In rank 1 the last axis is axis 0, the one with the stride. */
    rows = source->rank == 1 ? 1 : source->shape[0];
    per_row = source->rank == 1 ? 1 : source->row_size / classes;
    for (size_t row = 0; row < rows; row++)
        for (size_t i = 0; i < per_row; i++)
            *labels++ =
                (int32_t)largest(source->dtype, dlcore_tensor_run(source, row) + i * classes * step,
                                 source->rank == 1 ? step * source->row_stride : step, classes);
    return DLCORE_OK;
}

dlcore_status dlcore_tensor_argmax(const dlcore_tensor_t *source, dlcore_tensor_t **out,
                                   dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, find_largest(source, out, error));
}

static dlcore_status check_class_labels(const dlcore_tensor_t *labels, size_t classes,
                                        dlcore_error_record_t *error)
{
    char text[DLCORE_SHAPE_TEXT_SIZE];

    if (labels == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "labels is NULL");
    if (classes == 0)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "one_hot with 0 classes");
    if (labels->dtype == DLCORE_DTYPE_FLOAT32)
        return dlcore_fail(error, DLCORE_ERROR_DTYPE, "one_hot of float32: labels are integers");
    if (labels->rank != 1 && !(labels->rank == 2 && labels->shape[1] == 1))
        return dlcore_fail(error, DLCORE_ERROR_SHAPE,
                           "one_hot of shape %s: labels are (batch) or (batch, 1)",
                           dlcore_shape_text(text, labels->rank, labels->shape));
    return DLCORE_OK;
}

static dlcore_status make_one_hot(const dlcore_tensor_t *labels, size_t classes,
                                  dlcore_tensor_t **out, dlcore_error_record_t *error)
{
    dlcore_status status;
    float *row;

    if (out == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "out is NULL");
    *out = NULL;
    status = check_class_labels(labels, classes, error);
    if (status != DLCORE_OK)
        return status;
    status = dlcore_tensor_create(&labels->allocator, DLCORE_DTYPE_FLOAT32, 2,
                                  (size_t[]){labels->shape[0], classes}, out, error);
    if (status != DLCORE_OK)
        return status;
    row = (float *)(void *)(*out)->data;
    for (size_t i = 0; i < labels->shape[0]; i++, row += classes) {
        double label = dlcore_element_load(labels->dtype, dlcore_tensor_run(labels, i));

        if (label < 0 || label >= (double)classes) {
            dlcore_tensor_free(*out);
            *out = NULL;
            return dlcore_fail(error, DLCORE_ERROR_RANGE,
                               "label %.0f in row %zu is outside 0..%zu (%zu classes)", label, i,
                               classes - 1, classes);
        }
        row[(size_t)label] = 1.0f;
    }
    return DLCORE_OK;
}

dlcore_status dlcore_tensor_one_hot(const dlcore_tensor_t *labels, size_t classes,
                                    dlcore_tensor_t **out, dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, make_one_hot(labels, classes, out, error));
}
