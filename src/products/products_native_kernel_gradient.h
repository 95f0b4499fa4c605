/* The gradient by the kernel: tiles of unit panels times inputs. Part of
 * products_native_template.h.
 *
 * SPDX-License-Identifier: MIT */

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
        .tiles = g->pairs != NULL ? g->pairs : &micro_tiles,
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
 * within a panel of x. Of pairs it is a multiple of 4, as their copies of the kernel are written.
 */
static size_t tile_height(const dlcore_kernel_gradient_t *g, size_t column, size_t last)
{
    size_t left = dlcore_size_min(last - column, g->x->panel - column % g->x->panel), height;

    if (left <= ROWS_MAX)
        return left;
    height = ceiling(left, ceiling(left, ROWS_MAX));
    return g->pairs != NULL && ROWS_MAX % 4 == 0 ? dlcore_size_round_up(height, 4) : height;
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
                              .stride = width,
                              .x = g->x,
                              .input = begin};

    for (size_t count, next; column < last; column = next) {
        count = tile_height(g, column, last);
        next = column + count;
        if (next < last)
            dlcore_taking_expect(&taking, next, tile_height(g, next, last));
        kernel_gradient_block(g, p, column, count, scratch);
        dlcore_taking_columns(&taking, column, count, scratch);
    }
    dlcore_taking_end(&taking, end);
}

static void kernel_gradient_tile(const dlcore_kernel_gradient_t *g, size_t tile, float *scratch)
{
    size_t step = piece_inputs(g->units);
    dlcore_native_tile_t t =
        dlcore_native_tile(kernel_gradient_grid(g->x->rows, g->inputs, g->units), tile,
                           native_panels(g->units), pieces(g->inputs, g->units));
    size_t end = dlcore_size_min(t.slice.end * step, g->inputs);

    for (size_t p = t.panels.begin; p < t.panels.end; p++)
        kernel_gradient_panel(g, p, t.slice.begin * step, end, scratch);
}

static void native_kernel_gradient(const dlcore_kernel_gradient_t *g, size_t begin, size_t end,
                                   float *scratch)
{
    for (size_t tile = begin; tile < end; tile++)
        kernel_gradient_tile(g, tile, scratch);
}
