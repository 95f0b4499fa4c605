/* Sparsemax over the rows of a matrix: the point of the probability simplex that is nearest to a
 * row (Martins and Astudillo, "From Softmax to Sparsemax", 2016).
 *
 * y = max(x - tau, 0) with the tau that makes the sum 1. It is found by Michelot's algorithm
 * (1986), which needs no order: the mean of those above the last tau gives the next one, and what
 * falls below never comes back. Where the largest is 0, only what is above -1 can count.
 *
 * SPDX-License-Identifier: MIT */
#include "nn/sparsemax.h"

#include "nn/softmax.h"

/* Adds up those of a row that are above tau, or no number; answers how many these are. */
static size_t sum_above(const dlcore_matrix_t *m, size_t row, double tau, double *sum)
{
    size_t count = 0;

    *sum = 0.0;
    for (size_t p = 0; p < dlcore_matrix_panels(m); p++) {
        const float *x = dlcore_matrix_at(m, row, p);

        for (size_t c = 0; c < dlcore_matrix_panel_columns(m, p); c++) {
            if (!((double)x[c] <= tau)) {
                *sum += (double)x[c];
                count++;
            }
        }
    }
    return count;
}

static void sparsemax_row(const dlcore_kernels_t *kernels, const dlcore_matrix_t *m, size_t row)
{
    double tau = -1.0, sum;
    size_t count, before = 0;

    (void)dlcore_softmax_center_row(kernels, m, row);
    for (;;) {
        count = sum_above(m, row, tau, &sum);
        if (count == before || count == 0)
            break;
        tau = (sum - 1.0) / (double)count;
        before = count;
    }
    for (size_t p = 0; p < dlcore_matrix_panels(m); p++) {
        float *x = dlcore_matrix_at(m, row, p);

        for (size_t c = 0; c < dlcore_matrix_panel_columns(m, p); c++) {
            double y = (double)x[c] - tau;

            x[c] = y < 0.0 ? 0.0f : (float)y; /* what is no number stays none */
        }
    }
}

static void sparsemax_gradient_row(const dlcore_matrix_t *y, dlcore_matrix_t *dy, size_t row)
{
    double sum = 0.0, mean;
    size_t count = 0;

    for (size_t p = 0; p < dlcore_matrix_panels(y); p++) {
        const float *at = dlcore_matrix_at(y, row, p), *slope = dlcore_matrix_at(dy, row, p);

        for (size_t c = 0; c < dlcore_matrix_panel_columns(y, p); c++) {
            sum += at[c] > 0.0f ? (double)slope[c] : 0.0;
            count += at[c] > 0.0f;
        }
    }
    mean = count > 0 ? sum / (double)count : 0.0;
    for (size_t p = 0; p < dlcore_matrix_panels(y); p++) {
        const float *at = dlcore_matrix_at(y, row, p);
        float *slope = dlcore_matrix_at(dy, row, p);

        for (size_t c = 0; c < dlcore_matrix_panel_columns(y, p); c++)
            slope[c] = at[c] > 0.0f ? (float)((double)slope[c] - mean) : 0.0f;
    }
}

void dlcore_sparsemax_rows(const dlcore_kernels_t *kernels, const dlcore_matrix_t *m, size_t begin,
                           size_t end)
{
    for (size_t r = begin; r < end; r++)
        sparsemax_row(kernels, m, r);
}

void dlcore_sparsemax_gradient_rows(const dlcore_matrix_t *y, dlcore_matrix_t *dy, size_t begin,
                                    size_t end)
{
    for (size_t r = begin; r < end; r++)
        sparsemax_gradient_row(y, dy, r);
}
