/* Sparsemax over the rows of a matrix.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_NN_SPARSEMAX_H
#define DLCORE_NN_SPARSEMAX_H

#include "system/compiler.h"

#include "kernels/kernels.h"
#include "products/matrix.h"

DLCORE_HIDDEN_BEGIN

/* Rows begin .. end-1 of m become their sparsemax. */
void dlcore_sparsemax_rows(const dlcore_kernels_t *kernels, const dlcore_matrix_t *m, size_t begin,
                           size_t end);

/* The gradient through it, in place, from its output y: where y > 0, dy less its mean over there;
 * else 0. */
void dlcore_sparsemax_gradient_rows(const dlcore_matrix_t *y, dlcore_matrix_t *dy, size_t begin,
                                    size_t end);

DLCORE_HIDDEN_END

#endif
