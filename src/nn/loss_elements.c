/* Losses that are a mean, or a sum, over units of a function of one prediction and one label.
 *
 * The functions and their slopes are kernels (kernels/kernels_training.h); dlcore/loss.h has the
 * formulas.
 *
 * SPDX-License-Identifier: MIT */
#include <float.h>

#include "nn/loss.h"

static float elements_loss_row(const dlcore_loss_pass_t *pass, size_t row,
                               dlcore_element_loss_t loss, float share)
{
    const dlcore_matrix_t *y = pass->y;
    const float *t = dlcore_loss_targets(pass, row);
    float setting =
        loss == DLCORE_ELEMENT_QUANTILE ? (float)pass->loss->quantile : (float)pass->loss->delta;
    float total = 0.0f;

    for (size_t p = 0; p < dlcore_matrix_panels(y); p++)
        total += pass->training_kernels->rare->element_loss[loss](
            dlcore_matrix_at(y, row, p), t + p * y->panel,
            pass->gradient ? dlcore_matrix_at(pass->dy, row, p) : NULL,
            dlcore_matrix_panel_columns(y, p), pass->weight * share, setting);
    return total;
}

static float mean_of(const dlcore_loss_pass_t *pass, size_t row, dlcore_element_loss_t loss)
{
    float units = (float)pass->y->columns;
    return elements_loss_row(pass, row, loss, 1.0f / units) / units;
}

float dlcore_loss_row_mean_absolute_error(const dlcore_loss_pass_t *pass, size_t row)
{
    return mean_of(pass, row, DLCORE_ELEMENT_ABSOLUTE_ERROR);
}

float dlcore_loss_row_mean_absolute_percentage_error(const dlcore_loss_pass_t *pass, size_t row)
{
    return mean_of(pass, row, DLCORE_ELEMENT_ABSOLUTE_PERCENTAGE_ERROR);
}

float dlcore_loss_row_mean_squared_logarithmic_error(const dlcore_loss_pass_t *pass, size_t row)
{
    return mean_of(pass, row, DLCORE_ELEMENT_SQUARED_LOGARITHMIC_ERROR);
}

float dlcore_loss_row_huber(const dlcore_loss_pass_t *pass, size_t row)
{
    return mean_of(pass, row, DLCORE_ELEMENT_HUBER);
}

float dlcore_loss_row_quantile(const dlcore_loss_pass_t *pass, size_t row)
{
    return mean_of(pass, row, DLCORE_ELEMENT_QUANTILE);
}

float dlcore_loss_row_log_cosh(const dlcore_loss_pass_t *pass, size_t row)
{
    return mean_of(pass, row, DLCORE_ELEMENT_LOG_COSH);
}

float dlcore_loss_row_kl_divergence(const dlcore_loss_pass_t *pass, size_t row)
{
    return elements_loss_row(pass, row, DLCORE_ELEMENT_KL_DIVERGENCE, 1.0f);
}

float dlcore_loss_row_poisson(const dlcore_loss_pass_t *pass, size_t row)
{
    return mean_of(pass, row, DLCORE_ELEMENT_POISSON);
}

float dlcore_loss_row_hinge(const dlcore_loss_pass_t *pass, size_t row)
{
    return mean_of(pass, row, DLCORE_ELEMENT_HINGE);
}

float dlcore_loss_row_squared_hinge(const dlcore_loss_pass_t *pass, size_t row)
{
    return mean_of(pass, row, DLCORE_ELEMENT_SQUARED_HINGE);
}

const dlcore_loss_type_t dlcore_loss_type_mean_absolute_error = {
    .name = "mean_absolute_error",
    .elements = true,
    .short_name = "mae",
    .settings = dlcore_no_settings,
    .labels = DLCORE_LABELS_VALUES,
    .absorbs = DLCORE_ACTIVATION_LINEAR,
};

const dlcore_loss_type_t dlcore_loss_type_mean_absolute_percentage_error = {
    .name = "mean_absolute_percentage_error",
    .elements = true,
    .short_name = "mape",
    .settings = dlcore_no_settings,
    .labels = DLCORE_LABELS_VALUES,
    .absorbs = DLCORE_ACTIVATION_LINEAR,
};

const dlcore_loss_type_t dlcore_loss_type_mean_squared_logarithmic_error = {
    .name = "mean_squared_logarithmic_error",
    .elements = true,
    .short_name = "msle",
    .settings = dlcore_no_settings,
    .labels = DLCORE_LABELS_VALUES,
    .label_range = DLCORE_LABELS_FROM_0,
    .absorbs = DLCORE_ACTIVATION_LINEAR,
};

static const dlcore_setting_t huber_settings[] = {
    {.key = "delta",
     DLCORE_LOSS_SETTING(DOUBLE, delta),
     .low = FLT_MIN,
     .high = FLT_MAX,
     .value = 1.0},
    {0},
};

const dlcore_loss_type_t dlcore_loss_type_huber = {
    .name = "huber",
    .elements = true,
    .short_name = "huber_loss",
    .settings = huber_settings,
    .labels = DLCORE_LABELS_VALUES,
    .absorbs = DLCORE_ACTIVATION_LINEAR,
};

static const dlcore_setting_t quantile_settings[] = {
    {.key = "quantile",
     DLCORE_LOSS_SETTING(DOUBLE, quantile),
     .low = FLT_MIN,
     .high = 1.0,
     .below = true,
     .value = 0.5},
    {0},
};

const dlcore_loss_type_t dlcore_loss_type_quantile = {
    .name = "quantile",
    .elements = true,
    .not_in_keras = true,
    .short_name = "pinball",
    .settings = quantile_settings,
    .labels = DLCORE_LABELS_VALUES,
    .absorbs = DLCORE_ACTIVATION_LINEAR,
};

const dlcore_loss_type_t dlcore_loss_type_log_cosh = {
    .name = "log_cosh",
    .elements = true,
    .short_name = "logcosh",
    .settings = dlcore_no_settings,
    .labels = DLCORE_LABELS_VALUES,
    .absorbs = DLCORE_ACTIVATION_LINEAR,
};

const dlcore_loss_type_t dlcore_loss_type_kl_divergence = {
    .name = "kl_divergence",
    .short_name = "kld",
    .other_name = "kullback_leibler_divergence",
    .class_name = "KLDivergence",
    .settings = dlcore_no_settings,
    .labels = DLCORE_LABELS_ONE_HOT,
    .label_range = DLCORE_LABELS_0_TO_1,
    .absorbs = DLCORE_ACTIVATION_LINEAR,
};

const dlcore_loss_type_t dlcore_loss_type_poisson = {
    .name = "poisson",
    .elements = true,
    .settings = dlcore_no_settings,
    .labels = DLCORE_LABELS_VALUES,
    .label_range = DLCORE_LABELS_FROM_0,
    .absorbs = DLCORE_ACTIVATION_LINEAR,
};

const dlcore_loss_type_t dlcore_loss_type_hinge = {
    .name = "hinge",
    .settings = dlcore_no_settings,
    .labels = DLCORE_LABELS_VALUES,
    .label_range = DLCORE_LABELS_MINUS_1_TO_1,
    .absorbs = DLCORE_ACTIVATION_LINEAR,
    .signs = true,
};

const dlcore_loss_type_t dlcore_loss_type_squared_hinge = {
    .name = "squared_hinge",
    .settings = dlcore_no_settings,
    .labels = DLCORE_LABELS_VALUES,
    .label_range = DLCORE_LABELS_MINUS_1_TO_1,
    .absorbs = DLCORE_ACTIVATION_LINEAR,
    .signs = true,
};
