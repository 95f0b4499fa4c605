/* The three products of a dense layer (the two of its gradients in products_training.h), behind
 * which an engine decides how weights lie in memory and who multiplies.
 *
 * Each product is a list of tiles, a fixed grid, so that any number of threads gives the same bits:
 * BLAS's depends on shapes alone; the native engines' elements have the same bits in any grid, and
 * more than 16 workers get a finer one. A caller runs tiles 0 .. count-1 in any order on any
 * threads, as many at once (begin .. end-1) as it likes, with scratch memory of its own. Tiles of
 * one product write disjoint places. A tile never allocates, locks or fails.
 *
 * Engines: products_blas.c (kernels row-major as in Keras, one panel per matrix, gemm) and
 * products_native.c (kernels in panels of the register tile's width, packed for good).
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_PRODUCTS_PRODUCTS_H
#define DLCORE_PRODUCTS_PRODUCTS_H

#include "system/compiler.h"

#include <stdbool.h>
#include <stddef.h>

#include "kernels/activate.h"
#include "kernels/kernels.h"
#include "products/matrix.h"

DLCORE_HIDDEN_BEGIN

/* What an engine multiplies another kind of numbers by (products_half.h): each has its own, the
 * native ones register tiles, BLAS a function (blas.h). */
typedef struct dlcore_tiles dlcore_tiles_t;

/* y = activation(x kernel + bias): x (rows, inputs), or fewer columns with an index where
 * takes_index, kernel (inputs, units), y (rows, units).
 * bias may be NULL, else it holds units rounded up to 16, zero beyond units. The activation is one
 * that works on single elements. */
typedef struct dlcore_forward {
    const dlcore_kernels_t *kernels;
    size_t inputs, units;
    const dlcore_matrix_t *x;
    const float *kernel;
    const float *bias;
    dlcore_activate_t activation;
    dlcore_matrix_t *y;
    size_t workers; /* that the grid is for, as forward_tiles was told; 0 is 1 */
    /* NULL: floats. Else x and kernel hold pairs in their place, of neighbouring inputs, whose
     * number `inputs` then is. */
    const dlcore_tiles_t *pairs;
} dlcore_forward_t;

typedef enum dlcore_products_engine {
    DLCORE_PRODUCTS_BLAS,
    DLCORE_PRODUCTS_NATIVE_AVX2,
    DLCORE_PRODUCTS_NATIVE_AVX512,
    DLCORE_PRODUCTS_NATIVE_NEON
} dlcore_products_engine_t;

typedef struct dlcore_products {
    dlcore_products_engine_t engine;
    /* "native avx512", ..., or that of the BLAS: "openblas pthread" */
    const char *(*name)(void);

    /* Around any use of the tiles, on the thread that begins it, and on every other thread that
     * runs some of them; all four NULL where nothing is needed. blas.h says what they do. */
    void (*enter)(bool host_threads);
    void (*leave)(void);
    void (*enter_worker)(void);
    void (*leave_worker)(void);
    /* Whether several threads gain by running tiles at once; NULL: they do. */
    bool (*is_concurrent)(void);
    /* Whether the x of forward and kernel gradient may leave inputs out (matrix.h: index). */
    bool takes_index;

    /* Panel width of a matrix with that many columns; >= 16, a multiple of 16. */
    size_t (*panel)(size_t columns);

    /* Floats that a kernel takes in the parameter vector, a multiple of 16, and the way between
     * Keras's row-major (inputs, units) and the engine's layout; padding is set to zero. Works on
     * anything that lies like a kernel, aligned as the parameter vector is: gradients and optimizer
     * states, too. */
    size_t (*kernel_floats)(size_t inputs, size_t units);
    /* Columns of a kernel lie in panels: column c of input i is at (c - c % panel) * inputs + i *
     * panel + c % panel. A multiple of 16, or `units`. */
    size_t (*kernel_panel)(size_t units);
    void (*pack_kernel)(size_t inputs, size_t units, const float *row_major, float *kernel);
    void (*unpack_kernel)(size_t inputs, size_t units, const float *kernel, float *row_major);
    /* The same for inputs first .. first+count-1 alone, `rows` being those; all parts together set
     * all of the padding. For files that are read and written piece by piece. */
    void (*pack_rows)(size_t inputs, size_t units, size_t first, size_t count, const float *rows,
                      float *kernel);
    void (*unpack_rows)(size_t inputs, size_t units, size_t first, size_t count,
                        const float *kernel, float *rows);

    /* Floats of scratch that a tile of any of the three products may use. */
    size_t (*scratch_floats)(size_t rows, size_t inputs, size_t units);

    /* The grid of forward for so many workers, and tiles begin .. end-1 of it. */
    size_t (*forward_tiles)(size_t rows, size_t inputs, size_t units, size_t workers);
    void (*forward)(const dlcore_forward_t *product, size_t begin, size_t end, float *scratch);

    /* For engines that leave zeros of a batch of inputs out register tile by register tile, with
     * the same bits while weights are finite; all NULL: it does not. The words that notes on up to
     * `rows` rows of `inputs` columns take, for a layer of `units`; 0: it would not gain. */
    size_t (*zeros_words)(size_t rows, size_t inputs, size_t units);
    /* Whether this batch, which may leave inputs out, has enough zeros: a look at its first rows.
     */
    bool (*zeros_gain)(const dlcore_matrix_t *x);
    /* Notes this worker's share in `notes`, which then may become x->zeros; what only a kernel
     * gradient needs, if it trains. */
    void (*note_zeros)(const dlcore_matrix_t *x, size_t inputs, size_t units, bool trains,
                       uint32_t *notes, size_t worker, size_t workers);
} dlcore_products_t;

const dlcore_products_t *dlcore_products_blas(void);
/* The index-th of the native engines that this CPU and build have, the fastest first; NULL past the
 * last. */
const dlcore_products_t *dlcore_products_native(size_t index);

DLCORE_HIDDEN_END

#endif
