/* Sparsemax over the rows of a matrix: the point of the probability simplex that is nearest to a
 * row (Martins and Astudillo, "From Softmax to Sparsemax", 2016), and what Keras 3 has under that
 * name (keras/src/activations/activations.py).
 *
 * Both are y = max(x - tau, 0). The paper's tau makes the sum 1. It is found by Michelot's
 * algorithm (1986), which needs no order: the mean of those above the last tau gives the next one,
 * and what falls below never comes back but by a rounding. The k units above it are the support.
 *
 * With C_j the sum of the j largest units the paper's tau is (C_k - 1) / k. Keras adds up C_1 to
 * C_k in place of C_k alone, so that the r-th largest counts k - r + 1 times. Ranks are counted,
 * since sorting would need memory.
 *
 * Numbers are taken less the largest of the row, so that 1 is not lost beside them.
 *
 * SPDX-License-Identifier: MIT */
#include "nn/sparsemax.h"

static double below(const dlcore_matrix_t *x, size_t row, size_t column, float largest)
{
    return (double)*dlcore_matrix_element(x, row, column) - (double)largest;
}

/* Adds up the values of a row where `of`, less `origin`, is above tau, or no number, and answers
 * how many these are. NULL for the values: those of `of`, less `origin`. */
DLCORE_KEPT_APART static size_t sum_above(const dlcore_matrix_t *of, double origin, double tau,
                                          const dlcore_matrix_t *values, size_t row, double *sum)
{
    size_t count = 0;

    *sum = 0.0;
    for (size_t p = 0; p < dlcore_matrix_panels(of); p++) {
        const float *x = dlcore_matrix_at(of, row, p);
        const float *value = values != NULL ? dlcore_matrix_at(values, row, p) : NULL;

        for (size_t c = 0; c < dlcore_matrix_panel_columns(of, p); c++) {
            double at = (double)x[c] - origin;

            if (!(at <= tau)) {
                *sum += value != NULL ? (double)value[c] : at;
                count++;
            }
        }
    }
    return count;
}

/* The paper's tau, less the largest of the row; answers k. */
static size_t find_support(const dlcore_matrix_t *x, size_t row, float largest, double *tau)
{
    size_t count, before = x->columns + 1;
    double sum;

    *tau = -1.0;
    for (;;) {
        count = sum_above(x, (double)largest, *tau, NULL, row, &sum);
        if (count >= before) /* the same, or a rounding brought one back */
            return count;
        *tau = (sum - 1.0) / (double)count;
        before = count;
    }
}

/* ---- Keras's ---- */

/* How many of a row come before that one: the larger, and of equals the first. */
DLCORE_KEPT_APART static size_t rank_of(const dlcore_matrix_t *x, size_t row, size_t column)
{
    float value = *dlcore_matrix_element(x, row, column);
    size_t rank = 0;

    for (size_t p = 0; p < dlcore_matrix_panels(x); p++) {
        const float *other = dlcore_matrix_at(x, row, p);
        size_t begin = p * x->panel;

        for (size_t c = 0; c < dlcore_matrix_panel_columns(x, p); c++)
            rank += other[c] > value || (other[c] == value && begin + c < column);
    }
    return rank;
}

/* From the paper's tau and k, all less the largest of the row: what is taken from the `count` units
 * of a sum C_j comes back in the last term. */
static double keras_tau(const dlcore_matrix_t *x, size_t row, float largest, double tau,
                        size_t count)
{
    double sum = 0.0;

    for (size_t c = 0; c < x->columns; c++) {
        double at = below(x, row, c, largest);

        if (!(at <= tau))
            sum += ((double)count - (double)rank_of(x, row, c)) * at;
    }
    return (sum - 1.0) / (double)count + 0.5 * (double)largest * ((double)count - 1.0);
}

/* ---- rows ---- */

void dlcore_sparsemax_row(dlcore_activation_t kind, const dlcore_matrix_t *m, size_t row,
                          float largest)
{
    double tau;
    size_t count = find_support(m, row, largest, &tau);

    if (kind == DLCORE_ACTIVATION_SPARSEMAX_KERAS)
        tau = keras_tau(m, row, largest, tau, count);
    for (size_t c = 0; c < m->columns; c++) {
        double at = below(m, row, c, largest);

        *dlcore_matrix_element(m, row, c) = at <= tau ? 0.0f : (float)(at - tau);
    }
}

void dlcore_sparsemax_gradient_row(const dlcore_matrix_t *y, dlcore_matrix_t *dy, size_t row)
{
    double sum;
    size_t count = sum_above(y, 0.0, 0.0, dy, row, &sum);

    for (size_t c = 0; c < dy->columns; c++) {
        float *at = dlcore_matrix_element(dy, row, c);

        *at = *dlcore_matrix_element(y, row, c) <= 0.0f
                  ? 0.0f
                  : (float)((double)*at - sum / (double)count);
    }
}

/* The threshold moves by (k - r + 1) / k as the r-th largest does. At the threshold itself the
 * slope is 1, as it is on TensorFlow. */
void dlcore_sparsemax_keras_gradient_row(const dlcore_matrix_t *x, dlcore_matrix_t *dy, size_t row,
                                         float largest)
{
    double tau, threshold, sum = 0.0;
    size_t count = find_support(x, row, largest, &tau);

    threshold = keras_tau(x, row, largest, tau, count);
    for (size_t c = 0; c < x->columns; c++) {
        float *at = dlcore_matrix_element(dy, row, c);

        if (below(x, row, c, largest) < threshold)
            *at = 0.0f;
        sum += (double)*at;
    }
    for (size_t c = 0; c < x->columns; c++) {
        float *at = dlcore_matrix_element(dy, row, c);

        if (!(below(x, row, c, largest) <= tau))
            *at = (float)((double)*at -
                          sum * ((double)count - (double)rank_of(x, row, c)) / (double)count);
    }
}
