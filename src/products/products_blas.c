/* The BLAS engine: kernels row-major as in Keras, one panel per matrix, every product a gemm.
 *
 * A gemm packs both operands anew, so calls should be few and large: a worker makes one of all its
 * tiles where the BLAS gives an element the same bits in a large product as in a part of it
 * (dlcore_blas_sums_alike), for parts that begin at multiples of 64 and are not small. Elsewhere
 * each tile is a call, so that bits do not depend on the number of workers.
 *
 * Forward and input gradient are cut along the longer side of their result. The kernel gradient is
 * cut by inputs: its tiles are contiguous stretches of the kernel, computed in pieces that the sink
 * uses to update while they lie in cache.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/size.h"
#include "kernels/activate.h"
#include "products/blas.h"
#include "products/products.h"
#include "products/products_training.h"

enum {
    UNIT_JOINED = 64,      /* rows or columns of a tile, where tiles are joined ... */
    UNIT_ALONE = 256,      /* ... and where each is a call, which packs an operand of its own */
    TILES_ALONE = 8,       /* at most then */
    TILES_SMALL = 4,       /* at most, of a small product */
    PIECE_UNITS = 1024,    /* of a kernel gradient that is computed at once, at most */
    SELECTED_INPUTS = 256, /* whose weights are brought together at once, and ... */
    SELECTED_UNITS = 256,  /* ... how many of each */
    SCRATCH_LEAST = 65536, /* SELECTED_INPUTS x SELECTED_UNITS */
    SCRATCH_MOST = 1048576 /* 4 MB, of large kernels */
};

/* Multiplications from which a product is large: OpenBLAS has kernels for small matrices up to
 * 10^6, which add up in another order and pack nothing. */
#define LARGE_PRODUCT ((uint64_t)1 << 20)
/* Of a small product's tile, at least. */
#define SMALL_PRODUCT ((uint64_t)1 << 17)

/* How a side of a result is cut: tiles of `unit`, the last one longer. */
typedef struct cut {
    size_t unit, tiles;
    bool joins; /* a worker's tiles become one */
} cut_t;

/* Of a side of length n, each of whose elements takes `each` multiplications. */
static cut_t cut_along(size_t n, uint64_t each)
{
    cut_t cut = {.joins = dlcore_blas_sums_alike()};

    if (n * each < 2 * LARGE_PRODUCT) {
        size_t wanted = dlcore_size_min((size_t)(n * each / SMALL_PRODUCT), TILES_SMALL);
        wanted = dlcore_size_max(wanted, 1);
        cut.joins = false;
        cut.unit = dlcore_size_round_up((n + wanted - 1) / wanted, 16);
    } else {
        cut.unit = cut.joins ? UNIT_JOINED
                             : dlcore_size_max(UNIT_ALONE,
                                               dlcore_size_round_up(n / TILES_ALONE, UNIT_JOINED));
        while (cut.unit * each < LARGE_PRODUCT)
            cut.unit *= 2;
    }
    cut.tiles = dlcore_size_max(n / cut.unit, 1);
    return cut;
}

typedef struct part {
    size_t begin, end;
} part_t;

/* Tiles begin .. end-1 of a side that was cut, or of what is left of its n: fewer units then. */
static part_t part_of(cut_t cut, size_t n, size_t begin, size_t end)
{
    size_t units = dlcore_size_max(n / cut.unit, 1);

    return (part_t){begin * units / cut.tiles * cut.unit,
                    end == cut.tiles ? n : end * units / cut.tiles * cut.unit};
}

/* A result (rows, columns) is cut by columns unless it has more rows. */
static bool is_cut_by_rows(size_t rows, size_t columns)
{
    return rows > columns;
}

