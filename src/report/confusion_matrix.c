/* Counting which classes are taken for which.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/error.h"
#include "base/traces.h"
#include "dlcore/report.h"
#include "report/report.h"
#include "tensor/tensor.h"

dlcore_status dlcore_check_class_count(const char *call, size_t class_count,
                                       dlcore_error_record_t *error)
{
    if (class_count >= 1 && class_count <= DLCORE_CLASSES_MAX)
        return DLCORE_OK;
    return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                       "%s: class_count must lie in 1 .. %zu, got %zu", call, DLCORE_CLASSES_MAX,
                       class_count);
}

static dlcore_status check_confusion_labels(const char *what, const dlcore_tensor_t *labels,
                                            dlcore_error_record_t *error)
{
    if (labels == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "confusion_matrix: %s is NULL", what);
    if (labels->dtype == DLCORE_DTYPE_FLOAT32 && labels->row_size > 1)
        return dlcore_fail(error, DLCORE_ERROR_DTYPE,
                           "confusion_matrix: %s must be int32 or uint8, got float32; "
                           "tensor_argmax makes classes of %zu outputs",
                           what, labels->row_size);
    if (labels->dtype == DLCORE_DTYPE_FLOAT32)
        return dlcore_fail(error, DLCORE_ERROR_DTYPE,
                           "confusion_matrix: %s must be int32 or uint8, got float32; tensor_cast "
                           "to int32 makes classes 0 and 1 of a sigmoid unit",
                           what);
    if (labels->rank == 0 || labels->row_size != 1)
        return dlcore_fail(error, DLCORE_ERROR_SHAPE,
                           "confusion_matrix: %s must have one label for each sample, got %zu rows "
                           "of %zu",
                           what, labels->rank > 0 ? labels->shape[0] : 0, labels->row_size);
    return DLCORE_OK;
}

static int32_t label_of(const dlcore_tensor_t *labels, size_t row)
{
    int32_t label;

    if (labels->dtype == DLCORE_DTYPE_UINT8)
        return labels->data[row * labels->row_stride];
    memcpy(&label, labels->data + row * labels->row_stride * sizeof label, sizeof label);
    return label;
}

static dlcore_status check_range(const char *what, const dlcore_tensor_t *labels,
                                 size_t class_count, dlcore_error_record_t *error)
{
    for (size_t row = 0; row < labels->shape[0]; row++) {
        int32_t label = label_of(labels, row);

        if (label < 0 || (size_t)label >= class_count)
            return dlcore_fail(error, DLCORE_ERROR_RANGE,
                               "confusion_matrix: %s of sample %zu is %d, outside 0 .. %zu", what,
                               row, (int)label, class_count - 1);
    }
    return DLCORE_OK;
}

static dlcore_status count_confusions(const dlcore_tensor_t *y_true, const dlcore_tensor_t *y_pred,
                                      size_t class_count, size_t *counts,
                                      dlcore_error_record_t *error)
{
    dlcore_status status = check_confusion_labels("y_true", y_true, error);

    if (status == DLCORE_OK)
        status = check_confusion_labels("y_pred", y_pred, error);
    if (status != DLCORE_OK)
        return status;
    if (counts == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "confusion_matrix: counts is NULL");
    status = dlcore_check_class_count("confusion_matrix", class_count, error);
    if (status != DLCORE_OK)
        return status;
    if (y_true->shape[0] != y_pred->shape[0])
        return dlcore_fail(error, DLCORE_ERROR_SHAPE,
                           "confusion_matrix: y_true has %zu samples, but y_pred has %zu",
                           y_true->shape[0], y_pred->shape[0]);
    status = check_range("y_true", y_true, class_count, error);
    if (status == DLCORE_OK)
        status = check_range("y_pred", y_pred, class_count, error);
    if (status != DLCORE_OK)
        return status;
    memset(counts, 0, class_count * class_count * sizeof *counts);
    for (size_t row = 0; row < y_true->shape[0]; row++)
        counts[(size_t)label_of(y_true, row) * class_count + (size_t)label_of(y_pred, row)]++;
    return DLCORE_OK;
}

dlcore_status dlcore_confusion_matrix(const dlcore_tensor_t *y_true, const dlcore_tensor_t *y_pred,
                                      size_t class_count, size_t *counts,
                                      dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, count_confusions(y_true, y_pred, class_count, counts, error));
}
