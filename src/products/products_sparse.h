/* The products of a dense layer whose x is lists of entries (matrix.h: lists), whatever the engine.
 *
 * They touch the rows of the kernel that a list names, and no others. Kernels lie in panels as the
 * engine's kernel_panel says; row-major is one panel. Each sum runs in the order of inputs, or of
 * rows, as the native engine's does, so results have its bits.
 *
 * Forward is cut by rows. The kernel gradient is cut into stretches of inputs, a fixed grid: the
 * rows' entries are added up in a stretch of scratch that lies in the second-level cache, and the
 * whole of it goes to the sink, zeros included, because most optimizers' rules move a weight whose
 * gradient is zero. Where the sink says that zeros change nothing, only what was touched goes.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_PRODUCTS_PRODUCTS_SPARSE_H
#define DLCORE_PRODUCTS_PRODUCTS_SPARSE_H

#include "system/compiler.h"

#include "kernels/kernels_training.h"
#include "products/products.h"
#include "products/products_training.h"

DLCORE_HIDDEN_BEGIN

/* Rows begin .. end-1 of y, with the activation; `panel` is that of the kernel. */
void dlcore_sparse_forward(const dlcore_forward_t *product, size_t panel, size_t begin, size_t end);

/* Tiles of the kernel gradient, and floats of scratch that running some of them needs for batches
 * of up to that many rows. */
size_t dlcore_sparse_gradient_tiles(size_t inputs, size_t units, size_t panel);
size_t dlcore_sparse_scratch_floats(size_t rows, size_t inputs, size_t units, size_t panel);
/* Tiles begin .. end-1. */
void dlcore_sparse_kernel_gradient(const dlcore_kernel_gradient_t *product,
                                   const dlcore_training_kernels_t *kernels, size_t panel,
                                   size_t begin, size_t end, float *scratch);

DLCORE_HIDDEN_END

#endif
