/* Softmax and its logarithm over the rows of a matrix, whatever its panels.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_NN_SOFTMAX_H
#define DLCORE_NN_SOFTMAX_H

#include "system/compiler.h"

#include "kernels/kernels_training.h"
#include "products/matrix.h"

DLCORE_HIDDEN_BEGIN

/* Row `row` of m becomes its softmax; answers log sum_c exp(x_c). */
float dlcore_softmax_row(const dlcore_kernels_t *kernels, const dlcore_matrix_t *m, size_t row);

/* Takes the largest number of a row, which it answers, away from all of it. Softmax does not feel
 * that; then what a loss subtracts from log_sum is of its own size, and no digits cancel. */
float dlcore_softmax_center_row(const dlcore_kernels_t *kernels, const dlcore_matrix_t *m,
                                size_t row);

/* dy = y * (dy - sum_c dy_c y_c), in place: the gradient through softmax, from its output y. */
void dlcore_softmax_gradient_row(const dlcore_training_kernels_t *kernels, const dlcore_matrix_t *y,
                                 dlcore_matrix_t *dy, size_t row);

/* Rows begin .. end-1 of m become softmax, log_softmax (x - log sum exp(x)) or one of both
 * sparsemax (sparsemax.h) of what they were. */
void dlcore_softmax_rows(const dlcore_kernels_t *kernels, dlcore_activation_t kind,
                         const dlcore_matrix_t *m, size_t begin, size_t end);

/* Gradients through them, in place: that of softmax or sparsemax, or dy = dy - exp(y) sum_c dy_c.
 * `from`: their output y, or their input where that is needed (kernels/activate.h). */
void dlcore_softmax_gradient_rows(const dlcore_training_kernels_t *kernels,
                                  dlcore_activation_t kind, const dlcore_matrix_t *from,
                                  dlcore_matrix_t *dy, size_t begin, size_t end);

DLCORE_HIDDEN_END

#endif
