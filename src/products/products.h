/* The three products of a dense layer, behind which an engine decides how weights lie in memory
 * and who multiplies.
 *
 * Each product is a list of tiles, a fixed grid that depends on shapes alone, so that any number
 * of threads gives the same bits: a caller runs tiles 0 .. count-1 in any order on any threads,
 * each with scratch memory of its own. Tiles of one product write disjoint places. A tile never
 * allocates, locks or fails.
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
#include "kernels/kernels_training.h"
#include "products/matrix.h"
#include "products/small_loops.h"

DLCORE_HIDDEN_BEGIN

/* Where gradients go: kept in a vector, or used at once to update the weights. `offset` counts
 * floats from the start of the model's flat parameter vector, in the engine's own layout; `take`
 * may overwrite nothing but what it stands for, and `gradient` is only valid during the call. */
typedef struct dlcore_gradient_sink {
    /* Told a little before take, so that memory can be asked for meanwhile. */
    void (*expect)(const struct dlcore_gradient_sink *sink, size_t offset, size_t count);
    void (*take)(const struct dlcore_gradient_sink *sink, size_t offset, const float *gradient,
                 size_t count);
    bool rests; /* a gradient of zero would change nothing: it need not be handed on */
} dlcore_gradient_sink_t;

/* For engines: handing on the gradients of a stretch of inputs, column after column of x. Where x
 * leaves inputs out their gradients are zero, and the sink gets zeros. */
typedef struct dlcore_taking {
    const dlcore_gradient_sink_t *sink;
    size_t offset; /* of input 0 */
    size_t width;  /* floats of one input */
    const dlcore_matrix_t *x;
    size_t input; /* the first that was not handed on yet */
} dlcore_taking_t;

/* Columns first .. first+count-1 of x will come soon. */
void dlcore_taking_expect(const dlcore_taking_t *taking, size_t first, size_t count);
/* Here they are, and zeros for what was left out before each. */
void dlcore_taking_columns(dlcore_taking_t *taking, size_t first, size_t count,
                           const float *gradient);
/* The stretch ends before input `end`: zeros for what was left out since the last column. */
void dlcore_taking_end(dlcore_taking_t *taking, size_t end);

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
} dlcore_forward_t;

/* kernel gradient = x^T dz, handed to the sink piece by piece at offset + its place in the kernel.
 * The weights themselves are not read here, but the sink may write them. */
typedef struct dlcore_kernel_gradient {
    size_t inputs, units;
    const dlcore_matrix_t *x;  /* (rows, inputs) */
    const dlcore_matrix_t *dz; /* (rows, units) */
    const dlcore_gradient_sink_t *sink;
    size_t offset;
} dlcore_kernel_gradient_t;

/* dx = (dz kernel^T) * derivative of `activation`, which the layer below applied to give x:
 * one of single elements whose derivative can be told from its output x. Padding columns of dx
 * become zero. */
typedef struct dlcore_input_gradient {
    const dlcore_training_kernels_t *kernels;
    size_t inputs, units;
    const dlcore_matrix_t *dz;
    const float *kernel;
    dlcore_activate_t activation;
    const dlcore_matrix_t *x; /* read unless the activation is linear */
    dlcore_matrix_t *dx;
} dlcore_input_gradient_t;

typedef struct dlcore_products {
    /* "native avx512", "native avx2", or that of the BLAS: "openblas pthread" */
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
    /* What trains small networks whose weights lie as this engine has them; NULL: nothing. */
    const dlcore_small_functions_t *(*small)(void);

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

    /* The grids, and one tile of each. */
    size_t (*forward_tiles)(size_t rows, size_t inputs, size_t units);
    void (*forward)(const dlcore_forward_t *product, size_t tile, float *scratch);

    size_t (*kernel_gradient_tiles)(size_t rows, size_t inputs, size_t units);
    void (*kernel_gradient)(const dlcore_kernel_gradient_t *product, size_t tile, float *scratch);

    size_t (*input_gradient_tiles)(size_t rows, size_t inputs, size_t units);
    void (*input_gradient)(const dlcore_input_gradient_t *product, size_t tile, float *scratch);
} dlcore_products_t;

const dlcore_products_t *dlcore_products_blas(void);
/* NULL where this CPU or build has none. */
const dlcore_products_t *dlcore_products_native_avx512(void);
const dlcore_products_t *dlcore_products_native_avx2(void);

DLCORE_HIDDEN_END

#endif