static cut_t cut_of(size_t rows, size_t columns, size_t depth)
{
    if (is_cut_by_rows(rows, columns))
        return cut_along(rows, (uint64_t)columns * depth);
    return cut_along(columns, (uint64_t)rows * depth);
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

static size_t blas_forward_tiles(size_t rows, size_t inputs, size_t units, size_t workers)
{
    (void)workers;
    return cut_of(rows, units, inputs).tiles;
}

static size_t blas_input_gradient_tiles(size_t rows, size_t inputs, size_t units, size_t workers)
{
    (void)workers;
    return cut_of(rows, inputs, units).tiles;
}

/* The rectangle of an output matrix that some tiles stand for. */
typedef struct rectangle {
    size_t row, rows, column, columns;
} rectangle_t;

static rectangle_t rectangle_of(size_t rows, size_t columns, cut_t cut, size_t begin, size_t end)
{
    bool by_rows = is_cut_by_rows(rows, columns);
    part_t part = part_of(cut, by_rows ? rows : columns, begin, end);

    if (by_rows)
        return (rectangle_t){part.begin, part.end - part.begin, 0, columns};
    return (rectangle_t){0, rows, part.begin, part.end - part.begin};
}

/* C = op(A) B, or C += op(A) B, of floats or of pairs. */
static void blas_multiply(const dlcore_tiles_t *pairs, bool transpose_a, size_t m, size_t n,
                          size_t k, const float *a, size_t lda, const float *b, size_t ldb,
                          bool adds, float *c, size_t ldc)
{
    if (pairs != NULL)
        pairs->gemm(transpose_a, m, n, k, a, lda, b, ldb, adds, c, ldc);
    else
        dlcore_gemm(transpose_a, false, m, n, k, 1.0f, a, lda, b, ldb, adds ? 1.0f : 0.0f, c, ldc);
}

/* The length of the parts of n, of equal length but the last, that are at most `most` long. */
static size_t even_part(size_t n, size_t most)
{
    size_t parts = (n + most - 1) / most;
    return (n + parts - 1) / parts;
}

/* The same; each begins at a multiple of UNIT_JOINED. */
static size_t aligned_part(size_t n, size_t most)
{
    return dlcore_size_min(dlcore_size_round_up(even_part(n, most), UNIT_JOINED), n);
}

/* y += x kernel, where x leaves inputs out: their weights are passed over by copying the others. */
static void multiply_selected(const dlcore_forward_t *p, const rectangle_t *r, float *y,
                              float *scratch)
{
    const dlcore_matrix_t *x = p->x;
    const float *from = p->kernel + r->column;
    size_t step = even_part(x->columns, SELECTED_INPUTS);

    for (size_t column = 0; column < r->columns; column += SELECTED_UNITS) {
        size_t columns = dlcore_size_min(SELECTED_UNITS, r->columns - column);

        for (size_t first = 0; first < x->columns; first += step) {
            size_t count = dlcore_size_min(step, x->columns - first);

            for (size_t c = 0; c < count; c++)
                memcpy(scratch + c * columns, from + x->index[first + c] * p->units + column,
                       columns * sizeof *scratch);
            blas_multiply(p->pairs, false, r->rows, columns, count,
                          x->data + r->row * x->panel + first, x->panel, scratch, columns, true,
                          y + column, p->y->panel);
        }
    }
}

/* Sums begin at the bias, or zeros: OpenBLAS has another way for products that are added to
 * nothing, up to a size. */
static void forward_part(const dlcore_forward_t *p, const rectangle_t *r, float *scratch)
{
    float *y = p->y->data + r->row * p->y->panel + r->column;

    for (size_t i = 0; i < r->rows; i++) {
        if (p->bias != NULL)
            memcpy(y + i * p->y->panel, p->bias + r->column, r->columns * sizeof *y);
        else
            memset(y + i * p->y->panel, 0, r->columns * sizeof *y);
    }
    if (p->x->index != NULL)
        multiply_selected(p, r, y, scratch);
    else
        blas_multiply(p->pairs, false, r->rows, r->columns, p->inputs,
                      p->x->data + r->row * p->x->panel, p->x->panel, p->kernel + r->column,
                      p->units, true, y, p->y->panel);
    if (p->activation.kind != DLCORE_ACTIVATION_LINEAR) {
        for (size_t i = 0; i < r->rows; i++)
            dlcore_activate(p->kernels, p->activation, y + i * p->y->panel, r->columns);
    }
}

/* The tiles that are computed at once, of begin .. end-1: where they end. */
static size_t joined_end(cut_t cut, size_t begin, size_t end)
{
    return cut.joins ? end : begin + 1;
}

static cut_t forward_cut(const dlcore_forward_t *p)
{
    size_t rows = p->x->rows, columns = p->x->columns;
    cut_t cut = cut_of(rows, p->units, p->inputs);

    if (p->x->index != NULL) { /* the last of its parts must be large, too */
        size_t step = even_part(columns, SELECTED_INPUTS);
        size_t last = columns - (columns - 1) / step * step;
        size_t other = is_cut_by_rows(rows, p->units) ? p->units : rows;
        cut.joins = cut.joins && (uint64_t)cut.unit * other * last >= LARGE_PRODUCT;
    }
    return cut;
}

static void blas_forward(const dlcore_forward_t *p, size_t begin, size_t end, float *scratch)
{
    cut_t cut = forward_cut(p);

    for (size_t next; begin < end; begin = next) {
        next = joined_end(cut, begin, end);
        rectangle_t r = rectangle_of(p->x->rows, p->units, cut, begin, next);
        forward_part(p, &r, scratch);
    }
}

static void input_gradient_part(const dlcore_input_gradient_t *p, const rectangle_t *r)
{
    float *dx = p->dx->data + r->row * p->dx->panel + r->column;
    const float *dz = p->dz->data + r->row * p->dz->panel;

    if (p->pairs != NULL) /* whose kernel is turned round */
        p->pairs->gemm(false, r->rows, r->columns, p->units, dz, p->dz->panel,
                       p->kernel + r->column, p->inputs, false, dx, p->dx->panel);
    else
        dlcore_gemm(false, true, r->rows, r->columns, p->units, 1.0f, dz, p->dz->panel,
                    p->kernel + r->column * p->units, p->units, 0.0f, dx, p->dx->panel);
    if (p->activation.kind != DLCORE_ACTIVATION_LINEAR) {
        const float *x = p->x->data + r->row * p->x->panel + r->column;
        for (size_t i = 0; i < r->rows; i++)
            dlcore_activate_gradient(p->kernels, p->activation, x + i * p->x->panel,
                                     dx + i * p->dx->panel, r->columns);
    }
    if (r->column + r->columns == p->inputs) {
        for (size_t i = 0; i < r->rows; i++)
            memset(dx + i * p->dx->panel + r->columns, 0, (p->dx->panel - p->inputs) * sizeof *dx);
    }
}

static void blas_input_gradient(const dlcore_input_gradient_t *p, size_t begin, size_t end,
                                float *scratch)
{
    cut_t cut = cut_of(p->dz->rows, p->inputs, p->units);

    (void)scratch;
    for (size_t next; begin < end; begin = next) {
        next = joined_end(cut, begin, end);
        rectangle_t r = rectangle_of(p->dz->rows, p->inputs, cut, begin, next);
        input_gradient_part(p, &r);
    }
}

/* An eighth of the kernel, within bounds. */
static size_t scratch_most(size_t inputs, size_t units)
{
    size_t wanted = dlcore_size_max(inputs * units / 8, SCRATCH_LEAST);
    return dlcore_size_min(wanted, SCRATCH_MOST);
}

/* A kernel gradient is computed in pieces that the scratch has room for: so many units ... */
static size_t piece_units(size_t units)
{
    return aligned_part(units, PIECE_UNITS);
}

/* ... of so many inputs. */
static size_t piece_inputs(size_t inputs, size_t units)
{
    return scratch_most(inputs, units) / piece_units(units) / UNIT_JOINED * UNIT_JOINED;
}

static cut_t gradient_cut(size_t rows, size_t inputs, size_t units)
{
    size_t width = piece_units(units), last = units - (units - 1) / width * width;
    cut_t cut = cut_along(inputs, (uint64_t)rows * last);

    cut.joins = cut.joins && cut.unit == UNIT_JOINED;
    return cut;
}

static size_t blas_kernel_gradient_tiles(size_t rows, size_t inputs, size_t units, size_t workers)
{
    (void)workers;
    return gradient_cut(rows, inputs, units).tiles;
}

/* Columns of x from `first`, `count` of them: all units of each input, in pieces. What x leaves out
 * up to `end` gets zeros. */
static void gradient_pieces(const dlcore_kernel_gradient_t *p, size_t first, size_t count,
                            dlcore_taking_t taking, size_t end, float *scratch)
{
    size_t offset = taking.offset, width = piece_units(p->units);

    for (size_t unit = 0; unit < p->units; unit += width) {
        dlcore_taking_t of_units = taking;

        of_units.width = dlcore_size_min(width, p->units - unit);
        of_units.offset = offset + unit;
        blas_multiply(p->pairs, true, count, of_units.width, p->x->rows, p->x->data + first,
                      p->x->panel, p->dz->data + unit, p->dz->panel, false, scratch,
                      of_units.width);
        dlcore_taking_columns(&of_units, first, count, scratch);
        dlcore_taking_end(&of_units, end);
    }
}

/* The input from which on gradients belong to column c of x: there and before it, what x leaves
 * out since the column before. */
static size_t input_from(const dlcore_kernel_gradient_t *p, size_t column)
{
    if (column == 0)
        return 0;
    return column == p->x->columns ? p->inputs : dlcore_matrix_input(p->x, column - 1) + 1;
}

static void gradient_part(const dlcore_kernel_gradient_t *p, part_t part, float *scratch)
{
    size_t step = piece_inputs(p->inputs, p->units);

    for (size_t first = part.begin, count; first < part.end; first += count) {
        count = part.end - first < step + UNIT_JOINED ? part.end - first : step;
        dlcore_taking_t taking = {.sink = p->sink,
                                  .offset = p->offset,
                                  .stride = p->units,
                                  .x = p->x,
                                  .input = input_from(p, first)};

        gradient_pieces(p, first, count, taking, input_from(p, first + count), scratch);
    }
}

static void blas_kernel_gradient(const dlcore_kernel_gradient_t *p, size_t begin, size_t end,
                                 float *scratch)
{
    cut_t cut = gradient_cut(p->x->rows, p->inputs, p->units);

    for (size_t next; begin < end; begin = next) {
        next = joined_end(cut, begin, end);
        gradient_part(p, part_of(cut, p->x->columns, begin, next), scratch);
    }
}

static size_t blas_scratch_floats(size_t rows, size_t inputs, size_t units)
{
    size_t pieces = scratch_most(inputs, units) + UNIT_JOINED * piece_units(units);

    (void)rows;
    return dlcore_size_min(inputs * units, pieces);
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
