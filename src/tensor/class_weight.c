/* Weights that balance classes, as scikit-learn's compute_class_weight.
 *
 * SPDX-License-Identifier: MIT */
#include "base/allocator.h"
#include "base/error.h"
#include "base/traces.h"
#include "dlcore/data.h"
#include "tensor/classes.h"
#include "tensor/split.h"

static dlcore_status fill_class_weights(const dlcore_kinds_t *kinds, const int32_t *labels,
                                        size_t class_count, float *weights,
                                        dlcore_error_record_t *error)
{
    for (size_t k = 0; k < kinds->count; k++) {
        int32_t label = labels[kinds->order[kinds->begin[k]]];

        if (label < 0 || (size_t)label >= class_count)
            return dlcore_fail(error, DLCORE_ERROR_RANGE,
                               "class_weight_balanced: class %d of sample %zu is not in 0 .. %zu",
                               label, kinds->order[kinds->begin[k]], class_count - 1);
    }
    for (size_t c = 0; c < class_count; c++)
        weights[c] = 1.0f;
    for (size_t k = 0; k < kinds->count; k++)
        weights[labels[kinds->order[kinds->begin[k]]]] =
            (float)((double)kinds->samples /
                    ((double)kinds->count * (double)dlcore_kind_size(kinds, k)));
    return DLCORE_OK;
}

static dlcore_status class_weights(const dlcore_tensor_t *y, size_t class_count, float *weights,
                                   dlcore_error_record_t *error)
{
    dlcore_kinds_t kinds;
    int32_t *labels;
    dlcore_status status;

    if (y == NULL || weights == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "class_weight_balanced: %s is NULL",
                           y == NULL ? "y" : "weights");
    if (class_count == 0)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "class_weight_balanced: class_count is 0");
    status = dlcore_check_split("class_weight_balanced", y, NULL, error);
    if (status == DLCORE_OK)
        status = dlcore_kinds_make(y, NULL, y->shape[0], "class_weight_balanced", &y->allocator,
                                   &kinds, error);
    if (status != DLCORE_OK)
        return status;
    labels = dlcore_allocate_raw(&y->allocator, y->shape[0], sizeof *labels);
    if (labels == NULL)
        status = dlcore_fail_memory(error, "class_weight_balanced", y->shape[0] * sizeof *labels);
    if (status == DLCORE_OK)
        status = dlcore_classes_of(y, "class_weight_balanced", labels, error);
    if (status == DLCORE_OK)
        status = fill_class_weights(&kinds, labels, class_count, weights, error);
    dlcore_release(&y->allocator, labels);
    dlcore_kinds_clear(&kinds);
    return status;
}

dlcore_status dlcore_class_weight_balanced(const dlcore_tensor_t *y, size_t class_count,
                                           float *weights, dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, class_weights(y, class_count, weights, error));
}
