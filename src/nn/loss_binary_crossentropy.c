/* Binary cross-entropy: the mean over units of -(t log p + (1 - t) log(1 - p)).
 *
 * With sigmoid, from logits x: max(x, 0) - x t + log(1 + exp(-|x|)), gradient sigmoid(x) - t.
 *
 * SPDX-License-Identifier: MIT */
#include "nn/loss.h"

float dlcore_loss_row_binary_crossentropy(const dlcore_loss_pass_t *pass, size_t row)
{
    const dlcore_kernels_t *kernels = pass->kernels;
    const dlcore_matrix_t *y = pass->y;
    const float *t = dlcore_loss_targets(pass, row);
    float weight = pass->weight / (float)y->columns;
    float total = 0.0f;

    for (size_t p = 0; p < dlcore_matrix_panels(y); p++) {
        float *x = dlcore_matrix_at(y, row, p);
        float *dy = pass->gradient ? dlcore_matrix_at(pass->dy, row, p) : NULL;
        size_t n = dlcore_matrix_panel_columns(y, p);

        if (pass->output == DLCORE_OUTPUT_PREDICTIONS)
            total +=
                pass->training_kernels->binary_crossentropy(x, t + p * y->panel, dy, n, weight);
        else
            total += pass->training_kernels->binary_crossentropy_logits(x, t + p * y->panel, dy, n,
                                                                        weight);
        if (pass->output == DLCORE_OUTPUT_FUSED)
            kernels->sigmoid(x, n);
    }
    return total / (float)y->columns;
}

static const dlcore_setting_t binary_settings[] = {
    {.key = "from_logits", DLCORE_LOSS_SETTING(BOOL, from_logits)},
    {.key = "label_smoothing", DLCORE_LOSS_SETTING(DOUBLE, label_smoothing), .high = 1.0},
    {0},
};

const dlcore_loss_type_t dlcore_loss_type_binary_crossentropy = {
    .name = "binary_crossentropy",
    .elements = true,
    .short_name = "bce",
    .settings = binary_settings,
    .labels = DLCORE_LABELS_VALUES,
    .label_range = DLCORE_LABELS_0_TO_1,
    .absorbs = DLCORE_ACTIVATION_SIGMOID,
};

const dlcore_setting_key_t dlcore_binary_loss_keys[] = {
    {"axis", "[-1, 1]"},
    {0},
};
