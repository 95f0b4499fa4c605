/* The BLAS engine: kernels row-major as in Keras, one panel per matrix, every product a gemm.
 *
 * Grids. Forward and input gradient are cut by output columns, so that gemm packs each part of the
 * weights once; where there are few columns, by rows. The kernel gradient is cut by inputs: a tile
 * is then a contiguous piece of the kernel, which the sink can update while it sits in cache.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/size.h"
#include "kernels/activate.h"
#include "products/blas.h"
#include "products/products.h"
#include "products/products_training.h"

enum {
    TILE_COLUMNS = 128,    /* of a forward or input-gradient tile */
    TILE_ROWS = 32,        /* at least, where rows are cut */
    SCRATCH_FLOATS = 65536 /* of a kernel-gradient tile and the like: 256 KB, a share of L2 */
};

/* A grid of column tiles times row tiles. */
typedef struct grid {
    size_t columns, rows; /* of one tile */
    size_t across, down;  /* tiles */
} grid_t;

static grid_t grid_of(size_t rows, size_t columns)
{
    grid_t grid = {.columns = columns, .rows = rows, .across = 1, .down = 1};

    if (columns >= 2 * TILE_COLUMNS) {
        grid.columns = TILE_COLUMNS;
        grid.across = (columns + TILE_COLUMNS - 1) / TILE_COLUMNS;
    } else if (rows >= 2 * TILE_ROWS) {
        grid.down = dlcore_size_min(rows / TILE_ROWS, 16);
        grid.rows = dlcore_size_round_up((rows + grid.down - 1) / grid.down, 4);
        grid.down = (rows + grid.rows - 1) / grid.rows;
    }
    return grid;
}

static size_t blas_panel(size_t columns)
{
    return dlcore_size_round_up(columns, 16);
}

/* One panel: row-major. */
static size_t blas_kernel_panel(size_t units)
{
    return units;
}

static size_t blas_kernel_floats(size_t inputs, size_t units)
{
    return dlcore_size_round_up(inputs * units, 16);
}

static void blas_pack_rows(size_t inputs, size_t units, size_t first, size_t count,
                           const float *rows, float *kernel)
{
    size_t end = (first + count) * units;

    memcpy(kernel + first * units, rows, count * units * sizeof *kernel);
    if (first + count == inputs)
        memset(kernel + end, 0, (blas_kernel_floats(inputs, units) - end) * sizeof *kernel);
}

static void blas_unpack_rows(size_t inputs, size_t units, size_t first, size_t count,
                             const float *kernel, float *rows)
{
    (void)inputs;
    memcpy(rows, kernel + first * units, count * units * sizeof *kernel);
}

static void blas_pack_kernel(size_t inputs, size_t units, const float *row_major, float *kernel)
{
    blas_pack_rows(inputs, units, 0, inputs, row_major, kernel);
}

static void blas_unpack_kernel(size_t inputs, size_t units, const float *kernel, float *row_major)
{
    blas_unpack_rows(inputs, units, 0, inputs, kernel, row_major);
}

static size_t output_tiles(size_t rows, size_t columns)
{
    grid_t grid = grid_of(rows, columns);
    return grid.across * grid.down;
}

static size_t blas_forward_tiles(size_t rows, size_t inputs, size_t units)
{
    (void)inputs;
    return output_tiles(rows, units);
}

static size_t blas_input_gradient_tiles(size_t rows, size_t inputs, size_t units)
{
    (void)units;
    return output_tiles(rows, inputs);
}

/* The rectangle of an output matrix that a tile stands for. */
typedef struct rectangle {
    size_t row, rows, column, columns;
} rectangle_t;

static rectangle_t rectangle_of(size_t rows, size_t columns, size_t tile)
{
    grid_t grid = grid_of(rows, columns);
    rectangle_t r = {.row = tile / grid.across * grid.rows,
                     .column = tile % grid.across * grid.columns};

    r.rows = dlcore_size_min(grid.rows, rows - r.row);
    r.columns = dlcore_size_min(grid.columns, columns - r.column);
    return r;
}

/* Columns of x whose weights are brought together at once, for a tile that is so wide. */
static size_t selected_columns(size_t inputs, size_t width)
{
    return dlcore_size_min(inputs, dlcore_size_max(SCRATCH_FLOATS / width, 1));
}

/* y += x kernel, where x leaves inputs out: their weights are passed over by copying the others. */
static void multiply_selected(const dlcore_forward_t *p, const rectangle_t *r, float *y, float beta,
                              float *scratch)
{
    const dlcore_matrix_t *x = p->x;
    size_t step = selected_columns(p->inputs, r->columns);

    for (size_t first = 0; first < x->columns; first += step) {
        size_t count = dlcore_size_min(step, x->columns - first);

        for (size_t c = 0; c < count; c++)
            memcpy(scratch + c * r->columns, p->kernel + x->index[first + c] * p->units + r->column,
                   r->columns * sizeof *scratch);
        dlcore_gemm(false, false, r->rows, r->columns, count, 1.0f,
                    x->data + r->row * x->panel + first, x->panel, scratch, r->columns,
                    first > 0 ? 1.0f : beta, y, p->y->panel);
    }
}

