/* Products whose factors are bfloat16, and whose sums are float32: what is rounded, where it lies,
 * and who adds it up.
 *
 * Arithmetic. Factors are rounded to nearest, ties to even; denormals are zero (base/half.h).
 * Factors 2i and 2i+1 of a sum make a pair, a 32-bit word with the even one in its lower half; a
 * sum of an odd length ends with a zero. A pair is added to a sum as vdpbf16ps does it: first the
 * product of the odd factors, then that of the even ones, each by a fused multiply-add that rounds
 * to nearest, reads denormals as zero and makes zero of denormals, whatever the thread's mode says
 * (Intel's manual, VDPBF16PS; AMD's Zen 4 and 5 do the same, a test compares). So where the CPU
 * lacks the instruction, or has a slow one (Intel: half the speed of float32's multiply-adds), two
 * multiply-adds with flushing switched on give the same bits, NaN's aside. And since the order of a
 * sum is that of its pairs, and no tile starts one anew, every kind of CPU gives the same.
 *
 * Layout. A matrix or a kernel of pairs lies as one of floats, with a word in the place of each:
 *
 *     forward           x in pairs of inputs (rows, inputs/2), kernel likewise (inputs/2, units)
 *     input gradient    dz in pairs of units (rows, units/2), kernel turned round (units/2, inputs)
 *     kernel gradient   x and dz in pairs of rows (rows/2, inputs) and (rows/2, units)
 *
 * all halves rounded up. So the products are those of products.h and products_training.h, with
 * other register tiles. The two copies of a kernel follow the floats that the optimizer moves:
 * `follow`.
 *
 * The BLAS engine's layouts hold pairs likewise, and plain C multiplies them, as no BLAS promises
 * an order of sums: products_half_portable.c, slow, with the same bits.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_PRODUCTS_PRODUCTS_HALF_H
#define DLCORE_PRODUCTS_PRODUCTS_HALF_H

#include "system/compiler.h"

#include "products/matrix.h"
#include "products/products.h"

DLCORE_HIDDEN_BEGIN

/* The pairs that n factors make. */
static inline size_t dlcore_pairs(size_t n)
{
    return n / 2 + n % 2;
}

/* A kernel (inputs, units) in the layout of the engine, and its rounded copies. Room for
 * them, in floats, is products->kernel_floats(pairs(inputs), units) and
 * products->kernel_floats(pairs(units), inputs); padding must be zero before. */
typedef struct dlcore_half_kernel {
    size_t inputs, units;
    const float *values;
    float *forward;
    float *turned; /* NULL: none is kept */
} dlcore_half_kernel_t;

typedef struct dlcore_half {
    const char *name; /* "vdpbf16ps", "fma avx512", ..., "portable" */
    const dlcore_tiles_t *tiles;
    /* Whether a sink may have the copies follow each piece of a gradient: pieces are whole inputs.
     */
    bool follows_pieces;

    /* Rows begin .. end-1 of `from`, rounded: pairs of columns, (rows, pairs(columns)). */
    void (*pair_columns)(const dlcore_matrix_t *from, const dlcore_matrix_t *to, size_t begin,
                         size_t end);
    /* Pairs begin .. end-1 of rows of `from`: (pairs(rows), columns), its panels as wide. */
    void (*pair_rows)(const dlcore_matrix_t *from, const dlcore_matrix_t *to, size_t begin,
                      size_t end);
    /* The copies become those of the values of inputs first .. first+count-1 in unit panel p. With
     * an odd `first` or end the neighbour in its pair is read and written, too. */
    void (*follow)(const dlcore_half_kernel_t *kernel, size_t p, size_t first, size_t count);
} dlcore_half_t;

/* The index-th of the kinds that this CPU has for an engine, the fastest first; NULL past the last.
 */
const dlcore_half_t *dlcore_half_kind(const dlcore_products_t *products, size_t index);
/* The fastest. */
static inline const dlcore_half_t *dlcore_half(const dlcore_products_t *products)
{
    return dlcore_half_kind(products, 0);
}

/* Each kind's; only those that the build has. */
extern const dlcore_half_t dlcore_half_dot_avx512;
extern const dlcore_half_t dlcore_half_avx512;
extern const dlcore_half_t dlcore_half_avx2;
extern const dlcore_half_t dlcore_half_neon;
extern const dlcore_half_t dlcore_half_portable;

DLCORE_HIDDEN_END

#endif
