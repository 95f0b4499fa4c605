/* Functions of the user's in descriptors: types of the tables, and what is in range.
 *
 * SPDX-License-Identifier: MIT */
#include "nn/function.h"

#include "base/error.h"

const dlcore_function_type_t dlcore_function_missing = {.is_missing = true};

dlcore_status dlcore_function_validate(const dlcore_function_t *function, const char *what,
                                       dlcore_error_record_t *error)
{
    if (function->type == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "%s: has no function; make the descriptor with %s(function, user)", what,
                           what);
    if (!function->type->is_missing && function->call == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "%s: the function is NULL", what);
    if (function->calls != DLCORE_FUNCTION_CALLS_BATCH &&
        function->calls != DLCORE_FUNCTION_CALLS_ROWS)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "%s: function.calls must be FUNCTION_CALLS_BATCH (%d) or "
                           "FUNCTION_CALLS_ROWS (%d), got %d",
                           what, (int)DLCORE_FUNCTION_CALLS_BATCH, (int)DLCORE_FUNCTION_CALLS_ROWS,
                           (int)function->calls);
    return DLCORE_OK;
}

static const dlcore_setting_t function_settings[] = {
    {.key = "label_width", DLCORE_LOSS_SETTING(SIZE, label_width), .quiet = true},
    {0},
};

const dlcore_loss_type_t dlcore_loss_type_function = {
    .name = "loss_function",
    .settings = function_settings,
    .labels = DLCORE_LABELS_VALUES,
    .absorbs = DLCORE_ACTIVATION_LINEAR,
};

const dlcore_loss_type_t dlcore_loss_type_sparse_function = {
    .name = "loss_sparse_function",
    .settings = dlcore_no_settings,
    .labels = DLCORE_LABELS_CLASSES,
    .absorbs = DLCORE_ACTIVATION_LINEAR,
};

const dlcore_metric_run_t dlcore_metric_run_function = {0}; /* rows are its own */

const dlcore_metric_type_t dlcore_metric_type_function = {
    .name = "metric_function",
    .labels = DLCORE_METRIC_LABELS_ANY,
    .settings = dlcore_no_settings,
};
