/* Products of a dense layer in fewer bits than float32, for predicting: int8 (low_int8.h) and
 * bfloat16 (low_bfloat16.h).
 *
 * Both go by words of 32 bits, which hold the numbers of 4 inputs as bytes or of 2 as bfloat16. A
 * kernel is rounded once and lies in panels [ceil(units / P)][words][P], P as the CPU's vectors
 * want it. Rows are rounded as they come. A register tile broadcasts a word of each row and
 * multiplies it with a vector of the kernel's words: low_template.h, compiled for each kind of CPU.
 * Words that are zero add nothing, so that a single row, and rows with many zeros, go by lists of
 * those that are not.
 *
 * What a unit sums up runs in the order of words, or exactly: its bits do not depend on the tile,
 * on the number of rows, nor on the kind of CPU.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_PRODUCTS_LOW_H
#define DLCORE_PRODUCTS_LOW_H

#include "system/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "products/matrix.h"

DLCORE_HIDDEN_BEGIN

/* Rows whose lists are made before the panels are looked at. */
#define DLCORE_LOW_LISTS 16

/* A kernel in float32, as an engine lays it out: `panel` is its kernel_panel. */
typedef struct dlcore_low_source {
    size_t inputs, units, panel;
    const float *kernel;
} dlcore_low_source_t;

/* The same rounded, in one block of memory. */
typedef struct dlcore_low_kernel {
    size_t inputs, units;
    size_t words;       /* of a unit */
    size_t panel;       /* units of a panel */
    size_t width;       /* units rounded up to whole panels */
    float *factors;     /* unit_floats vectors of `width` numbers, zero beyond the units */
    uint32_t *elements; /* in panels */
    bool skips_zeros;   /* words of a row that are zero may be left out */
} dlcore_low_kernel_t;

/* How a row was rounded: x is nearly scale q + least. */
typedef struct dlcore_low_scale {
    float scale, least;
} dlcore_low_scale_t;

/* Rounded rows: row r begins at words + r * stride. */
typedef struct dlcore_low_rows {
    uint32_t *words;
    size_t stride;
    dlcore_low_scale_t *scales;
} dlcore_low_rows_t;

/* The words of a row that are not zero. */
typedef struct dlcore_low_list {
    size_t row, count;
    uint32_t *index, *word;
} dlcore_low_list_t;

/* y = x kernel + bias, or relu of it. y's panels hold a multiple of 16 floats; padding becomes
 * zero. */
typedef struct dlcore_low_product {
    const dlcore_low_kernel_t *kernel;
    const float *bias; /* NULL, or units rounded up to 16 */
    bool relu;
    const dlcore_low_rows_t *x;
    dlcore_matrix_t *y;
} dlcore_low_product_t;

typedef struct dlcore_low_functions {
    const char *name; /* "int8 avx512 vnni" */
    size_t inputs_per_word;
    size_t inputs_most; /* whose sums fit */
    size_t unit_floats; /* numbers of a unit beside its words */
    /* Rounds a kernel; the memory's elements and factors are set whole. */
    void (*pack)(const dlcore_low_source_t *from, dlcore_low_kernel_t *kernel);
    /* Rounds all rows of x, which may be row-major: one panel that is as wide as a row. */
    void (*encode)(const dlcore_matrix_t *x, dlcore_low_rows_t *rows);
    size_t (*panel)(size_t units);
    /* Rows begin .. begin+count-1; and those of the lists. */
    void (*multiply)(const dlcore_low_product_t *product, size_t begin, size_t count);
    void (*multiply_lists)(const dlcore_low_product_t *product, const dlcore_low_list_t *lists,
                           size_t count);
} dlcore_low_functions_t;

/* Where column c of input i lies; up to 16 columns from a multiple of 16 on lie together. */
static inline const float *dlcore_low_source_at(const dlcore_low_source_t *from, size_t i, size_t c)
{
    return from->kernel + (c - c % from->panel) * from->inputs + i * from->panel + c % from->panel;
}

/* Bytes of a rounded kernel, a multiple of 64; 0: more than there can be. */
size_t dlcore_low_kernel_bytes(const dlcore_low_functions_t *low, size_t inputs, size_t units);
/* The kernel whose memory is that many bytes, 64-byte aligned. */
dlcore_low_kernel_t dlcore_low_kernel_at(const dlcore_low_functions_t *low, size_t inputs,
                                         size_t units, void *memory);
/* Words of a row of so many inputs, from one row to the next. */
size_t dlcore_low_stride(const dlcore_low_functions_t *low, size_t inputs);
/* How many of the kernel's words of a row are not zero; and their list, with `all`, that of all. */
size_t dlcore_low_nonzeros(const dlcore_low_kernel_t *kernel, const dlcore_low_rows_t *x,
                           size_t row);
void dlcore_low_make_list(const dlcore_low_kernel_t *kernel, const dlcore_low_rows_t *x, size_t row,
                          bool all, dlcore_low_list_t *list);

/* The index-th of those that this CPU runs, the fastest first; NULL past the last. */
const dlcore_low_functions_t *dlcore_low_int8_kind(size_t index);
const dlcore_low_functions_t *dlcore_low_bfloat16_kind(size_t index);

/* Stands for a bias: as many as four panels have, and one before. */
extern const float dlcore_low_zeros[160];

/* Each kind's; only those that the build has. */
extern const dlcore_low_functions_t dlcore_low_int8_portable;
extern const dlcore_low_functions_t dlcore_low_int8_avx2;
extern const dlcore_low_functions_t dlcore_low_int8_vnni_avx2;
extern const dlcore_low_functions_t dlcore_low_int8_vnni_avx512;
extern const dlcore_low_functions_t dlcore_low_int8_neon;
extern const dlcore_low_functions_t dlcore_low_bfloat16_portable;
extern const dlcore_low_functions_t dlcore_low_bfloat16_avx2;
extern const dlcore_low_functions_t dlcore_low_bfloat16_avx512;
extern const dlcore_low_functions_t dlcore_low_bfloat16_dot_avx512;
extern const dlcore_low_functions_t dlcore_low_bfloat16_neon;

DLCORE_HIDDEN_END

#endif
