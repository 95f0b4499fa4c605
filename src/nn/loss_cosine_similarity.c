/* Cosine similarity, whose sign makes it a loss: -sum_c t_c p_c / (|t| |p|).
 *
 * With c the cosine, the gradient by p is (c p / |p| - t / |t|) / |p|. A norm below 1e-7 is taken
 * for 1e-7, and does not move then.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "nn/loss.h"

#define SHORTEST 1e-7 /* Keras's backend epsilon */

float dlcore_loss_row_cosine_similarity(const dlcore_loss_pass_t *pass, size_t row)
{
    const dlcore_matrix_t *y = pass->y;
    const float *t = dlcore_loss_targets(pass, row);
    double sums[3] = {0.0}, length, inverse, label_inverse, cosine, weight = (double)pass->weight;

    for (size_t p = 0; p < dlcore_matrix_panels(y); p++)
        pass->training_kernels->rare->pair_sums(dlcore_matrix_at(y, row, p), t + p * y->panel,
                                                dlcore_matrix_panel_columns(y, p), sums);
    length = sqrt(sums[1]);
    inverse = fmin(1.0 / length, 1.0 / SHORTEST);
    label_inverse = fmin(1.0 / sqrt(sums[2]), 1.0 / SHORTEST);
    cosine = sums[0] * inverse * label_inverse;
    for (size_t p = 0; pass->gradient && p < dlcore_matrix_panels(y); p++)
        pass->training_kernels->rare->combine(
            dlcore_matrix_at(pass->dy, row, p), dlcore_matrix_at(y, row, p), t + p * y->panel,
            dlcore_matrix_panel_columns(y, p),
            length < SHORTEST ? 0.0f : (float)(weight * cosine * inverse * inverse),
            (float)(-weight * inverse * label_inverse));
    return (float)-cosine;
}

const dlcore_loss_type_t dlcore_loss_type_cosine_similarity = {
    .name = "cosine_similarity",
    .settings = dlcore_no_settings,
    .labels = DLCORE_LABELS_VALUES,
    .absorbs = DLCORE_ACTIVATION_LINEAR,
};

/* Keras leaves it out of its own config. */
const dlcore_setting_key_t dlcore_cosine_loss_keys[] = {
    {"axis", "[-1, 1]"},
    {0},
};
