/* Regularizers (keras/src/regularizers/regularizers.py).
 *
 * SPDX-License-Identifier: MIT */
#include "nn/regularizer.h"

#include <float.h>
#include <math.h>

#include "base/error.h"
#include "base/name.h"

#define DEFAULT 0.01 /* Keras's */

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

dlcore_regularizer_t dlcore_regularizer_from_name(const char *name)
{
    if (dlcore_name_is(name, "l1"))
        return dlcore_regularizer_l1(DEFAULT);
    if (dlcore_name_is(name, "l2"))
        return dlcore_regularizer_l2(DEFAULT);
    if (dlcore_name_is(name, "l1_l2"))
        return dlcore_regularizer_l1_l2(DEFAULT, DEFAULT);
    return dlcore_regularizer_l1_l2((double)NAN, (double)NAN);
}

dlcore_status dlcore_regularizer_validate(const dlcore_regularizer_t *regularizer, const char *what,
                                          dlcore_error_record_t *error)
{
    const double most = (double)FLT_MAX / 2.0; /* halved, because the gradient has 2 l2 */
    dlcore_status status;

    if (isnan(regularizer->l1) && isnan(regularizer->l2))
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "%s: l1 and l2 must lie in 0 .. %g, got nan (a name that was not "
                           "found?)",
                           what, most);
    status = dlcore_check_range(what, "l1", regularizer->l1, 0.0, most, error);
    if (status == DLCORE_OK)
        status = dlcore_check_range(what, "l2", regularizer->l2, 0.0, most, error);
    return status;
}
