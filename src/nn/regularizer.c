/* Regularizers (keras/src/regularizers/regularizers.py).
 *
 * SPDX-License-Identifier: MIT */
#include "nn/regularizer.h"

#include <float.h>

#include "base/error.h"

dlcore_regularizer_t dlcore_regularizer_l1(double l1)
{
    return (dlcore_regularizer_t){.l1 = l1};
}

dlcore_regularizer_t dlcore_regularizer_l2(double l2)
{
    return (dlcore_regularizer_t){.l2 = l2};
}

dlcore_regularizer_t dlcore_regularizer_l1_l2(double l1, double l2)
{
    return (dlcore_regularizer_t){.l1 = l1, .l2 = l2};
}

static dlcore_status check(const char *what, const char *setting, double value,
                           dlcore_error_record_t *error)
{
    if (value >= 0.0 && value <= (double)FLT_MAX / 2.0)
        return DLCORE_OK;
    return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "%s: %s must lie in 0 .. %g, got %g", what,
                       setting, (double)FLT_MAX / 2.0, value);
}

dlcore_status dlcore_regularizer_validate(const dlcore_regularizer_t *regularizer, const char *what,
                                          dlcore_error_record_t *error)
{
    dlcore_status status = check(what, "l1", regularizer->l1, error);

    return status == DLCORE_OK ? check(what, "l2", regularizer->l2, error) : status;
}
