/* Sparsemax of a row of a matrix.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_NN_SPARSEMAX_H
#define DLCORE_NN_SPARSEMAX_H

#include "system/compiler.h"

#include "products/matrix.h"

DLCORE_HIDDEN_BEGIN

/* Row `row` of m, whose largest is 0 (dlcore_softmax_center_row), becomes its sparsemax. */
void dlcore_sparsemax_row(const dlcore_matrix_t *m, size_t row);

/* The gradient through it, in place, from its output y: where y > 0, dy less its mean over there;
 * else 0. */
void dlcore_sparsemax_gradient_row(const dlcore_matrix_t *y, dlcore_matrix_t *dy, size_t row);

DLCORE_HIDDEN_END

#endif
