/* Mean squared error: the mean over units of (p - t)^2, gradient 2 (p - t) / units.
 *
 * SPDX-License-Identifier: MIT */
#include "nn/loss.h"

float dlcore_loss_row_mean_squared_error(const dlcore_loss_pass_t *pass, size_t row)
{
    const dlcore_matrix_t *y = pass->y;
    const float *t = dlcore_loss_targets(pass, row);
    float total = 0.0f;

    for (size_t p = 0; p < dlcore_matrix_panels(y); p++)
        total += pass->training_kernels->squared_error(
            dlcore_matrix_at(y, row, p), t + p * y->panel,
            pass->gradient ? dlcore_matrix_at(pass->dy, row, p) : NULL,
            dlcore_matrix_panel_columns(y, p), pass->weight / (float)y->columns);
    return total / (float)y->columns;
}

const dlcore_loss_type_t dlcore_loss_type_mean_squared_error = {
    .name = "mean_squared_error",
    .elements = true,
    .short_name = "mse",
    .settings = dlcore_no_settings,
    .labels = DLCORE_LABELS_VALUES,
    .absorbs = DLCORE_ACTIVATION_LINEAR,
};
