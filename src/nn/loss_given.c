/* The loss whose gradient is given: each row copies its labels.
 *
 * SPDX-License-Identifier: MIT */
#include "nn/loss_given.h"

#include <string.h>

float dlcore_loss_row_given(const dlcore_loss_pass_t *pass, size_t row)
{
    const dlcore_matrix_t *dy = pass->dy;
    const float *from = dlcore_loss_targets(pass, row);

    for (size_t p = 0; p < dlcore_matrix_panels(dy); p++)
        memcpy(dlcore_matrix_at(dy, row, p), from + p * dy->panel,
               dlcore_matrix_panel_columns(dy, p) * sizeof *from);
    return 0.0f;
}

const dlcore_loss_type_t dlcore_loss_type_given = {
    .name = "gradient",
    .settings = dlcore_no_settings,
    .labels = DLCORE_LABELS_VALUES,
    .absorbs = DLCORE_ACTIVATION_LINEAR,
};
