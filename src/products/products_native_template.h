/* The products of products.h over the register tile of products_native_micro.h. Included by
 * products_native_avx512.c and products_native_avx2.c, each after its vector header.
 *
 * SPDX-License-Identifier: MIT */
#include "kernels/activate.h"
#include "products/products_native.h"
#include "products/products_native_micro.h"

/* Rows that are finished before the next panel of weights is looked at. */
#define ROWS_PASS 96

/* ---- shapes ---- */

static size_t native_panel(size_t columns)
{
    return columns <= DLCORE_NATIVE_NARROW ? DLCORE_NATIVE_NARROW : NATIVE_PANEL;
}

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
 * after a tile's last block is the first of the tile below. */
static micro_t over_columns(const dlcore_matrix_t *a, size_t row, size_t k)
{
    const float *first = dlcore_matrix_at(a, row, k > 0 ? k / a->panel : 0);
    return (micro_t){
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

/* ---- forward: tiles of unit panels times rows ---- */

static dlcore_native_grid_t forward_grid(size_t rows, size_t inputs, size_t units)
{
    return dlcore_native_grid(native_panels(units), rows / (2 * ROWS_MAX),
                              dlcore_native_cost(rows, inputs, units));
}

static size_t native_forward_tiles(size_t rows, size_t inputs, size_t units)
{
    dlcore_native_grid_t grid = forward_grid(rows, inputs, units);
    return grid.columns * grid.slices;
}

/* Rows row .. row+rows-1 of unit panel p, and in the wide form of the next, too; columns k ..
 * k+depth-1 of x. */
static void forward_piece(const dlcore_forward_t *f, size_t p, bool wide, size_t row, size_t rows,
                          size_t k, size_t depth)
{
    bool last = k + depth == f->x->columns;
    micro_t t = over_columns(f->x, row, k);
    float *y = dlcore_matrix_at(f->y, row, p);
    size_t width = native_panel(f->units), input = k;

    if (f->x->index != NULL) {
        input = f->x->index[k];
        t.gaps = f->x->gaps + k;
        t.gap_step = 1;
    }
    set_columns(&t, f->units, p);
    t.k = depth;
    t.b = f->kernel + (p * f->inputs + input) * width;
    t.b_step = width;
    t.c = y;
    t.c_row = width;
    t.b_panel = f->inputs * width;
    t.c_panel = f->y->panel_stride;
    if (k > 0) {
        t.start = y;
        t.start_row = width;
        t.start_panel = t.c_panel;
    } else if (f->bias != NULL) {
        t.start = f->bias + p * width;
        t.start_panel = width;
    }
    if (last && f->activation.kind == DLCORE_ACTIVATION_RELU)
        t.floor = 0.0f;
    if (wide)
        wide_micros[rows - 1](&t);
    else
        multiply_tile(&t, rows);
    if (!last || f->activation.kind == DLCORE_ACTIVATION_RELU)
        return;
    dlcore_activate(f->kernels, f->activation, y, rows * width);
    if (wide)
        dlcore_activate(f->kernels, f->activation, y + t.c_panel, rows * width);
}

static void native_forward(const dlcore_forward_t *f, size_t tile, float *scratch)
{
    dlcore_native_tile_t t = dlcore_native_tile(forward_grid(f->x->rows, f->inputs, f->units), tile,
                                                native_panels(f->units), f->x->rows);
    size_t k = 0;

    (void)scratch;
    do {
        size_t depth = dlcore_size_min(f->x->columns - k, DLCORE_NATIVE_DEPTH);
        for (size_t row = t.slice.begin; row < t.slice.end; row += ROWS_PASS) {
            size_t count = dlcore_size_min(t.slice.end - row, ROWS_PASS);
            for (size_t p = t.panels.begin; p < t.panels.end;) {
                bool wide = count <= ROWS_WIDE && p + 1 < t.panels.end &&
                            (p + 2) * NATIVE_PANEL <= f->units;
                forward_piece(f, p, wide, row, count, k, depth);
                p += wide ? 2 : 1;
            }
        }
        k += depth;
    } while (k < f->x->columns);
}

/* ---- kernel gradient: tiles of unit panels times inputs ---- */

/* Inputs whose gradients make one piece for the sink, and how many pieces a panel has. */
static size_t piece_inputs(size_t units)
{
    return units <= DLCORE_NATIVE_NARROW ? DLCORE_NATIVE_PIECE / DLCORE_NATIVE_NARROW
                                         : DLCORE_NATIVE_PIECE / NATIVE_PANEL;
}

static size_t pieces(size_t inputs, size_t units)
{
    return units <= DLCORE_NATIVE_NARROW
               ? ceiling(inputs, DLCORE_NATIVE_PIECE / DLCORE_NATIVE_NARROW)
               : ceiling(inputs, DLCORE_NATIVE_PIECE / NATIVE_PANEL);
}

static dlcore_native_grid_t kernel_gradient_grid(size_t rows, size_t inputs, size_t units)
{
    return dlcore_native_grid(native_panels(units), pieces(inputs, units),
                              dlcore_native_cost(rows, inputs, units));
}

static size_t native_kernel_gradient_tiles(size_t rows, size_t inputs, size_t units)
{
    dlcore_native_grid_t grid = kernel_gradient_grid(rows, inputs, units);
    return grid.columns * grid.slices;
}

/* Scratch (count, width of panel p) = the gradients of columns first .. first+count-1 of x, all in
 * one panel of x, and unit panel p. */
static void kernel_gradient_block(const dlcore_kernel_gradient_t *g, size_t p, size_t first,
                                  size_t count, float *scratch)
{
    size_t width = native_panel(g->units);
    size_t rows = g->x->rows, row = 0;
    micro_t t = {
        .a_row = 1,
        .a_step = g->x->panel,
        .b_step = width,
        .gaps = no_gaps,
        .start = zeros,
        .c_row = width,
        .floor = -INFINITY,
    };

    set_columns(&t, g->units, p);
    do {
        t.k = t.a_block = dlcore_size_min(rows - row, DLCORE_NATIVE_DEPTH);
        t.a = dlcore_matrix_at(g->x, row, first / g->x->panel);
        t.ahead_row = t.k * sizeof(float);
        t.ahead =
            (uintptr_t)t.a + g->x->panel_stride * sizeof(float) + first % g->x->panel * t.ahead_row;
        t.a += first % g->x->panel;
        t.b = dlcore_matrix_at(g->dz, row, p);
        t.c = scratch;
        if (row > 0) {
            t.start = scratch;
            t.start_row = width;
        }
        multiply_tile(&t, count);
        row += t.k;
    } while (row < rows);
}

/* How many columns from `column` on, and before `last`, make one register tile: of even height
 * within a panel of x. */
static size_t tile_height(const dlcore_matrix_t *x, size_t column, size_t last)
{
    size_t left = dlcore_size_min(last - column, x->panel - column % x->panel);
    return left <= ROWS_MAX ? left : ceiling(left, ceiling(left, ROWS_MAX));
}

/* Inputs begin .. end-1 and unit panel p, one register tile after the other: the weights of the
 * next are asked for while one is computed. */
static void kernel_gradient_panel(const dlcore_kernel_gradient_t *g, size_t p, size_t begin,
                                  size_t end, float *scratch)
{
    size_t width = native_panel(g->units);
    size_t column = dlcore_matrix_column(g->x, begin), last = dlcore_matrix_column(g->x, end);
    dlcore_taking_t taking = {.sink = g->sink,
                              .offset = g->offset + p * g->inputs * width,
                              .width = width,
                              .x = g->x,
                              .input = begin};

    for (size_t count, next; column < last; column = next) {
        count = tile_height(g->x, column, last);
        next = column + count;
        if (next < last)
            dlcore_taking_expect(&taking, next, tile_height(g->x, next, last));
        kernel_gradient_block(g, p, column, count, scratch);
        dlcore_taking_columns(&taking, column, count, scratch);
    }
    dlcore_taking_end(&taking, end);
}

static void native_kernel_gradient(const dlcore_kernel_gradient_t *g, size_t tile, float *scratch)
{
    size_t step = piece_inputs(g->units);
    dlcore_native_tile_t t =
        dlcore_native_tile(kernel_gradient_grid(g->x->rows, g->inputs, g->units), tile,
                           native_panels(g->units), pieces(g->inputs, g->units));
    size_t end = dlcore_size_min(t.slice.end * step, g->inputs);

    for (size_t p = t.panels.begin; p < t.panels.end; p++)
        kernel_gradient_panel(g, p, t.slice.begin * step, end, scratch);
}

/* ---- input gradient: tiles of input panels times rows ---- */

static dlcore_native_grid_t input_gradient_grid(size_t rows, size_t inputs, size_t units)
{
    /* every tile turns its part of the kernel round, which costs as much as a few rows */
    return dlcore_native_grid(native_panels(inputs), rows / (4 * ROWS_MAX),
                              dlcore_native_cost(rows, inputs, units));
}

static size_t native_input_gradient_tiles(size_t rows, size_t inputs, size_t units)
{
    dlcore_native_grid_t grid = input_gradient_grid(rows, inputs, units);
    return grid.columns * grid.slices;
}

/* Turns up to V_WIDTH inputs by V_WIDTH units round. `next` bytes on (0: nowhere) lies what will be
 * turned next, a jump that hardware does not foresee. */
static void turn_square(const float *from, size_t row, size_t inputs, size_t units, size_t next,
                        float *to)
{
    for (size_t i = 0; next != 0 && i < V_WIDTH; i++)
        __builtin_prefetch((const void *)((uintptr_t)(from + i * row) + next));
    if (inputs >= V_WIDTH && units >= V_WIDTH) {
        transpose_four(from, row, to, NATIVE_PANEL);
        transpose_four(from + 4, row, to + 4 * NATIVE_PANEL, NATIVE_PANEL);
#if V_WIDTH == 16
        transpose_four(from + 8, row, to + 8 * NATIVE_PANEL, NATIVE_PANEL);
        transpose_four(from + 12, row, to + 12 * NATIVE_PANEL, NATIVE_PANEL);
#endif
    } else if (inputs >= V_WIDTH) {
        for (size_t u = 0; u < units; u += 4)
            transpose_four(from + u, row, to + u * NATIVE_PANEL, NATIVE_PANEL);
    } else {
        for (size_t u = 0; u < units && u < V_WIDTH; u++) {
            for (size_t i = 0; i < V_WIDTH; i++)
                to[u * NATIVE_PANEL + i] = i < inputs ? from[i * row + u] : 0.0f;
        }
    }
}

/* Scratch becomes [depth][NATIVE_PANEL]: inputs of panel p side by side, for units
 * k .. k+depth-1. */
static void turn_kernel(const dlcore_input_gradient_t *g, size_t p, size_t k, size_t depth,
                        float *scratch)
{
    size_t width = native_panel(g->units), step = native_panel(g->inputs);
    size_t count = dlcore_size_min(g->inputs - p * step, step);
    const float *from = g->kernel + k * g->inputs + p * step * width;

    for (size_t u = 0; u < depth; u += width, from += g->inputs * width) {
        size_t units = dlcore_size_min(depth - u, width);
        size_t next = depth - u > width ? g->inputs * width * sizeof(float) : 0;
        for (size_t v = 0; v < units; v += V_WIDTH) {
            for (size_t i = 0; i < count; i += V_WIDTH)
                turn_square(from + i * width + v, width, count - i, units - v, next,
                            scratch + (u + v) * NATIVE_PANEL + i);
        }
    }
}

/* dx *= derivative, in rows row .. of panel p, which are finished. */
static void apply_derivative(const dlcore_input_gradient_t *g, size_t p, size_t row, size_t rows)
{
    const float *x = dlcore_matrix_at(g->x, row, p);
    float *dx = dlcore_matrix_at(g->dx, row, p);
    size_t width = g->dx->panel, columns = dlcore_matrix_panel_columns(g->dx, p);

    if (columns == width || g->activation.kind == DLCORE_ACTIVATION_RELU) {
        dlcore_activate_gradient(g->kernels, g->activation, x, dx, rows * width);
        return;
    }
    /* where x is padding it may be anything, and times zero need not be zero */
    for (size_t r = 0; r < rows; r++)
        dlcore_activate_gradient(g->kernels, g->activation, x + r * width, dx + r * width, columns);
}

/* Rows row .. row+rows-1 of input panel p, units k .. k+depth-1. */
static void input_gradient_rows(const dlcore_input_gradient_t *g, size_t p, size_t row, size_t rows,
                                size_t k, size_t depth, const float *scratch)
{
    micro_t t = over_columns(g->dz, row, k);
    float *dx = dlcore_matrix_at(g->dx, row, p);

    set_columns(&t, g->inputs, p);
    t.k = depth;
    t.b = scratch;
    t.b_step = NATIVE_PANEL;
    t.c = dx;
    t.c_row = g->dx->panel;
    if (k > 0) {
        t.start = dx;
        t.start_row = t.c_row;
    }
    multiply_tile(&t, rows);
    if (k + depth == g->units && g->activation.kind != DLCORE_ACTIVATION_LINEAR)
        apply_derivative(g, p, row, rows);
}

static void native_input_gradient(const dlcore_input_gradient_t *g, size_t tile, float *scratch)
{
    dlcore_native_tile_t t =
        dlcore_native_tile(input_gradient_grid(g->dz->rows, g->inputs, g->units), tile,
                           native_panels(g->inputs), g->dz->rows);

    for (size_t p = t.panels.begin; p < t.panels.end; p++) {
        size_t k = 0;
        do {
            size_t depth = dlcore_size_min(g->units - k, DLCORE_NATIVE_TURNED);
            turn_kernel(g, p, k, depth, scratch);
            for (size_t row = t.slice.begin; row < t.slice.end; row += ROWS_PASS)
                input_gradient_rows(g, p, row, dlcore_size_min(t.slice.end - row, ROWS_PASS), k,
                                    depth, scratch);
            k += depth;
        } while (k < g->units);
    }
}

static const char *native_name(void)
{
    return "native " V_NAME;
}

static const dlcore_products_t native_table = {
    .name = native_name,
    .takes_index = true,
    .small = SMALL_TABLE,
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
    .kernel_gradient_tiles = native_kernel_gradient_tiles,
    .kernel_gradient = native_kernel_gradient,
    .input_gradient_tiles = native_input_gradient_tiles,
    .input_gradient = native_input_gradient,
};
