/* Labels and predictions that are judged.
 *
 * SPDX-License-Identifier: MIT */
#include "report/judged.h"

#include <math.h>

#include "base/allocator.h"
#include "base/error.h"
#include "tensor/classes.h"
#include "tensor/sparse.h"

static dlcore_status check_prediction(const char *call, double number, bool probabilities,
                                      size_t sample, size_t unit, dlcore_error_record_t *error)
{
    if (!isfinite(number))
        return dlcore_fail(error, DLCORE_ERROR_RANGE, "%s: y_pred of sample %zu, number %zu, is %s",
                           call, sample, unit, dlcore_not_finite_name(number));
    if (probabilities && !(number >= 0.0 && number <= 1.0))
        return dlcore_fail(error, DLCORE_ERROR_RANGE,
                           "%s: y_pred of sample %zu, number %zu, is %g: no probability", call,
                           sample, unit, number);
    return DLCORE_OK;
}

dlcore_status dlcore_check_predictions(const char *call, const dlcore_tensor_t *y_pred,
                                       bool probabilities, dlcore_error_record_t *error)
{
    dlcore_status status;

    if (y_pred == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "%s: y_pred is NULL", call);
    status = dlcore_refuse_sparse(call, "y_pred", y_pred, error);
    if (status != DLCORE_OK)
        return status;
    if (y_pred->dtype != DLCORE_DTYPE_FLOAT32)
        return dlcore_fail(error, DLCORE_ERROR_DTYPE, "%s: y_pred must be float32, got %s", call,
                           dlcore_dtype_name(y_pred->dtype));
    if ((y_pred->rank != 1 && y_pred->rank != 2) || y_pred->size == 0)
        return dlcore_fail(error, DLCORE_ERROR_SHAPE,
                           "%s: y_pred must be (samples) or (samples, classes), got rank %zu with "
                           "%zu numbers",
                           call, y_pred->rank, y_pred->size);
    for (size_t i = 0; i < y_pred->shape[0]; i++) {
        for (size_t u = 0; u < y_pred->row_size && status == DLCORE_OK; u++)
            status =
                check_prediction(call, dlcore_row_number(y_pred, i, u), probabilities, i, u, error);
    }
    return status;
}

static dlcore_status check_judged_classes(const char *call, const dlcore_judged_t *judged,
                                          dlcore_error_record_t *error)
{
    size_t count = dlcore_judged_class_count(judged);

    for (size_t i = 0; i < judged->samples; i++) {
        if (judged->classes[i] < 0 || (size_t)judged->classes[i] >= count)
            return dlcore_fail(error, DLCORE_ERROR_RANGE,
                               "%s: class %d of sample %zu is not in 0 .. %zu, the classes of "
                               "y_pred",
                               call, judged->classes[i], i, count - 1);
    }
    return DLCORE_OK;
}

dlcore_status dlcore_judged_make(const char *call, const dlcore_tensor_t *y_true,
                                 const dlcore_tensor_t *y_pred, bool probabilities,
                                 dlcore_judged_t *judged, dlcore_error_record_t *error)
{
    dlcore_status status;

    *judged = (dlcore_judged_t){.y_pred = y_pred};
    if (y_true == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "%s: y_true is NULL", call);
    status = dlcore_check_predictions(call, y_pred, probabilities, error);
    if (status != DLCORE_OK)
        return status;
    if (y_true->rank == 0 || y_true->shape[0] != y_pred->shape[0])
        return dlcore_fail(error, DLCORE_ERROR_SHAPE, "%s: y_true has %zu samples, y_pred has %zu",
                           call, y_true->rank == 0 ? 0 : y_true->shape[0], y_pred->shape[0]);
    judged->samples = y_pred->shape[0];
    judged->units = y_pred->row_size;
    judged->allocator = y_pred->allocator;
    if (y_true->row_size != 1 && y_true->row_size != judged->units)
        return dlcore_fail(error, DLCORE_ERROR_SHAPE,
                           "%s: y_true has %zu numbers for each sample, y_pred has %zu", call,
                           y_true->row_size, judged->units);
    judged->classes =
        dlcore_allocate_raw(&judged->allocator, judged->samples, sizeof *judged->classes);
    if (judged->classes == NULL)
        return dlcore_fail_memory(error, call, judged->samples * sizeof *judged->classes);
    status = dlcore_classes_of(y_true, call, judged->classes, error);
    if (status == DLCORE_OK)
        status = check_judged_classes(call, judged, error);
    if (status != DLCORE_OK)
        dlcore_judged_clear(judged);
    return status;
}

void dlcore_judged_clear(dlcore_judged_t *judged)
{
    if (judged->classes != NULL)
        dlcore_release(&judged->allocator, judged->classes);
    judged->classes = NULL;
}

dlcore_status dlcore_judged_check_class(const char *call, const dlcore_judged_t *judged,
                                        size_t positive, dlcore_error_record_t *error)
{
    if (judged->units == 1 && positive != 1)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "%s: y_pred has one output, the probability of class 1, got class %zu",
                           call, positive);
    if (judged->units > 1 && positive >= judged->units)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "%s: y_pred has %zu classes, got class %zu", call, judged->units,
                           positive);
    return DLCORE_OK;
}
