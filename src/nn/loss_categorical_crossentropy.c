/* Categorical cross-entropy of one-hot labels (or any shares): -sum_c t_c log p_c.
 *
 * With softmax, from logits x: sum_c t_c (log sum_j exp(x_j) - x_c), gradient p - t, which is
 * TensorFlow's also where the labels of a row do not sum to 1.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "nn/loss.h"
#include "nn/softmax.h"

/* From logits. Fused, y becomes the probabilities; else they are made in dy and y stays. */
static float categorical_row_of_logits(const dlcore_loss_pass_t *pass, size_t row)
{
    const dlcore_kernels_t *kernels = pass->kernels;
    dlcore_matrix_t *y = pass->y, *softmax = y;
    const float *t = dlcore_loss_targets(pass, row);
    size_t panels = dlcore_matrix_panels(y);
    float total = 0.0f, product = 0.0f, log_sum;

    if (pass->output == DLCORE_OUTPUT_LOGITS) {
        softmax = pass->dy;
        for (size_t p = 0; p < panels; p++)
            memcpy(dlcore_matrix_at(softmax, row, p), dlcore_matrix_at(y, row, p),
                   dlcore_matrix_panel_columns(y, p) * sizeof(float));
    }
    if (panels == 1 && y->columns <= DLCORE_NARROW_ROW)
        return pass->training_kernels->softmax_crossentropy(
            dlcore_matrix_at(softmax, row, 0), t,
            pass->gradient ? dlcore_matrix_at(pass->dy, row, 0) : NULL, y->columns, pass->weight);
    (void)dlcore_softmax_center_row(kernels, softmax, row);
    for (size_t p = 0; p < panels; p++) {
        size_t n = dlcore_matrix_panel_columns(y, p);
        total += kernels->sum(t + p * y->panel, n);
        product += kernels->dot(t + p * y->panel, dlcore_matrix_at(softmax, row, p), n);
    }
    log_sum = dlcore_softmax_row(kernels, softmax, row);
    if (pass->gradient) {
        for (size_t p = 0; p < panels; p++)
            pass->training_kernels->difference(dlcore_matrix_at(pass->dy, row, p),
                                               dlcore_matrix_at(softmax, row, p), t + p * y->panel,
                                               dlcore_matrix_panel_columns(y, p), pass->weight);
    }
    return total * log_sum - product;
}

/* From probabilities, as Keras: divided by their sum S, clipped; then, with q = p / S and g the
 * derivative by q, the one by p_c is (g_c - sum_j g_j q_j) / S. */
static float categorical_row_of_probabilities(const dlcore_loss_pass_t *pass, size_t row)
{
    const dlcore_kernels_t *kernels = pass->kernels;
    const dlcore_matrix_t *y = pass->y;
    const float *t = dlcore_loss_targets(pass, row);
    size_t panels = dlcore_matrix_panels(y);
    float total = 0.0f, loss = 0.0f, inner = 0.0f, part;

    for (size_t p = 0; p < panels; p++)
        total += kernels->sum(dlcore_matrix_at(y, row, p), dlcore_matrix_panel_columns(y, p));
    for (size_t p = 0; p < panels; p++) {
        float *dy = pass->gradient ? dlcore_matrix_at(pass->dy, row, p) : NULL;
        loss += pass->training_kernels->categorical_crossentropy(
            dlcore_matrix_at(y, row, p), t + p * y->panel, dy, dlcore_matrix_panel_columns(y, p),
            total, &part);
        inner += part;
    }
    if (pass->gradient) {
        for (size_t p = 0; p < panels; p++)
            kernels->shift_scale(dlcore_matrix_at(pass->dy, row, p),
                                 dlcore_matrix_panel_columns(y, p), inner, pass->weight / total);
    }
    return loss;
}

float dlcore_loss_row_categorical_crossentropy(const dlcore_loss_pass_t *pass, size_t row)
{
    if (pass->output == DLCORE_OUTPUT_PREDICTIONS)
        return categorical_row_of_probabilities(pass, row);
    return categorical_row_of_logits(pass, row);
}

static const dlcore_setting_t categorical_settings[] = {
    {.key = "from_logits", DLCORE_LOSS_SETTING(BOOL, from_logits)},
    {.key = "label_smoothing", DLCORE_LOSS_SETTING(DOUBLE, label_smoothing), .high = 1.0},
    {0},
};

const dlcore_loss_type_t dlcore_loss_type_categorical_crossentropy = {
    .name = "categorical_crossentropy",
    .settings = categorical_settings,
    .labels = DLCORE_LABELS_ONE_HOT,
    .label_range = DLCORE_LABELS_FROM_0,
    .absorbs = DLCORE_ACTIVATION_SOFTMAX,
};

const dlcore_setting_key_t dlcore_categorical_loss_keys[] = {
    {"axis", "[-1, 1]"},
    {0},
};
