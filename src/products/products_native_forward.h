/* The forward product: tiles of unit panels times rows. Part of
 * products_native_template.h.
 *
 * SPDX-License-Identifier: MIT */

static dlcore_native_grid_t forward_grid(size_t rows, size_t inputs, size_t units, size_t workers)
{
    return dlcore_native_grid(native_panels(units), rows / (2 * ROWS_MAX),
                              dlcore_native_cost(rows, inputs, units), workers);
}

static size_t native_forward_tiles(size_t rows, size_t inputs, size_t units, size_t workers)
{
    dlcore_native_grid_t grid = forward_grid(rows, inputs, units, workers);
    return grid.columns * grid.slices;
}

/* Rows row .. row+rows-1 of unit panel p, and in the wide form of the next, too; columns k ..
 * k+depth-1 of x. */
static void forward_piece(const dlcore_forward_t *f, size_t p, bool wide, size_t row, size_t rows,
                          size_t k, size_t depth)
{
    bool last = k + depth == f->x->columns;
    micro_t t = over_columns(f->x, row, k, f->pairs);
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
        multiply_wide(&t, rows);
    else
        multiply_tile(&t, rows);
    if (!last || f->activation.kind == DLCORE_ACTIVATION_RELU)
        return;
    dlcore_activate(f->kernels, f->activation, y, rows * width);
    if (wide)
        dlcore_activate(f->kernels, f->activation, y + t.c_panel, rows * width);
}

/* One group of rows of unit panel p, which leaves out what is zero in all of them. */
static void forward_group(const dlcore_forward_t *f, size_t p, size_t group)
{
    dlcore_native_range_t rows = dlcore_native_part(f->x->rows, group, row_groups(f->x->rows));
    const uint32_t *list = list_of_rows(f->inputs, f->x->zeros, group);
    size_t count = rows.end - rows.begin;
    micro_t t = over_columns(f->x, rows.begin, 0, NULL);
    size_t width = native_panel(f->units);

    set_columns(&t, f->units, p);
    if (t.vectors == 1) {
        forward_piece(f, p, false, rows.begin, count, 0, f->x->columns);
        return;
    }
    t.k = list[LIST_COUNT];
    t.a += list[LIST_A];
    t.b = f->kernel + p * f->inputs * width + list[LIST_B];
    t.steps = list + LIST_STEPS;
    t.c = dlcore_matrix_at(f->y, rows.begin, p);
    t.c_row = width;
    if (f->bias != NULL)
        t.start = f->bias + p * width;
    if (f->activation.kind == DLCORE_ACTIVATION_RELU)
        t.floor = 0.0f;
    sparing_micros[count - ROWS_SPARING](&t);
    if (f->activation.kind != DLCORE_ACTIVATION_RELU)
        dlcore_activate(f->kernels, f->activation, dlcore_matrix_at(f->y, rows.begin, p),
                        count * width);
}

static void forward_tile_of_groups(const dlcore_forward_t *f, size_t tile)
{
    size_t step = ROWS_PASS / ROWS_MAX;
    dlcore_native_tile_t t =
        dlcore_native_tile(forward_grid(f->x->rows, f->inputs, f->units, f->workers), tile,
                           native_panels(f->units), row_groups(f->x->rows));

    for (size_t first = t.slice.begin; first < t.slice.end; first += step) {
        size_t end = dlcore_size_min(first + step, t.slice.end);
        for (size_t p = t.panels.begin; p < t.panels.end; p++) {
            for (size_t group = first; group < end; group++)
                forward_group(f, p, group);
        }
    }
}

static void forward_tile(const dlcore_forward_t *f, size_t tile)
{
    dlcore_native_tile_t t =
        dlcore_native_tile(forward_grid(f->x->rows, f->inputs, f->units, f->workers), tile,
                           native_panels(f->units), f->x->rows);
    size_t k = 0;

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

static void native_forward(const dlcore_forward_t *f, size_t begin, size_t end, float *scratch)
{
    bool sparing = f->x->zeros != NULL && f->pairs == NULL;

    (void)scratch;
    for (size_t tile = begin; tile < end; tile++)
        (sparing ? forward_tile_of_groups : forward_tile)(f, tile);
}
