/* What the native packed engines share that needs no vectors: how a product is cut into tiles, and
 * the way between Keras's layout and panels.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>
#if defined(__SSE__)
#    include <xmmintrin.h>
#endif

#include "products/products_native.h"

/* Enough for 16 workers to end at about the same time, and as many for each that is more. */
#define TILES_WANTED 32
#define TILES_FOR_EACH 2
/* Kernels of so many floats fill most caches, and have no use for them as they are packed. */
#define STREAMED_FLOATS ((size_t)1 << 23)

dlcore_native_grid_t dlcore_native_split(size_t panels, size_t slices, uint64_t cost,
                                         size_t workers)
{
    dlcore_native_grid_t grid;
    uint64_t most = cost / DLCORE_NATIVE_TILE_COST;
    size_t wanted = dlcore_size_max(TILES_WANTED, TILES_FOR_EACH * workers);

    wanted = most < wanted ? (size_t)most : wanted;
    size_t panels_per_tile = (panels + wanted - 1) / wanted;

    grid.columns = (panels + panels_per_tile - 1) / panels_per_tile;
    grid.slices = dlcore_size_min(slices, (wanted + grid.columns - 1) / grid.columns);
    grid.slices = dlcore_size_max(grid.slices, 1);
    return grid;
}

/* Panels as wide as the engines', which compilers copy without a call. */
#define COPY_WHOLE(width)                                           \
    for (size_t i = 0; i < count; i++, to += width, from += stride) \
    memcpy(to, from, (width) * sizeof(float))

static void copy_whole(float *to, const float *from, size_t count, size_t stride, size_t panel)
{
    if (panel == 16)
        COPY_WHOLE(16);
    else if (panel == 32)
        COPY_WHOLE(32);
    else
        COPY_WHOLE(panel);
}

/* The same around the caches, which a large kernel would only pass through: more than twice as
 * fast. `to` is aligned, panels have a multiple of 4 columns. */
static void stream_whole(float *to, const float *from, size_t count, size_t stride, size_t panel)
{
#if defined(__SSE__)
    for (size_t i = 0; i < count; i++, to += panel, from += stride) {
        for (size_t k = 0; k < panel; k += 4)
            _mm_stream_ps(to + k, _mm_loadu_ps(from + k));
    }
#else
    copy_whole(to, from, count, stride, panel);
#endif
}

/* What was streamed is there for whoever sees a later store. */
static void end_stream(void)
{
#if defined(__SSE__)
    _mm_sfence();
#endif
}

void dlcore_native_pack_rows(dlcore_native_rows_t part, size_t panel, const float *rows,
                             float *kernel)
{
    bool large = part.inputs * part.units >= STREAMED_FLOATS;

    for (size_t begin = 0; begin < part.units; begin += panel) {
        size_t width = dlcore_size_min(panel, part.units - begin);
        float *to = kernel + begin * part.inputs + part.first * panel;
        if (width == panel) {
            (large ? stream_whole : copy_whole)(to, rows + begin, part.count, part.units, panel);
            continue;
        }
        for (size_t i = 0; i < part.count; i++, to += panel) {
            memcpy(to, rows + i * part.units + begin, width * sizeof(float));
            memset(to + width, 0, (panel - width) * sizeof(float));
        }
    }
    if (large)
        end_stream();
}

void dlcore_native_unpack_rows(dlcore_native_rows_t part, size_t panel, const float *kernel,
                               float *rows)
{
    for (size_t begin = 0; begin < part.units; begin += panel) {
        size_t width = dlcore_size_min(panel, part.units - begin);
        const float *from = kernel + begin * part.inputs + part.first * panel;
        for (size_t i = 0; i < part.count; i++, from += panel)
            memcpy(rows + i * part.units + begin, from, width * sizeof(float));
    }
}

void dlcore_native_pack(size_t inputs, size_t units, size_t panel, const float *row_major,
                        float *kernel)
{
    dlcore_native_rows_t all = {.inputs = inputs, .units = units, .count = inputs};

    dlcore_native_pack_rows(all, panel, row_major, kernel);
}

void dlcore_native_unpack(size_t inputs, size_t units, size_t panel, const float *kernel,
                          float *row_major)
{
    dlcore_native_rows_t all = {.inputs = inputs, .units = units, .count = inputs};

    dlcore_native_unpack_rows(all, panel, kernel, row_major);
}
