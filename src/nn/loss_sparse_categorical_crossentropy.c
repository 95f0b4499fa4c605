/* Categorical cross-entropy of integer labels: -log p_t.
 *
 * With softmax, from logits x: log sum_j exp(x_j) - x_t, gradient p - [c = t]. From probabilities,
 * as Keras on TensorFlow: clipped, c = clip(p), then -log(c_t / sum_j c_j).
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "nn/loss.h"
#include "nn/softmax.h"

static float *loss_element(const dlcore_matrix_t *m, size_t row, size_t column)
{
    return dlcore_matrix_at(m, row, column / m->panel) + column % m->panel;
}

static float sparse_row_of_logits(const dlcore_loss_pass_t *pass, size_t row)
{
    dlcore_matrix_t *y = pass->y;
    size_t label = (size_t)pass->labels->classes[row];
    dlcore_matrix_t *softmax = y;
    float log_sum, logit;

    if (pass->output == DLCORE_OUTPUT_LOGITS) { /* y stays: work in dy */
        softmax = pass->dy;
        for (size_t p = 0; p < dlcore_matrix_panels(y); p++)
            memcpy(dlcore_matrix_at(softmax, row, p), dlcore_matrix_at(y, row, p),
                   dlcore_matrix_panel_columns(y, p) * sizeof(float));
    }
    (void)dlcore_softmax_center_row(pass->kernels, softmax, row);
    logit = *loss_element(softmax, row, label);
    log_sum = dlcore_softmax_row(pass->kernels, softmax, row);
    if (pass->gradient) {
        for (size_t p = 0; p < dlcore_matrix_panels(y); p++)
            pass->kernels->affine(dlcore_matrix_at(softmax, row, p),
                                  dlcore_matrix_at(pass->dy, row, p),
                                  dlcore_matrix_panel_columns(y, p), pass->weight, 0.0f);
        *loss_element(pass->dy, row, label) -= pass->weight;
    }
    return log_sum - logit;
}

static float sparse_row_of_probabilities(const dlcore_loss_pass_t *pass, size_t row)
{
    const dlcore_kernels_t *kernels = pass->kernels;
    const dlcore_matrix_t *y = pass->y;
    size_t label = (size_t)pass->labels->classes[row];
    float *probability = loss_element(y, row, label);
    float total = 0.0f, clipped;

    for (size_t p = 0; p < dlcore_matrix_panels(y); p++)
        total += pass->training_kernels->clipped_sum(
            dlcore_matrix_at(y, row, p), pass->gradient ? dlcore_matrix_at(pass->dy, row, p) : NULL,
            dlcore_matrix_panel_columns(y, p));
    clipped = pass->training_kernels->clipped_sum(probability, NULL, 1);
    if (pass->gradient) {
        /* dy holds 1 where p was not clipped: d/dp_c = [inside] (1 / S - [c = t] / p_t) */
        float inside = *loss_element(pass->dy, row, label);
        for (size_t p = 0; p < dlcore_matrix_panels(y); p++)
            kernels->scale(dlcore_matrix_at(pass->dy, row, p), dlcore_matrix_panel_columns(y, p),
                           pass->weight / total);
        *loss_element(pass->dy, row, label) -= inside * pass->weight / clipped;
    }
    return logf(total) - logf(clipped);
}

/* A label that was changed, by a callback say, since labels were checked. */
static float row_of_bad_label(const dlcore_loss_pass_t *pass, size_t row)
{
    for (size_t p = 0; pass->gradient && p < dlcore_matrix_panels(pass->dy); p++)
        memset(dlcore_matrix_at(pass->dy, row, p), 0, pass->dy->panel * sizeof(float));
    return NAN;
}

float dlcore_loss_row_sparse_categorical_crossentropy(const dlcore_loss_pass_t *pass, size_t row)
{
    if ((size_t)pass->labels->classes[row] >= pass->y->columns)
        return row_of_bad_label(pass, row);
    if (pass->output == DLCORE_OUTPUT_PREDICTIONS)
        return sparse_row_of_probabilities(pass, row);
    return sparse_row_of_logits(pass, row);
}

static const dlcore_setting_t sparse_categorical_settings[] = {
    {.key = "from_logits", DLCORE_LOSS_SETTING(BOOL, from_logits)},
    {.key = "ignore_class",
     DLCORE_LOSS_SETTING(INT, ignore_class),
     .value = -1.0,
     .switch_place = offsetof(dlcore_loss_t, ignores_class),
     .quiet = true},
    {0},
};

const dlcore_loss_type_t dlcore_loss_type_sparse_categorical_crossentropy = {
    .name = "sparse_categorical_crossentropy",
    .settings = sparse_categorical_settings,
    .labels = DLCORE_LABELS_CLASSES,
    .absorbs = DLCORE_ACTIVATION_SOFTMAX,
};

const dlcore_setting_key_t dlcore_sparse_loss_keys[] = {
    {"axis", "[-1, 1]"},
    {0},
};
