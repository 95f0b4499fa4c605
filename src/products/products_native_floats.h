/* The register tiles of floats (products_native_micro.h), and who runs tiles of any kind.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_PRODUCTS_PRODUCTS_NATIVE_FLOATS_H
#define DLCORE_PRODUCTS_PRODUCTS_NATIVE_FLOATS_H

#include "system/compiler.h"

#include "products/products_native_tiles.h"

/* For rows of B that follow each other. */
static const uint32_t no_gaps[1] = {1};

MICRO_TILES(micro, MICRO_FLOATS, NULL)

/* Those that leave some k out. */
#define SPARING(rows)                                 \
    static void sparing_##rows(const micro_t *t)      \
    {                                                 \
        micro(t, MICRO_FLOATS, rows, 2, MICRO_SPARE); \
    }

#if V_WIDTH == 16
SPARING(8)
SPARING(9)
SPARING(10)
SPARING(11)
SPARING(12)
static const micro_function_t sparing_micros[] = {sparing_8, sparing_9, sparing_10, sparing_11,
                                                  sparing_12};
#else
SPARING(4)
SPARING(5)
SPARING(6)
static const micro_function_t sparing_micros[] = {sparing_4, sparing_5, sparing_6};
#endif

/* Whether a tile's distances are those of its table along or across: one is 1, one a panel. */
static bool is_tall(const micro_t *t)
{
    return t->tall != NULL && t->vectors == 2 && t->b_step == NATIVE_PANEL && t->gap_step == 0 &&
           t->a_row * t->a_step == NATIVE_PANEL;
}

/* Any number of rows, in register tiles of even height: two of 7 and 6 beat one of 12 and one of
 * 1, which would wait for its sums. Moves t on. */
static void multiply_tile(micro_t *t, size_t rows)
{
    size_t blocks = 1, height = rows, higher = 1;
    const bool tall = is_tall(t);
    v_mode mode = t->tiles->flushes ? v_mode_flush() : 0;

    if (rows > ROWS_MAX) {
        blocks = (rows + ROWS_MAX - 1) / ROWS_MAX;
        height = rows / blocks + 1;
        higher = rows % blocks;
    }
    for (size_t i = 0; i < blocks; i++) {
        if (i == higher)
            height--;
        if (tall && height >= ROWS_TALL)
            t->tall[height - ROWS_TALL](t);
        else
            t->tiles->narrow[height - 1][t->vectors - 1](t);
        t->a += height * t->a_row;
        t->c += height * t->c_row;
        t->start += height * t->start_row;
        t->ahead += height * t->ahead_row;
    }
    if (t->tiles->flushes)
        v_mode_restore(mode);
}

/* Up to ROWS_WIDE rows of two panels at once. */
static void multiply_wide(const micro_t *t, size_t rows)
{
    v_mode mode = t->tiles->flushes ? v_mode_flush() : 0;

    t->tiles->wide[rows - 1](t);
    if (t->tiles->flushes)
        v_mode_restore(mode);
}

#endif
