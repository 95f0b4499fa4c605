/* What the native packed engines share: shapes, grids and packing, which need no vectors.
 *
 * Layout. A kernel (inputs, units) lies in panels [ceil(units / P)][inputs][P], where P is the
 * engine's panel width for a matrix of `units` columns; units beyond the last are zero. Matrices
 * are panels of the same widths (matrix.h), so a register tile of some rows by P units reads one
 * contiguous stream of weights and a few contiguous streams of inputs, and nothing is packed while
 * a network trains.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_PRODUCTS_PRODUCTS_NATIVE_H
#define DLCORE_PRODUCTS_PRODUCTS_NATIVE_H

#include "system/compiler.h"

#include <stddef.h>
#include <stdint.h>

#include "base/size.h"
#include "products/products.h"

DLCORE_HIDDEN_BEGIN

/* Panel width of matrices with at most that many columns, whatever the engine: the last layer of a
 * classifier has few units, and a wide panel would multiply zeros. */
#define DLCORE_NATIVE_NARROW 16

/* Floats of a kernel gradient that are handed to the sink at once. With the weights and the
 * optimizer's state that belong to them they stay in the first-level cache. */
#define DLCORE_NATIVE_PIECE 1024

/* Longest stretch of a sum that runs in registers before it is put down in the result: keeps the
 * operand that all row blocks share in the second-level cache. */
#define DLCORE_NATIVE_DEPTH 1024

/* Units whose weights an input gradient turns round at once: 64 KB of scratch. */
#define DLCORE_NATIVE_TURNED 512

/* Column panels times slices of the other axis (rows, or inputs of a kernel gradient). */
typedef struct dlcore_native_grid {
    size_t columns;
    size_t slices;
} dlcore_native_grid_t;

typedef struct dlcore_native_range {
    size_t begin;
    size_t end;
} dlcore_native_range_t;

typedef struct dlcore_native_tile {
    dlcore_native_range_t panels;
    dlcore_native_range_t slice;
} dlcore_native_tile_t;

/* How to cut `panels` panels with at most `slices` slices each, for a product of that many
 * multiplications: into about 32 tiles of even cost, or fewer when they would be small; for more
 * than 16 workers, two for each. */
dlcore_native_grid_t dlcore_native_split(size_t panels, size_t slices, uint64_t cost,
                                         size_t workers);

/* A tile should outweigh the handing out of tiles: 2^17 multiplications take about 2 us. */
#define DLCORE_NATIVE_TILE_COST ((uint64_t)1 << 17)

/* The multiplications of a product. With few rows the time goes into reading weights, and it counts
 * as if there were 4. */
static inline uint64_t dlcore_native_cost(size_t rows, size_t inputs, size_t units)
{
    return (uint64_t)(rows < 4 ? 4 : rows) * inputs * units;
}

/* Small products, which are one tile, do not even pay for a call. */
static inline dlcore_native_grid_t dlcore_native_grid(size_t panels, size_t slices, uint64_t cost,
                                                      size_t workers)
{
    if (cost < 2 * DLCORE_NATIVE_TILE_COST)
        return (dlcore_native_grid_t){1, 1};
    return dlcore_native_split(panels, slices, cost, workers);
}

/* Part `index` of `parts` of 0 .. n-1; sizes differ by 1 at most. */
static inline dlcore_native_range_t dlcore_native_part(size_t n, size_t index, size_t parts)
{
    if (parts == 1)
        return (dlcore_native_range_t){0, n};
    return (dlcore_native_range_t){n * index / parts, n * (index + 1) / parts};
}

/* What a tile stands for, of `panels` panels and `n` of what the slices are cut from. Neighbours
 * share their panels, and so the weights that one thread has in its cache. */
static inline dlcore_native_tile_t dlcore_native_tile(dlcore_native_grid_t grid, size_t tile,
                                                      size_t panels, size_t n)
{
    size_t column = grid.slices == 1 ? tile : tile / grid.slices;
    return (dlcore_native_tile_t){
        .panels = dlcore_native_part(panels, column, grid.columns),
        .slice = dlcore_native_part(n, tile - column * grid.slices, grid.slices),
    };
}

/* products.h: pack_kernel and unpack_kernel, for panels of `panel` floats. */
void dlcore_native_pack(size_t inputs, size_t units, size_t panel, const float *row_major,
                        float *kernel);
void dlcore_native_unpack(size_t inputs, size_t units, size_t panel, const float *kernel,
                          float *row_major);

/* Inputs first .. first+count-1 of a kernel (inputs, units): pack_rows and unpack_rows. */
typedef struct dlcore_native_rows {
    size_t inputs, units;
    size_t first, count;
} dlcore_native_rows_t;
void dlcore_native_pack_rows(dlcore_native_rows_t part, size_t panel, const float *rows,
                             float *kernel);
void dlcore_native_unpack_rows(dlcore_native_rows_t part, size_t panel, const float *kernel,
                               float *rows);

/* The tables, without a look at the CPU. */
const dlcore_products_t *dlcore_native_table_avx512(void);
const dlcore_products_t *dlcore_native_table_avx2(void);
const dlcore_products_t *dlcore_native_table_neon(void);

DLCORE_HIDDEN_END

#endif
