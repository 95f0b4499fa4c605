/* Losses of how far labels and predictions overlap: dice and tversky.
 *
 * With the sums I of t p, T of t and P of p, the overlap is n I / D, where
 *
 *   dice:     n = 2, D = T + P + epsilon
 *   tversky:  n = 1, D = I + alpha (T - I) + beta (P - I) + epsilon
 *
 * and the loss 1 less that. (What Keras's tversky calls fp is T - I, the false negatives.) Sums go
 * over the whole batch, or with per_sample over a row.
 *
 * SPDX-License-Identifier: MIT */
#include <float.h>

#include "nn/loss.h"

#define OVERLAP_EPSILON ((double)1e-7f) /* Keras's backend epsilon */

/* n, and D = of_both I + of_labels T + of_predictions P + epsilon */
typedef struct overlap_ratio {
    double times, of_both, of_labels, of_predictions;
} overlap_ratio_t;

void dlcore_loss_add_overlap(const dlcore_loss_pass_t *pass, size_t row, dlcore_overlap_t *overlap)
{
    const dlcore_kernels_t *kernels = pass->kernels;
    const dlcore_matrix_t *y = pass->y;
    const float *t = dlcore_loss_targets(pass, row);

    for (size_t p = 0; p < dlcore_matrix_panels(y); p++) {
        const float *x = dlcore_matrix_at(y, row, p);
        size_t n = dlcore_matrix_panel_columns(y, p);

        overlap->both += (double)kernels->dot(x, t + p * y->panel, n);
        overlap->labels += (double)kernels->sum(t + p * y->panel, n);
        overlap->predictions += (double)kernels->sum(x, n);
    }
}

static float overlap_row(const dlcore_loss_pass_t *pass, size_t row, const overlap_ratio_t *ratio)
{
    const dlcore_matrix_t *y = pass->y;
    const float *t = dlcore_loss_targets(pass, row);
    dlcore_overlap_t sums = pass->overlap;
    double whole, weight = (double)pass->weight * ratio->times, slope, offset;

    if (pass->loss->per_sample) {
        sums = (dlcore_overlap_t){0};
        dlcore_loss_add_overlap(pass, row, &sums);
    }
    whole = ratio->of_both * sums.both + ratio->of_labels * sums.labels +
            ratio->of_predictions * sums.predictions + OVERLAP_EPSILON;
    slope = -weight * (whole - ratio->of_both * sums.both) / (whole * whole);
    offset = weight * ratio->of_predictions * sums.both / (whole * whole);
    for (size_t p = 0; pass->gradient && p < dlcore_matrix_panels(y); p++)
        pass->kernels->affine(t + p * y->panel, dlcore_matrix_at(pass->dy, row, p),
                              dlcore_matrix_panel_columns(y, p), (float)slope, (float)offset);
    return (float)(1.0 - ratio->times * sums.both / whole);
}

float dlcore_loss_row_dice(const dlcore_loss_pass_t *pass, size_t row)
{
    return overlap_row(pass, row,
                       &(overlap_ratio_t){.times = 2.0, .of_labels = 1.0, .of_predictions = 1.0});
}

float dlcore_loss_row_tversky(const dlcore_loss_pass_t *pass, size_t row)
{
    double alpha = pass->loss->alpha, beta = pass->loss->beta;

    return overlap_row(pass, row,
                       &(overlap_ratio_t){.times = 1.0,
                                          .of_both = 1.0 - alpha - beta,
                                          .of_labels = alpha,
                                          .of_predictions = beta});
}

static const dlcore_setting_t dice_settings[] = {
    {.key = "axis",
     .field = "per_sample",
     DLCORE_LOSS_SETTING(UNITS_AXIS, per_sample),
     .has_none = true},
    {0},
};

const dlcore_loss_type_t dlcore_loss_type_dice = {
    .name = "dice",
    .settings = dice_settings,
    .labels = DLCORE_LABELS_VALUES,
    .label_range = DLCORE_LABELS_0_TO_1,
    .absorbs = DLCORE_ACTIVATION_LINEAR,
    .overlap = true,
};

static const dlcore_setting_t tversky_settings[] = {
    {.key = "alpha",
     DLCORE_LOSS_SETTING(DOUBLE, alpha),
     .high = FLT_MAX,
     .value = 0.5,
     .own = true},
    {.key = "beta", DLCORE_LOSS_SETTING(DOUBLE, beta), .high = FLT_MAX, .value = 0.5},
    {.key = "axis",
     .field = "per_sample",
     DLCORE_LOSS_SETTING(UNITS_AXIS, per_sample),
     .has_none = true},
    {0},
};

const dlcore_loss_type_t dlcore_loss_type_tversky = {
    .name = "tversky",
    .settings = tversky_settings,
    .labels = DLCORE_LABELS_VALUES,
    .label_range = DLCORE_LABELS_0_TO_1,
    .absorbs = DLCORE_ACTIVATION_LINEAR,
    .overlap = true,
};
