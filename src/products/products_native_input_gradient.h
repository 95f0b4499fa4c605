/* The gradient by the inputs: tiles of input panels times rows. Part of
 * products_native_template.h.
 *
 * SPDX-License-Identifier: MIT */

static dlcore_native_grid_t input_gradient_grid(size_t rows, size_t inputs, size_t units,
                                                size_t workers)
{
    /* every tile turns its part of the kernel round, which costs as much as a few rows */
    return dlcore_native_grid(native_panels(inputs), rows / (4 * ROWS_MAX),
                              dlcore_native_cost(rows, inputs, units), workers);
}

static size_t native_input_gradient_tiles(size_t rows, size_t inputs, size_t units, size_t workers)
{
    dlcore_native_grid_t grid = input_gradient_grid(rows, inputs, units, workers);
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

/* Inputs of panel p side by side, for units k .. k+depth-1: in scratch, or where pairs lie so. */
static const float *turned_kernel(const dlcore_input_gradient_t *g, size_t p, size_t k,
                                  size_t depth, float *scratch)
{
    if (g->pairs != NULL)
        return g->kernel + (p * g->units + k) * native_panel(g->inputs);
    turn_kernel(g, p, k, depth, scratch);
    return scratch;
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
                                size_t k, size_t depth, const float *turned)
{
    micro_t t = over_columns(g->dz, row, k, g->pairs);
    float *dx = dlcore_matrix_at(g->dx, row, p);

    set_columns(&t, g->inputs, p);
    t.k = depth;
    t.b = turned;
    t.b_step = g->pairs != NULL ? native_panel(g->inputs) : NATIVE_PANEL;
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

static void input_gradient_tile(const dlcore_input_gradient_t *g, size_t tile, float *scratch)
{
    dlcore_native_tile_t t =
        dlcore_native_tile(input_gradient_grid(g->dz->rows, g->inputs, g->units, g->workers), tile,
                           native_panels(g->inputs), g->dz->rows);

    for (size_t p = t.panels.begin; p < t.panels.end; p++) {
        size_t k = 0;
        do {
            size_t depth = dlcore_size_min(g->units - k, DLCORE_NATIVE_TURNED);
            const float *turned = turned_kernel(g, p, k, depth, scratch);
            for (size_t row = t.slice.begin; row < t.slice.end; row += ROWS_PASS)
                input_gradient_rows(g, p, row, dlcore_size_min(t.slice.end - row, ROWS_PASS), k,
                                    depth, turned);
            k += depth;
        } while (k < g->units);
    }
}

static void native_input_gradient(const dlcore_input_gradient_t *g, size_t begin, size_t end,
                                  float *scratch)
{
    for (size_t tile = begin; tile < end; tile++)
        input_gradient_tile(g, tile, scratch);
}
