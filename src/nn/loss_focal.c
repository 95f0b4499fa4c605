/* Focal crossentropies: crossentropies in which what is nearly right counts for little.
 *
 * Binary, the mean over units of q^gamma times the crossentropy, q = t (1 - p) + (1 - t) p. After a
 * sigmoid it is computed from the logits, as Keras on TensorFlow does. Categorical,
 * -sum_c alpha t_c (1 - p_c)^gamma log p_c; Keras goes back to no logits there, and so after a
 * softmax its probabilities are clipped. keras/src/losses/losses.py; Lin et al., Focal Loss for
 * Dense Object Detection, 2017. The formulas of slopes: kernels/kernels_focal_template.h.
 *
 * SPDX-License-Identifier: MIT */
#include <float.h>
#include <math.h>
#include <string.h>

#include "nn/loss.h"
#include "nn/softmax.h"

#define MULTIPLIED_OUT 8 /* powers up to this one are products */

static dlcore_focal_t focal_of(const dlcore_loss_t *loss)
{
    double gamma = loss->gamma;
    bool whole = gamma <= MULTIPLIED_OUT && gamma == floor(gamma);

    return (dlcore_focal_t){.gamma = (float)gamma,
                            .whole = whole ? (int)gamma : -1,
                            .alpha = (float)loss->alpha,
                            .balances = loss->apply_class_balancing};
}

/* ---- binary ---- */

float dlcore_loss_row_binary_focal_crossentropy(const dlcore_loss_pass_t *pass, size_t row)
{
    const dlcore_kernels_t *kernels = pass->kernels;
    const dlcore_matrix_t *y = pass->y;
    const float *t = dlcore_loss_targets(pass, row);
    dlcore_focal_t focal = focal_of(pass->loss);
    float weight = pass->weight / (float)y->columns, total = 0.0f;

    for (size_t p = 0; p < dlcore_matrix_panels(y); p++) {
        float *x = dlcore_matrix_at(y, row, p);
        float *dy = pass->gradient ? dlcore_matrix_at(pass->dy, row, p) : NULL;
        size_t n = dlcore_matrix_panel_columns(y, p);

        if (pass->output == DLCORE_OUTPUT_PREDICTIONS)
            total += pass->training_kernels->rare->binary_focal(x, t + p * y->panel, dy, n, weight,
                                                                &focal);
        else
            total += pass->training_kernels->rare->binary_focal_logits(x, t + p * y->panel, dy, n,
                                                                       weight, &focal);
        if (pass->output == DLCORE_OUTPUT_FUSED)
            kernels->sigmoid(x, n);
    }
    return total / (float)y->columns;
}

/* ---- categorical ---- */

/* As categorical_crossentropy: divided by their sum, clipped. */
static float focal_row_of_probabilities(const dlcore_loss_pass_t *pass, size_t row,
                                        const dlcore_focal_t *focal)
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
        loss += pass->training_kernels->rare->categorical_focal(
            dlcore_matrix_at(y, row, p), t + p * y->panel, dy, dlcore_matrix_panel_columns(y, p),
            total, focal, &part);
        inner += part;
    }
    for (size_t p = 0; pass->gradient && p < panels; p++)
        kernels->shift_scale(dlcore_matrix_at(pass->dy, row, p), dlcore_matrix_panel_columns(y, p),
                             inner, pass->weight / total);
    return loss;
}

static float focal_row_of_logits(const dlcore_loss_pass_t *pass, size_t row,
                                 const dlcore_focal_t *focal)
{
    const dlcore_kernels_t *kernels = pass->kernels;
    const dlcore_matrix_t *y = pass->y;
    dlcore_matrix_t *q = pass->dy;
    const float *t = dlcore_loss_targets(pass, row);
    size_t panels = dlcore_matrix_panels(y);
    float shift, log_sum, loss = 0.0f, inner = 0.0f, part;

    for (size_t p = 0; p < panels; p++)
        memcpy(dlcore_matrix_at(q, row, p), dlcore_matrix_at(y, row, p),
               dlcore_matrix_panel_columns(y, p) * sizeof(float));
    shift = dlcore_softmax_center_row(kernels, q, row);
    log_sum = dlcore_softmax_row(kernels, q, row);
    for (size_t p = 0; p < panels; p++) {
        loss += pass->training_kernels->rare->focal_of_logits(
            dlcore_matrix_at(q, row, p), dlcore_matrix_at(y, row, p), t + p * y->panel,
            dlcore_matrix_panel_columns(y, p), shift, log_sum, focal, &part);
        inner += part;
    }
    for (size_t p = 0; pass->gradient && p < panels; p++)
        pass->training_kernels->rare->focal_gradient(
            dlcore_matrix_at(q, row, p), dlcore_matrix_at(y, row, p), t + p * y->panel,
            dlcore_matrix_panel_columns(y, p), shift, log_sum, focal, inner, pass->weight);
    return loss;
}

float dlcore_loss_row_categorical_focal_crossentropy(const dlcore_loss_pass_t *pass, size_t row)
{
    dlcore_focal_t focal = focal_of(pass->loss);

    if (pass->output == DLCORE_OUTPUT_PREDICTIONS)
        return focal_row_of_probabilities(pass, row, &focal);
    return focal_row_of_logits(pass, row, &focal);
}

/* ---- settings ---- */

#define FOCAL_GAMMA                                                                       \
    {                                                                                     \
        .key = "gamma", DLCORE_LOSS_SETTING(DOUBLE, gamma), .high = FLT_MAX, .value = 2.0 \
    }

static const dlcore_setting_t binary_focal_settings[] = {
    {.key = "from_logits", DLCORE_LOSS_SETTING(BOOL, from_logits)},
    {.key = "label_smoothing", DLCORE_LOSS_SETTING(DOUBLE, label_smoothing), .high = 1.0},
    {.key = "apply_class_balancing", DLCORE_LOSS_SETTING(BOOL, apply_class_balancing)},
    {.key = "alpha", DLCORE_LOSS_SETTING(DOUBLE, alpha), .high = 1.0, .value = 0.25},
    FOCAL_GAMMA,
    {0},
};

const dlcore_loss_type_t dlcore_loss_type_binary_focal_crossentropy = {
    .name = "binary_focal_crossentropy",
    .elements = true,
    .settings = binary_focal_settings,
    .labels = DLCORE_LABELS_VALUES,
    .label_range = DLCORE_LABELS_0_TO_1,
    .absorbs = DLCORE_ACTIVATION_SIGMOID,
    .keeps_logits = true,
};

static const dlcore_setting_t categorical_focal_settings[] = {
    {.key = "from_logits", DLCORE_LOSS_SETTING(BOOL, from_logits)},
    {.key = "label_smoothing", DLCORE_LOSS_SETTING(DOUBLE, label_smoothing), .high = 1.0},
    {.key = "alpha", DLCORE_LOSS_SETTING(DOUBLE, alpha), .high = FLT_MAX, .value = 0.25},
    FOCAL_GAMMA,
    {0},
};

const dlcore_loss_type_t dlcore_loss_type_categorical_focal_crossentropy = {
    .name = "categorical_focal_crossentropy",
    .settings = categorical_focal_settings,
    .labels = DLCORE_LABELS_ONE_HOT,
    .label_range = DLCORE_LABELS_FROM_0,
    .absorbs = DLCORE_ACTIVATION_LINEAR,
};

const dlcore_setting_key_t dlcore_focal_loss_keys[] = {
    {"axis", "[-1, 1]"},
    {0},
};
