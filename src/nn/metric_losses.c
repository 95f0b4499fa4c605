/* Metrics that are the mean of a loss, or its root.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "nn/metric.h"

static double root_of_mean(const dlcore_metric_t *metric, size_t units, const double *state)
{
    (void)metric;
    (void)units;
    return state[1] != 0.0 ? sqrt(state[0] / state[1]) : 0.0;
}

static const dlcore_setting_t logits_settings[] = {
    {.key = "from_logits", DLCORE_METRIC_SETTING(BOOL, from_logits)},
    {0},
};

static const dlcore_setting_t smoothed_settings[] = {
    {.key = "from_logits", DLCORE_METRIC_SETTING(BOOL, from_logits)},
    {.key = "label_smoothing", DLCORE_METRIC_SETTING(DOUBLE, label_smoothing), .high = 1.0},
    {0},
};

const dlcore_metric_type_t dlcore_metric_type_mean_absolute_error = {
    .name = "mean_absolute_error",
    .short_name = "mae",
    .loss = DLCORE_LOSS_MEAN_ABSOLUTE_ERROR,
    .settings = dlcore_no_settings,
};

const dlcore_metric_run_t dlcore_metric_run_mean_absolute_error = {0};

const dlcore_metric_type_t dlcore_metric_type_mean_squared_error = {
    .name = "mean_squared_error",
    .short_name = "mse",
    .loss = DLCORE_LOSS_MEAN_SQUARED_ERROR,
    .settings = dlcore_no_settings,
};

const dlcore_metric_run_t dlcore_metric_run_mean_squared_error = {0};

const dlcore_metric_type_t dlcore_metric_type_mean_absolute_percentage_error = {
    .name = "mean_absolute_percentage_error",
    .short_name = "mape",
    .loss = DLCORE_LOSS_MEAN_ABSOLUTE_PERCENTAGE_ERROR,
    .settings = dlcore_no_settings,
};

const dlcore_metric_run_t dlcore_metric_run_mean_absolute_percentage_error = {0};

const dlcore_metric_type_t dlcore_metric_type_mean_squared_logarithmic_error = {
    .name = "mean_squared_logarithmic_error",
    .short_name = "msle",
    .loss = DLCORE_LOSS_MEAN_SQUARED_LOGARITHMIC_ERROR,
    .settings = dlcore_no_settings,
};

const dlcore_metric_run_t dlcore_metric_run_mean_squared_logarithmic_error = {0};

const dlcore_metric_type_t dlcore_metric_type_log_cosh = {
    .name = "logcosh",
    .short_name = "log_cosh",
    .other_name = "log_cosh_error",
    .class_name = "LogCoshError",
    .loss = DLCORE_LOSS_LOG_COSH,
    .settings = dlcore_no_settings,
};

const dlcore_metric_run_t dlcore_metric_run_log_cosh = {0};

const dlcore_metric_type_t dlcore_metric_type_kl_divergence = {
    .name = "kl_divergence",
    .short_name = "kld",
    .class_name = "KLDivergence",
    .loss = DLCORE_LOSS_KL_DIVERGENCE,
    .settings = dlcore_no_settings,
};

const dlcore_metric_run_t dlcore_metric_run_kl_divergence = {0};

const dlcore_metric_type_t dlcore_metric_type_poisson = {
    .name = "poisson",
    .loss = DLCORE_LOSS_POISSON,
    .settings = dlcore_no_settings,
};

const dlcore_metric_run_t dlcore_metric_run_poisson = {0};

const dlcore_metric_type_t dlcore_metric_type_hinge = {
    .name = "hinge",
    .loss = DLCORE_LOSS_HINGE,
    .settings = dlcore_no_settings,
};

const dlcore_metric_run_t dlcore_metric_run_hinge = {0};

const dlcore_metric_type_t dlcore_metric_type_squared_hinge = {
    .name = "squared_hinge",
    .loss = DLCORE_LOSS_SQUARED_HINGE,
    .settings = dlcore_no_settings,
};

const dlcore_metric_run_t dlcore_metric_run_squared_hinge = {0};

const dlcore_metric_type_t dlcore_metric_type_categorical_hinge = {
    .name = "categorical_hinge",
    .loss = DLCORE_LOSS_CATEGORICAL_HINGE,
    .settings = dlcore_no_settings,
};

const dlcore_metric_run_t dlcore_metric_run_categorical_hinge = {0};

const dlcore_metric_type_t dlcore_metric_type_categorical_crossentropy = {
    .name = "categorical_crossentropy",
    .loss = DLCORE_LOSS_CATEGORICAL_CROSSENTROPY,
    .settings = smoothed_settings,
};

const dlcore_metric_run_t dlcore_metric_run_categorical_crossentropy = {0};

const dlcore_metric_type_t dlcore_metric_type_sparse_categorical_crossentropy = {
    .name = "sparse_categorical_crossentropy",
    .labels = DLCORE_METRIC_LABELS_CLASSES,
    .loss = DLCORE_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY,
    .settings = logits_settings,
};

const dlcore_metric_run_t dlcore_metric_run_sparse_categorical_crossentropy = {0};

const dlcore_metric_type_t dlcore_metric_type_binary_crossentropy = {
    .name = "binary_crossentropy",
    .short_name = "bce",
    .loss = DLCORE_LOSS_BINARY_CROSSENTROPY,
    .settings = smoothed_settings,
};

const dlcore_metric_run_t dlcore_metric_run_binary_crossentropy = {0};

const dlcore_metric_type_t dlcore_metric_type_root_mean_squared_error = {
    .name = "root_mean_squared_error",
    .loss = DLCORE_LOSS_MEAN_SQUARED_ERROR,
    .settings = dlcore_no_settings,
};

const dlcore_metric_run_t dlcore_metric_run_root_mean_squared_error = {
    .result = root_of_mean,
};

const dlcore_setting_key_t dlcore_entropy_keys[] = {
    {"axis", "[-1, 1]"},
    {"ignore_class", "[null]"},
    {0},
};
