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

static dlcore_native_grid_t kernel_gradient_grid(size_t rows, size_t inputs, size_t units,
                                                 size_t workers)
{
    return dlcore_native_grid(native_panels(units), pieces(inputs, units),
                              dlcore_native_cost(rows, inputs, units), workers);
}

static size_t native_kernel_gradient_tiles(size_t rows, size_t inputs, size_t units, size_t workers)
{
    dlcore_native_grid_t grid = kernel_gradient_grid(rows, inputs, units, workers);
    return grid.columns * grid.slices;
}

/* What all register tiles of unit panel p have in common; their gradients go to scratch. A tile
 * takes less than a thousand cycles, of which setting all of this anew was a tenth. */
static micro_t kernel_gradient_micro(const dlcore_kernel_gradient_t *g, size_t p, float *scratch)
{
    size_t width = native_panel(g->units);
    micro_t t = {
        .tiles = g->pairs != NULL ? g->pairs : &micro_tiles,
        .tall = g->pairs != NULL         ? g->pairs->across
                : HAS_TALL(MICRO_FLOATS) ? micro_across
                                         : NULL,
        .a_row = 1,
        .a_step = g->x->panel,
        .b_step = width,
        .gaps = no_gaps,
        .start = zeros,
        .c = scratch,
        .c_row = width,
        .floor = -INFINITY,
    };

    set_columns(&t, g->units, p);
    return t;
}

/* Scratch (count, width of panel p) = the gradients of columns first .. first+count-1 of x, all in
 * one panel of x, and unit panel p. */
static void kernel_gradient_block(const dlcore_kernel_gradient_t *g, micro_t *t, size_t p,
                                  size_t first, size_t count)
{
    size_t rows = g->x->rows, row = 0, within = first % g->x->panel;
    float *const scratch = t->c;

    do {
        t->k = t->a_block = dlcore_size_min(rows - row, DLCORE_NATIVE_DEPTH);
        t->a = dlcore_matrix_at(g->x, row, first / g->x->panel);
        t->ahead_row = t->k * sizeof(float);
        t->ahead = (uintptr_t)t->a + g->x->panel_stride * sizeof(float) + within * t->ahead_row;
        t->a += within;
        t->b = dlcore_matrix_at(g->dz, row, p);
        t->start = row > 0 ? scratch : zeros;
        t->start_row = row > 0 ? t->c_row : 0;
        multiply_tile(t, count);
        t->c = scratch;
        row += t->k;
    } while (row < rows);
}

/* How many columns from `column` on, and before `last`, make one register tile: of even height
 * within a panel of x. Of pairs it is a multiple of 4, as their copies of the kernel are written.
 */
static size_t tile_height(const dlcore_kernel_gradient_t *g, size_t column, size_t last)
{
    size_t height = group_height(g->x, column, last), most = ROWS_MAX;
    size_t left = dlcore_size_min(last - column, g->x->panel - column % g->x->panel);

    if (left > height && g->pairs != NULL && most % 4 == 0)
        return dlcore_size_round_up(height, 4);
    return height;
}

static bool knows_zeros(const dlcore_kernel_gradient_t *g)
{
    return g->x->zeros != NULL && g->pairs == NULL;
}

/* The gradients of one register tile, without the rows in which all of these columns are zero. */
static void kernel_gradient_group(const dlcore_kernel_gradient_t *g, micro_t *t, size_t p,
                                  size_t first, size_t count)
{
    const uint32_t *list = list_of_columns(g->x, g->inputs, g->x->zeros, first);

    if (count < ROWS_SPARING || t->vectors < 2) {
        kernel_gradient_block(g, t, p, first, count);
        return;
    }
    t->a = dlcore_matrix_at(g->x, 0, first / g->x->panel) + first % g->x->panel + list[LIST_A];
    t->k = list[LIST_COUNT];
    t->b = dlcore_matrix_at(g->dz, 0, p) + list[LIST_B];
    t->steps = list + LIST_STEPS;
    t->start = zeros;
    t->start_row = 0;
    sparing_micros[count - ROWS_SPARING](t);
}

typedef struct gradient_columns {
    size_t first, last;   /* of x: first .. last-1 */
    size_t input, inputs; /* which they stand for: input .. inputs-1 */
} gradient_columns_t;

/* Slice begin .. end-1 of a tile's: pieces of inputs; or, where zeros were noted, panels of x,
 * which may leave inputs out, so that register tiles lie the same way in each. */
static gradient_columns_t gradient_columns(const dlcore_kernel_gradient_t *g,
                                           dlcore_native_range_t slice)
{
    size_t step = piece_inputs(g->units);
    gradient_columns_t c;

    if (knows_zeros(g)) {
        c.first = slice.begin * g->x->panel;
        c.last = dlcore_size_min(slice.end * g->x->panel, g->x->columns);
        c.input = c.first > 0 ? dlcore_matrix_input(g->x, c.first - 1) + 1 : 0;
        c.inputs = c.last < g->x->columns ? dlcore_matrix_input(g->x, c.last - 1) + 1 : g->inputs;
    } else {
        c.input = slice.begin * step;
        c.inputs = dlcore_size_min(slice.end * step, g->inputs);
        c.first = dlcore_matrix_column(g->x, c.input);
        c.last = dlcore_matrix_column(g->x, c.inputs);
    }
    return c;
}

/* Those columns and unit panel p, one register tile after the other: the weights of the next are
 * asked for while one is computed. */
static void kernel_gradient_panel(const dlcore_kernel_gradient_t *g, size_t p, gradient_columns_t c,
                                  float *scratch)
{
    size_t width = native_panel(g->units);
    dlcore_taking_t taking = {.sink = g->sink,
                              .offset = g->offset + p * g->inputs * width,
                              .width = width,
                              .stride = width,
                              .x = g->x,
                              .input = c.input};
    micro_t tile = kernel_gradient_micro(g, p, scratch);

    for (size_t column = c.first, count, next; column < c.last; column = next) {
        count = tile_height(g, column, c.last);
        next = column + count;
        if (next < c.last)
            dlcore_taking_expect(&taking, next, tile_height(g, next, c.last));
        (knows_zeros(g) ? kernel_gradient_group : kernel_gradient_block)(g, &tile, p, column,
                                                                         count);
        dlcore_taking_columns(&taking, column, count, scratch);
    }
    dlcore_taking_end(&taking, c.inputs);
}

static void kernel_gradient_tile(const dlcore_kernel_gradient_t *g, size_t tile, float *scratch)
{
    dlcore_native_grid_t grid = kernel_gradient_grid(g->x->rows, g->inputs, g->units, g->workers);
    size_t slices = knows_zeros(g) ? dlcore_matrix_panels(g->x) : pieces(g->inputs, g->units);
    dlcore_native_tile_t t = dlcore_native_tile(grid, tile, native_panels(g->units), slices);

    if (t.slice.begin == t.slice.end)
        return;
    for (size_t p = t.panels.begin; p < t.panels.end; p++)
        kernel_gradient_panel(g, p, gradient_columns(g, t.slice), scratch);
}

static void native_kernel_gradient(const dlcore_kernel_gradient_t *g, size_t begin, size_t end,
                                   float *scratch)
{
    for (size_t tile = begin; tile < end; tile++)
        kernel_gradient_tile(g, tile, scratch);
}
