/* Metrics that are means of what each row has: accuracies and cosine similarity.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "nn/metric.h"

#define LEAST_NORM 1e-7 /* Keras's backend epsilon */

/* The first column of the largest value, NaN skipped unless it is the first, as tf.argmax. */
static size_t argmax_row(const dlcore_matrix_t *m, size_t row)
{
    float largest = *dlcore_matrix_at(m, row, 0);
    size_t best = 0;

    for (size_t p = 0; p < dlcore_matrix_panels(m); p++) {
        const float *x = dlcore_matrix_at(m, row, p);
        for (size_t i = 0; i < dlcore_matrix_panel_columns(m, p); i++) {
            if (x[i] > largest) {
                largest = x[i];
                best = p * m->panel + i;
            }
        }
    }
    return best;
}

static const float *labels_of(const dlcore_metric_pass_t *pass, size_t row)
{
    return pass->labels->values + row * pass->labels->width;
}

/* The class of one-hot labels. */
static size_t class_of_row(const dlcore_metric_pass_t *pass, size_t row)
{
    const float *t = labels_of(pass, row);
    size_t label = 0;

    for (size_t i = 1; i < pass->labels->width; i++) {
        if (t[i] > t[label])
            label = i;
    }
    return label;
}

static float categorical_accuracy_row(const dlcore_metric_pass_t *pass, size_t row)
{
    return argmax_row(pass->y, row) == class_of_row(pass, row) ? 1.0f : 0.0f;
}

static float sparse_categorical_accuracy_row(const dlcore_metric_pass_t *pass, size_t row)
{
    return argmax_row(pass->y, row) == (size_t)pass->labels->classes[row] ? 1.0f : 0.0f;
}

/* The mean over units of whether y_true == (y_pred > threshold). */
static float binary_accuracy_row(const dlcore_metric_pass_t *pass, size_t row)
{
    const dlcore_matrix_t *y = pass->y;
    float threshold = (float)pass->metric->threshold;
    size_t right = 0;

    for (size_t p = 0; p < dlcore_matrix_panels(y); p++) {
        const float *x = dlcore_matrix_at(y, row, p);
        for (size_t i = 0; i < dlcore_matrix_panel_columns(y, p); i++) {
            float t = dlcore_metric_label(pass, row, p * y->panel + i);
            right += t == (x[i] > threshold ? 1.0f : 0.0f);
        }
    }
    return (float)right / (float)y->columns;
}

/* The mean over units of whether y_true == y_pred. */
static float equal_accuracy_row(const dlcore_metric_pass_t *pass, size_t row)
{
    size_t units = pass->y->columns, right = 0;

    for (size_t u = 0; u < units; u++)
        right += dlcore_metric_label(pass, row, u) == dlcore_metric_prediction(pass, row, u);
    return (float)right / (float)units;
}

/* tf.math.in_top_k: classes that tie at the edge are all in; nothing is when an output is not
 * finite. */
static float in_top_k(const dlcore_metric_pass_t *pass, size_t row, size_t label)
{
    const dlcore_matrix_t *y = pass->y;
    size_t larger = 0;
    float own;

    if (label >= y->columns)
        return 0.0f;
    own = dlcore_metric_prediction(pass, row, label);
    for (size_t p = 0; p < dlcore_matrix_panels(y); p++) {
        const float *x = dlcore_matrix_at(y, row, p);
        for (size_t i = 0; i < dlcore_matrix_panel_columns(y, p); i++) {
            if (!isfinite(x[i]))
                return 0.0f;
            larger += x[i] > own;
        }
    }
    return larger < pass->metric->top_k ? 1.0f : 0.0f;
}

static float top_k_row(const dlcore_metric_pass_t *pass, size_t row)
{
    return in_top_k(pass, row, class_of_row(pass, row));
}

static float sparse_top_k_row(const dlcore_metric_pass_t *pass, size_t row)
{
    return in_top_k(pass, row, (size_t)pass->labels->classes[row]);
}

static double inverse_norm(double squares)
{
    return fmin(1.0 / sqrt(squares), 1.0 / LEAST_NORM);
}

/* In double, where squares neither overflow nor, for vectors that are nearly at right angles, leave
 * more of their rounding than there is of the product. */
