/* The products of products.h over the register tile of products_native_micro.h. Included by
 * products_native_avx512.c, products_native_avx2.c and products_native_neon.c, each after its
 * vector header.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "kernels/activate.h"
#include "products/products_native.h"
#include "products/products_native_floats.h"
#include "products/products_training.h"

/* Rows that are finished before the next panel of weights is looked at. */
#define ROWS_PASS 96

/* ---- shapes ---- */

/* n / size, rounded up; size is a constant wherever this is inlined. */
static inline size_t ceiling(size_t n, size_t size)
{
    return (n + size - 1) / size;
}

static size_t native_panels(size_t columns)
{
    return columns <= DLCORE_NATIVE_NARROW ? 1 : ceiling(columns, NATIVE_PANEL);
}

static size_t native_kernel_floats(size_t inputs, size_t units)
{
    return native_panels(units) * native_panel(units) * inputs;
}

static void native_pack_kernel(size_t inputs, size_t units, const float *row_major, float *kernel)
{
    dlcore_native_pack(inputs, units, native_panel(units), row_major, kernel);
}

static void native_unpack_kernel(size_t inputs, size_t units, const float *kernel, float *row_major)
{
    dlcore_native_unpack(inputs, units, native_panel(units), kernel, row_major);
}

static void native_pack_rows(size_t inputs, size_t units, size_t first, size_t count,
                             const float *rows, float *kernel)
{
    dlcore_native_rows_t part = {inputs, units, first, count};

    dlcore_native_pack_rows(part, native_panel(units), rows, kernel);
}

static void native_unpack_rows(size_t inputs, size_t units, size_t first, size_t count,
                               const float *kernel, float *rows)
{
    dlcore_native_rows_t part = {inputs, units, first, count};

    dlcore_native_unpack_rows(part, native_panel(units), kernel, rows);
}

static size_t native_scratch_floats(size_t rows, size_t inputs, size_t units)
{
    (void)rows;
    (void)inputs;
    size_t depth = dlcore_size_round_up(dlcore_size_min(units, DLCORE_NATIVE_TURNED), V_WIDTH);
    return dlcore_size_max(DLCORE_NATIVE_PIECE, depth * NATIVE_PANEL);
}

/* Which vectors of panel p a matrix with `columns` columns has, and how many floats count. */
static void set_columns(micro_t *t, size_t columns, size_t p)
{
    size_t width = native_panel(columns);
    size_t left = dlcore_size_min(columns - p * width, width);
    t->vectors = left > V_WIDTH ? 2 : 1;
    t->tail = width - t->vectors * V_WIDTH;
    t->columns = left - (t->vectors - 1) * V_WIDTH;
}

static const float zeros[NATIVE_PANEL];

/* Sums over columns k .. of rows row .. of a matrix: A of forward and input gradient. What comes
 * after a tile's last block is the first of the tile below. k may be within a panel only where that
 * is as wide as a row. */
static micro_t over_columns(const dlcore_matrix_t *a, size_t row, size_t k,
                            const dlcore_tiles_t *pairs)
{
    const float *first = dlcore_matrix_at(a, row, k / a->panel) + k % a->panel;
    return (micro_t){
        .tiles = pairs != NULL ? pairs : &micro_tiles,
        .tall = (pairs != NULL ? pairs : &micro_tiles)->along,
        .a = first,
        .a_row = a->panel,
        .a_step = 1,
        .a_block = a->panel,
        .a_jump = a->panel_stride - a->panel,
        .ahead = (uintptr_t)first + ROWS_MAX * a->panel * sizeof(float),
        .ahead_row = a->panel * sizeof(float),
        .gaps = no_gaps,
        .start = zeros,
        .floor = -INFINITY,
    };
}

#include "products/products_native_zeros.h"

#include "products/products_native_forward.h"

#include "products/products_native_kernel_gradient.h"

#include "products/products_native_input_gradient.h"

static const char *native_name(void)
{
    return "native " V_NAME;
}

static const dlcore_products_t native_table = {
    .engine = NATIVE_ENGINE,
    .name = native_name,
    .takes_index = true,
    .panel = native_panel,
    .kernel_floats = native_kernel_floats,
    .kernel_panel = native_panel,
    .pack_kernel = native_pack_kernel,
    .unpack_kernel = native_unpack_kernel,
    .pack_rows = native_pack_rows,
    .unpack_rows = native_unpack_rows,
    .scratch_floats = native_scratch_floats,
    .forward_tiles = native_forward_tiles,
    .forward = native_forward,
    .zeros_words = native_zeros_words,
    .zeros_gain = native_zeros_gain,
    .note_zeros = native_note_zeros,
};

const dlcore_products_training_t V_TABLE(dlcore_products_training) = {
    .small = SMALL_TABLE,
    .kernel_gradient_tiles = native_kernel_gradient_tiles,
    .kernel_gradient = native_kernel_gradient,
    .input_gradient_tiles = native_input_gradient_tiles,
    .input_gradient = native_input_gradient,
};
