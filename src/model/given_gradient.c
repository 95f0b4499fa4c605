/* Gradients of the outputs that the caller gives in the place of a loss.
 *
 * SPDX-License-Identifier: MIT */
#include "model/given_gradient.h"

#include <string.h>

#include "base/error.h"
#include "nn/loss_given.h"
#include "tensor/sparse.h"

static void set_objective(dlcore_objective_t *objective, size_t units)
{
    memset(objective, 0, offsetof(dlcore_objective_t, metrics));
    objective->loss = &dlcore_loss_type_given;
    objective->loss_settings = dlcore_loss_default(DLCORE_LOSS_MEAN_SQUARED_ERROR); /* any plain */
    objective->loss_settings.reduction = DLCORE_REDUCTION_SUM; /* the gradient is used as it is */
    objective->output = DLCORE_OUTPUT_PREDICTIONS;
    objective->units = objective->label_width = units;
}

dlcore_status dlcore_objective_set_given(const dlcore_network_t *network, const char *call,
                                         const dlcore_tensor_t *x, const dlcore_tensor_t *dy,
                                         dlcore_objective_t *objective,
                                         dlcore_error_record_t *error)
{
    size_t units = dlcore_network_output_width(network), rows = dlcore_sample_count(x);

    if (dy == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "%s: dy is NULL", call);
    if (dy->dtype != DLCORE_DTYPE_FLOAT32)
        return dlcore_fail(error, DLCORE_ERROR_DTYPE, "%s: dy must be float32, got %s", call,
                           dlcore_dtype_name(dy->dtype));
    if (dy->rank == 0 || dy->shape[0] != rows || dy->row_size != units)
        return dlcore_fail(error, DLCORE_ERROR_SHAPE,
                           "%s: dy must be (%zu, %zu), got %zu rows of %zu", call, rows, units,
                           dlcore_sample_count(dy), dy->row_size);
    if (dy->is_sparse)
        return dlcore_refuse_sparse(call, "dy", dy, error);
    for (size_t row = 0; row < rows; row++) {
        size_t at = dlcore_row_not_finite(dy, row);

        if (at < units)
            return dlcore_fail(error, DLCORE_ERROR_NOT_FINITE,
                               "%s: number %zu of sample %zu of dy is %s", call, at, row,
                               dlcore_not_finite_name(dlcore_row_number(dy, row, at)));
    }
    set_objective(objective, units);
    return DLCORE_OK;
}