static float cosine_row(const dlcore_metric_pass_t *pass, size_t row)
{
    const dlcore_matrix_t *y = pass->y;
    double product = 0.0, squares = 0.0, label_squares = 0.0;

    for (size_t p = 0; p < dlcore_matrix_panels(y); p++) {
        const float *x = dlcore_matrix_at(y, row, p), *t = labels_of(pass, row) + p * y->panel;

        for (size_t i = 0; i < dlcore_matrix_panel_columns(y, p); i++) {
            product += (double)x[i] * (double)t[i];
            squares += (double)x[i] * (double)x[i];
            label_squares += (double)t[i] * (double)t[i];
        }
    }
    return (float)(product * inverse_norm(squares) * inverse_norm(label_squares));
}

static const dlcore_setting_t threshold_settings[] = {
    {.key = "threshold", DLCORE_METRIC_SETTING(DOUBLE, threshold), .high = 1.0, .value = 0.5},
    {0},
};

static const dlcore_setting_t top_k_settings[] = {
    {.key = "k",
     .field = "top_k",
     DLCORE_METRIC_SETTING(SIZE, top_k),
     .low = 1,
     .value = 5,
     .own = true},
    {0},
};

const dlcore_metric_type_t dlcore_metric_type_accuracy = {
    .name = "accuracy",
    .short_name = "acc",
    .rises = true,
    .settings = threshold_settings,
};

const dlcore_metric_run_t dlcore_metric_run_accuracy = {0};

const dlcore_metric_type_t dlcore_metric_type_categorical_accuracy = {
    .name = "categorical_accuracy",
    .rises = true,
    .settings = dlcore_no_settings,
};

const dlcore_metric_run_t dlcore_metric_run_categorical_accuracy = {
    .row = categorical_accuracy_row,
};

const dlcore_metric_type_t dlcore_metric_type_sparse_categorical_accuracy = {
    .name = "sparse_categorical_accuracy",
    .labels = DLCORE_METRIC_LABELS_CLASSES,
    .rises = true,
    .settings = dlcore_no_settings,
};

const dlcore_metric_run_t dlcore_metric_run_sparse_categorical_accuracy = {
    .row = sparse_categorical_accuracy_row,
};

const dlcore_metric_type_t dlcore_metric_type_binary_accuracy = {
    .name = "binary_accuracy",
    .labels = DLCORE_METRIC_LABELS_BITS,
    .rises = true,
    .settings = threshold_settings,
};

const dlcore_metric_run_t dlcore_metric_run_binary_accuracy = {
    .row = binary_accuracy_row,
};

const dlcore_metric_type_t dlcore_metric_type_equal_accuracy = {
    .name = "equal_accuracy",
    .class_name = "Accuracy",
    .labels = DLCORE_METRIC_LABELS_BITS,
    .rises = true,
    .settings = dlcore_no_settings,
};

const dlcore_metric_run_t dlcore_metric_run_equal_accuracy = {
    .row = equal_accuracy_row,
};

const dlcore_metric_type_t dlcore_metric_type_top_k_categorical_accuracy = {
    .name = "top_k_categorical_accuracy",
    .rises = true,
    .settings = top_k_settings,
};

const dlcore_metric_run_t dlcore_metric_run_top_k_categorical_accuracy = {
    .row = top_k_row,
};

const dlcore_metric_type_t dlcore_metric_type_sparse_top_k_categorical_accuracy = {
    .name = "sparse_top_k_categorical_accuracy",
    .labels = DLCORE_METRIC_LABELS_CLASSES,
    .rises = true,
    .settings = top_k_settings,
};

const dlcore_metric_run_t dlcore_metric_run_sparse_top_k_categorical_accuracy = {
    .row = sparse_top_k_row,
};

const dlcore_metric_type_t dlcore_metric_type_cosine_similarity = {
    .name = "cosine_similarity",
    .rises = true,
    .settings = dlcore_no_settings,
};

const dlcore_metric_run_t dlcore_metric_run_cosine_similarity = {
    .row = cosine_row,
};

const dlcore_setting_key_t dlcore_top_k_keys[] = {{"from_sorted_ids", "[false]"}, {0}};

const dlcore_setting_key_t dlcore_cosine_similarity_keys[] = {{"axis", "[-1, 1]"}, {0}};
