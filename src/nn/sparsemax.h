/* Sparsemax of a row of a matrix: the paper's, and Keras's (dlcore/activation.h).
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_NN_SPARSEMAX_H
#define DLCORE_NN_SPARSEMAX_H

#include "system/compiler.h"

#include "dlcore/activation.h"
#include "products/matrix.h"

DLCORE_HIDDEN_BEGIN

/* Row `row` of m, whose largest number is `largest`, becomes its sparsemax of that kind. */
void dlcore_sparsemax_row(dlcore_activation_t kind, const dlcore_matrix_t *m, size_t row,
                          float largest);

/* The gradient through the paper's, in place, from its output y: where y > 0, dy less its mean over
 * there; else 0. */
void dlcore_sparsemax_gradient_row(const dlcore_matrix_t *y, dlcore_matrix_t *dy, size_t row);

/* The gradient through Keras's, in place, from its input x, whose largest is `largest`. */
void dlcore_sparsemax_keras_gradient_row(const dlcore_matrix_t *x, dlcore_matrix_t *dy, size_t row,
                                         float largest);

DLCORE_HIDDEN_END

#endif