static void blas_forward(const dlcore_forward_t *p, size_t tile, float *scratch)
{
    rectangle_t r = rectangle_of(p->x->rows, p->units, tile);
    float *y = p->y->data + r.row * p->y->panel + r.column;
    float beta = p->bias != NULL ? 1.0f : 0.0f;

    if (p->bias != NULL) {
        for (size_t i = 0; i < r.rows; i++)
            memcpy(y + i * p->y->panel, p->bias + r.column, r.columns * sizeof *y);
    }
    if (p->x->index != NULL)
        multiply_selected(p, &r, y, beta, scratch);
    else
        dlcore_gemm(false, false, r.rows, r.columns, p->inputs, 1.0f,
                    p->x->data + r.row * p->x->panel, p->x->panel, p->kernel + r.column, p->units,
                    beta, y, p->y->panel);
    if (p->activation.kind != DLCORE_ACTIVATION_LINEAR) {
        for (size_t i = 0; i < r.rows; i++)
            dlcore_activate(p->kernels, p->activation, y + i * p->y->panel, r.columns);
    }
}

static void blas_input_gradient(const dlcore_input_gradient_t *p, size_t tile, float *scratch)
{
    rectangle_t r = rectangle_of(p->dz->rows, p->inputs, tile);
    float *dx = p->dx->data + r.row * p->dx->panel + r.column;

    (void)scratch;
    dlcore_gemm(false, true, r.rows, r.columns, p->units, 1.0f, p->dz->data + r.row * p->dz->panel,
                p->dz->panel, p->kernel + r.column * p->units, p->units, 0.0f, dx, p->dx->panel);
    if (p->activation.kind != DLCORE_ACTIVATION_LINEAR) {
        const float *x = p->x->data + r.row * p->x->panel + r.column;
        for (size_t i = 0; i < r.rows; i++)
            dlcore_activate_gradient(p->kernels, p->activation, x + i * p->x->panel,
                                     dx + i * p->dx->panel, r.columns);
    }
    if (r.column + r.columns == p->inputs) {
        for (size_t i = 0; i < r.rows; i++)
            memset(dx + i * p->dx->panel + r.columns, 0, (p->dx->panel - p->inputs) * sizeof *dx);
    }
}

/* Inputs per kernel-gradient tile; the number of tiles is a power of two where it can be, so that
 * they spread evenly over most thread counts. */
static size_t gradient_tile_inputs(size_t inputs, size_t units)
{
    size_t tiles = 1;

    while (tiles < inputs && inputs * units > tiles * SCRATCH_FLOATS)
        tiles *= 2;
    return (inputs + tiles - 1) / tiles;
}

static size_t blas_kernel_gradient_tiles(size_t rows, size_t inputs, size_t units)
{
    size_t each = gradient_tile_inputs(inputs, units);

    (void)rows;
    return (inputs + each - 1) / each;
}

static void blas_kernel_gradient(const dlcore_kernel_gradient_t *p, size_t tile, float *scratch)
{
    size_t each = gradient_tile_inputs(p->inputs, p->units);
    size_t begin = tile * each, end = dlcore_size_min(begin + each, p->inputs);
    size_t first = dlcore_matrix_column(p->x, begin), last = dlcore_matrix_column(p->x, end);
    dlcore_taking_t taking = {
        .sink = p->sink, .offset = p->offset, .width = p->units, .x = p->x, .input = begin};

    if (last > first) {
        dlcore_gemm(true, false, last - first, p->units, p->x->rows, 1.0f, p->x->data + first,
                    p->x->panel, p->dz->data, p->dz->panel, 0.0f, scratch, p->units);
        dlcore_taking_columns(&taking, first, last - first, scratch);
    }
    dlcore_taking_end(&taking, end);
}

static size_t blas_scratch_floats(size_t rows, size_t inputs, size_t units)
{
    size_t gradient = gradient_tile_inputs(inputs, units) * units;

    size_t width = grid_of(rows, units).columns;

    return dlcore_size_max(gradient, selected_columns(inputs, width) * width);
}

static const dlcore_products_t blas_table = {
    .engine = DLCORE_PRODUCTS_BLAS,
    .name = dlcore_blas_name,
    .enter = dlcore_blas_enter,
    .leave = dlcore_blas_leave,
    .enter_worker = dlcore_blas_enter_worker,
    .leave_worker = dlcore_blas_leave_worker,
    .is_concurrent = dlcore_blas_is_concurrent,
    .takes_index = true,
    .panel = blas_panel,
    .kernel_floats = blas_kernel_floats,
    .kernel_panel = blas_kernel_panel,
    .pack_kernel = blas_pack_kernel,
    .unpack_kernel = blas_unpack_kernel,
    .pack_rows = blas_pack_rows,
    .unpack_rows = blas_unpack_rows,
    .scratch_floats = blas_scratch_floats,
    .forward_tiles = blas_forward_tiles,
    .forward = blas_forward,
};

const dlcore_products_training_t dlcore_products_training_blas = {
    .kernel_gradient_tiles = blas_kernel_gradient_tiles,
    .kernel_gradient = blas_kernel_gradient,
    .input_gradient_tiles = blas_input_gradient_tiles,
    .input_gradient = blas_input_gradient,
};

const dlcore_products_t *dlcore_products_blas(void)
{
    return &blas_table;
}
