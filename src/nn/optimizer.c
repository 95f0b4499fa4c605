/* The kinds of optimizers: descriptors with Keras's defaults, and names.
 *
 * SPDX-License-Identifier: MIT */
#include "nn/optimizer.h"

#include "base/error.h"
#include "base/name.h"

static const dlcore_optimizer_type_t *const types[] = {
    [DLCORE_OPTIMIZER_UNKNOWN] = NULL,
    [DLCORE_OPTIMIZER_SGD] = &dlcore_optimizer_type_sgd,
    [DLCORE_OPTIMIZER_RMSPROP] = &dlcore_optimizer_type_rmsprop,
};

enum { TYPE_COUNT = sizeof types / sizeof types[0] };
_Static_assert(TYPE_COUNT == DLCORE_OPTIMIZER_RMSPROP + 1, "one row each");

const dlcore_optimizer_type_t *dlcore_optimizer_type(dlcore_optimizer_kind_t kind)
{
    if ((int)kind < 0 || (int)kind >= TYPE_COUNT)
        return NULL;
    return types[kind];
}

dlcore_optimizer_t dlcore_optimizer_sgd(void)
{
    return (dlcore_optimizer_t){
        .kind = DLCORE_OPTIMIZER_SGD, .learning_rate = 0.01, .rho = 0.9, .epsilon = 1e-7};
}

dlcore_optimizer_t dlcore_optimizer_rmsprop(void)
{
    return (dlcore_optimizer_t){
        .kind = DLCORE_OPTIMIZER_RMSPROP, .learning_rate = 0.001, .rho = 0.9, .epsilon = 1e-7};
}

dlcore_optimizer_t dlcore_optimizer_from_name(const char *name)
{
    if (dlcore_name_is(name, dlcore_optimizer_type_sgd.name))
        return dlcore_optimizer_sgd();
    if (dlcore_name_is(name, dlcore_optimizer_type_rmsprop.name))
        return dlcore_optimizer_rmsprop();
    return (dlcore_optimizer_t){.kind = DLCORE_OPTIMIZER_UNKNOWN};
}

const char *dlcore_optimizer_name(dlcore_optimizer_kind_t kind)
{
    const dlcore_optimizer_type_t *type = dlcore_optimizer_type(kind);
    return type != NULL ? type->name : "unknown";
}

dlcore_status dlcore_optimizer_check(const char *optimizer, const char *setting, double value,
                                     double low, double high, dlcore_error_record_t *error)
{
    if (value >= low && value <= high)
        return DLCORE_OK;
    return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "%s: %s must lie in %g .. %g, got %g",
                       optimizer, setting, low, high, value);
}
