/* Sparsemax over the rows of a matrix: the point of the probability simplex that is nearest to a
 * row (Martins and Astudillo, "From Softmax to Sparsemax", 2016).
 *
 * y = max(x - tau, 0) with the tau that makes the sum 1. It is found by Michelot's algorithm
 * (1986), which needs no order: the mean of those above the last tau gives the next one, and what
 * falls below never comes back but by a rounding. Where the largest is 0, only what is above -1 can
 * count.
 *
 * SPDX-License-Identifier: MIT */
#include "nn/sparsemax.h"

/* Adds up the values of a row where `of` is above tau, or no number; answers how many these are. */
DLCORE_KEPT_APART static size_t sum_above(const dlcore_matrix_t *of, double tau,
                                          const dlcore_matrix_t *values, size_t row, double *sum)
{
    size_t count = 0;

    *sum = 0.0;
    for (size_t p = 0; p < dlcore_matrix_panels(of); p++) {
        const float *x = dlcore_matrix_at(of, row, p), *value = dlcore_matrix_at(values, row, p);

        for (size_t c = 0; c < dlcore_matrix_panel_columns(of, p); c++) {
            if (!((double)x[c] <= tau)) {
                *sum += (double)value[c];
                count++;
            }
        }
    }
    return count;
}

/* Takes `shift` from the values of a row where `of`, which may be they, is above tau, or no number;
 * the others become 0. */
DLCORE_KEPT_APART static void shift_above(const dlcore_matrix_t *of, double tau,
                                          const dlcore_matrix_t *values, size_t row, double shift)
{
    for (size_t p = 0; p < dlcore_matrix_panels(of); p++) {
        const float *x = dlcore_matrix_at(of, row, p);
        float *value = dlcore_matrix_at(values, row, p);

        for (size_t c = 0; c < dlcore_matrix_panel_columns(of, p); c++)
            value[c] = (double)x[c] <= tau ? 0.0f : (float)((double)value[c] - shift);
    }
}

void dlcore_sparsemax_row(const dlcore_matrix_t *m, size_t row)
{
    double tau = -1.0, sum;
    size_t count, before = m->columns + 1;

    for (;;) {
        count = sum_above(m, tau, m, row, &sum);
        if (count >= before) /* the same, or a rounding brought one back */
            break;
        tau = (sum - 1.0) / (double)count;
        before = count;
    }
    shift_above(m, tau, m, row, tau);
}

void dlcore_sparsemax_gradient_row(const dlcore_matrix_t *y, dlcore_matrix_t *dy, size_t row)
{
    double sum;
    size_t count = sum_above(y, 0.0, dy, row, &sum);

    shift_above(y, 0.0, dy, row, sum / (double)count);
}
