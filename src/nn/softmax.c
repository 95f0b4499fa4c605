/* Softmax and its logarithm over the rows of a matrix.
 *
 * SPDX-License-Identifier: MIT */
#include "nn/softmax.h"

#include <math.h>

#include "nn/sparsemax.h"

static float largest_of_row(const dlcore_kernels_t *kernels, const dlcore_matrix_t *m, size_t row)
{
    float found = -HUGE_VALF;

    for (size_t p = 0; p < dlcore_matrix_panels(m); p++) {
        float largest =
            kernels->maximum(dlcore_matrix_at(m, row, p), dlcore_matrix_panel_columns(m, p));
        found = largest > found ? largest : found;
    }
    return found;
}

float dlcore_softmax_center_row(const dlcore_kernels_t *kernels, const dlcore_matrix_t *m,
                                size_t row)
{
    float shift = largest_of_row(kernels, m, row);

    for (size_t p = 0; p < dlcore_matrix_panels(m); p++)
        kernels->shift_scale(dlcore_matrix_at(m, row, p), dlcore_matrix_panel_columns(m, p), shift,
                             1.0f);
    return shift;
}

float dlcore_softmax_row(const dlcore_kernels_t *kernels, const dlcore_matrix_t *m, size_t row)
{
    size_t panels = dlcore_matrix_panels(m);
    float shift, total = 0.0f, log_sum;

    if (panels == 1) {
        kernels->softmax(dlcore_matrix_at(m, row, 0), m->columns, &log_sum);
        return log_sum;
    }
    shift = largest_of_row(kernels, m, row);
    for (size_t p = 0; p < panels; p++)
        total +=
            kernels->exp_sum(dlcore_matrix_at(m, row, p), dlcore_matrix_panel_columns(m, p), shift);
    for (size_t p = 0; p < panels; p++)
        kernels->scale(dlcore_matrix_at(m, row, p), dlcore_matrix_panel_columns(m, p),
                       1.0f / total);
    return shift + logf(total);
}

void dlcore_softmax_gradient_row(const dlcore_training_kernels_t *kernels, const dlcore_matrix_t *y,
                                 dlcore_matrix_t *dy, size_t row)
{
    size_t panels = dlcore_matrix_panels(y);
    float inner = 0.0f;

    for (size_t p = 0; p < panels; p++)
        inner += kernels->plain->dot(dlcore_matrix_at(y, row, p), dlcore_matrix_at(dy, row, p),
                                     dlcore_matrix_panel_columns(y, p));
    for (size_t p = 0; p < panels; p++) {
        size_t n = dlcore_matrix_panel_columns(y, p);
        kernels->plain->shift_scale(dlcore_matrix_at(dy, row, p), n, inner, 1.0f);
        kernels->plain->multiply(dlcore_matrix_at(dy, row, p), dlcore_matrix_at(y, row, p), n);
    }
}

static void log_softmax_row(const dlcore_kernels_t *kernels, const dlcore_matrix_t *m, size_t row)
{
    float total = 0.0f, shift;

    (void)dlcore_softmax_center_row(kernels, m, row);
    for (size_t p = 0; p < dlcore_matrix_panels(m); p++)
        total += kernels->exp_total(dlcore_matrix_at(m, row, p), dlcore_matrix_panel_columns(m, p));
    shift = logf(total);
    for (size_t p = 0; p < dlcore_matrix_panels(m); p++)
        kernels->shift_scale(dlcore_matrix_at(m, row, p), dlcore_matrix_panel_columns(m, p), shift,
                             1.0f);
}

static void log_softmax_gradient_row(const dlcore_training_kernels_t *kernels,
                                     const dlcore_matrix_t *y, dlcore_matrix_t *dy, size_t row)
{
    float total = 0.0f;

    for (size_t p = 0; p < dlcore_matrix_panels(y); p++)
        total +=
            kernels->plain->sum(dlcore_matrix_at(dy, row, p), dlcore_matrix_panel_columns(y, p));
    for (size_t p = 0; p < dlcore_matrix_panels(y); p++)
        kernels->subtract_exp(dlcore_matrix_at(y, row, p), dlcore_matrix_at(dy, row, p),
                              dlcore_matrix_panel_columns(y, p), total);
}

void dlcore_softmax_rows(const dlcore_kernels_t *kernels, dlcore_activation_t kind,
                         const dlcore_matrix_t *m, size_t begin, size_t end)
{
    for (size_t r = begin; r < end; r++) {
        if (kind == DLCORE_ACTIVATION_SOFTMAX)
            dlcore_softmax_row(kernels, m, r);
        else if (kind == DLCORE_ACTIVATION_LOG_SOFTMAX)
            log_softmax_row(kernels, m, r);
        else
            dlcore_sparsemax_row(kind, m, r, largest_of_row(kernels, m, r));
    }
}

void dlcore_softmax_gradient_rows(const dlcore_training_kernels_t *kernels,
                                  dlcore_activation_t kind, const dlcore_matrix_t *from,
                                  dlcore_matrix_t *dy, size_t begin, size_t end)
{
    for (size_t r = begin; r < end; r++) {
        if (kind == DLCORE_ACTIVATION_SOFTMAX)
            dlcore_softmax_gradient_row(kernels, from, dy, r);
        else if (kind == DLCORE_ACTIVATION_LOG_SOFTMAX)
            log_softmax_gradient_row(kernels, from, dy, r);
        else if (kind == DLCORE_ACTIVATION_SPARSEMAX)
            dlcore_sparsemax_gradient_row(from, dy, r);
        else
            dlcore_sparsemax_keras_gradient_row(from, dy, r,
                                                largest_of_row(kernels->plain, from, r));
    }
}
