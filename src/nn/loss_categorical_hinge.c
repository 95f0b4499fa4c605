/* Categorical hinge: max(1 + neg - pos, 0), pos = sum_c t_c p_c, neg = max_c (1 - t_c) p_c.
 *
 * Classes that share the maximum share its slope, as in TensorFlow.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "nn/loss.h"

static void write_gradient(const dlcore_loss_pass_t *pass, size_t row, float largest)
{
    const dlcore_matrix_t *y = pass->y;
    const float *t = dlcore_loss_targets(pass, row);
    size_t ties = 0;

    for (size_t p = 0; p < dlcore_matrix_panels(y); p++)
        ties +=
            pass->training_kernels->rare->hinge_ties(dlcore_matrix_at(y, row, p), t + p * y->panel,
                                                     dlcore_matrix_panel_columns(y, p), largest);
    for (size_t p = 0; p < dlcore_matrix_panels(y); p++)
        pass->training_kernels->rare->hinge_gradient(
            dlcore_matrix_at(y, row, p), t + p * y->panel, dlcore_matrix_at(pass->dy, row, p),
            dlcore_matrix_panel_columns(y, p), largest, pass->weight,
            ties > 0 ? pass->weight / (float)ties : 0.0f);
}

float dlcore_loss_row_categorical_hinge(const dlcore_loss_pass_t *pass, size_t row)
{
    const dlcore_matrix_t *y = pass->y;
    const float *t = dlcore_loss_targets(pass, row);
    float positive = 0.0f, largest = 0.0f, loss;

    for (size_t p = 0; p < dlcore_matrix_panels(y); p++) {
        const float *part = dlcore_matrix_at(y, row, p), *labels = t + p * y->panel;
        size_t n = dlcore_matrix_panel_columns(y, p);
        float found = pass->training_kernels->rare->hinge_largest(part, labels, n);

        positive += pass->kernels->dot(part, labels, n);
        largest = p == 0 || found > largest || isnan(found) ? found : largest;
    }
    loss = largest - positive + 1.0f;
    if (!(loss < 0.0f)) {
        if (pass->gradient)
            write_gradient(pass, row, largest);
        return loss;
    }
    for (size_t p = 0; pass->gradient && p < dlcore_matrix_panels(y); p++)
        memset(dlcore_matrix_at(pass->dy, row, p), 0,
               dlcore_matrix_panel_columns(y, p) * sizeof(float));
    return 0.0f;
}

const dlcore_loss_type_t dlcore_loss_type_categorical_hinge = {
    .name = "categorical_hinge",
    .settings = dlcore_no_settings,
    .labels = DLCORE_LABELS_ONE_HOT,
    .label_range = DLCORE_LABELS_0_TO_1,
    .absorbs = DLCORE_ACTIVATION_LINEAR,
};
