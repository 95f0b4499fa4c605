/* The register tile of products_native_micro.h where a multiply-add takes a factor out of a lane:
 * 64-bit ARM. Four floats of A are loaded at once and none is broadcast: of a row in forward and
 * input gradient, where k goes from one float to the next; of up to six rows in the kernel
 * gradient, where rows do. The same sums in the same order.
 *
 * 6 x 16 sums take 24 registers, A six, and half a row of B two: all there are. So a half goes to
 * all rows before the other is loaded, and gcc is told not to move loads forward
 * (pairs_neon.h).
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_PRODUCTS_PRODUCTS_NATIVE_LANES_H
#define DLCORE_PRODUCTS_PRODUCTS_NATIVE_LANES_H

#include "system/compiler.h"

#include <stddef.h>
#include <stdint.h>

#include "kernels/always_inline.h"

/* Of vector v of the sums of row m, the half a or b. */
#define ADD_LANE(m, v, half, q, x, lane)                               \
    do {                                                               \
        if (HAS(m))                                                    \
            c##m##_##v.half = v_quad_fma(c##m##_##v.half, q, x, lane); \
    } while (0)

/* Lane `lane` of x0 .. x5 is A of rows 0 .. 5. */
#define ADD_ROWS(v, half, q, lane)         \
    do {                                   \
        ADD_LANE(0, v, half, q, x0, lane); \
        ADD_LANE(1, v, half, q, x1, lane); \
        ADD_LANE(2, v, half, q, x2, lane); \
        ADD_LANE(3, v, half, q, x3, lane); \
        ADD_LANE(4, v, half, q, x4, lane); \
        ADD_LANE(5, v, half, q, x5, lane); \
    } while (0)

/* The lanes of x0 are A of rows 0 .. 3, those of x1 of rows 4 and 5. */
#define ADD_COLUMN(v, half, q, lane)    \
    do {                                \
        ADD_LANE(0, v, half, q, x0, 0); \
        ADD_LANE(1, v, half, q, x0, 1); \
        ADD_LANE(2, v, half, q, x0, 2); \
        ADD_LANE(3, v, half, q, x0, 3); \
        ADD_LANE(4, v, half, q, x1, 0); \
        ADD_LANE(5, v, half, q, x1, 1); \
    } while (0)

/* One k, whose row of B lies `at` floats from b: a vector of it, half by half. */
#define ADD_VECTOR(add, v, at, lane)                                     \
    do {                                                                 \
        v_quad q = v_quad_load(b + (at)), r = v_quad_load(b + (at) + 4); \
        add(v, a, q, lane);                                              \
        add(v, b, r, lane);                                              \
    } while (0)
#define ADD_K(add, at, lane)                          \
    do {                                              \
        ADD_VECTOR(add, 0, at, lane);                 \
        if (vectors > 1)                              \
            ADD_VECTOR(add, 1, (at) + V_WIDTH, lane); \
    } while (0)

/* The rows' next n floats. */
#define LOAD_ROW(m, base, offset, n) HAS(m) ? v_quad_first((base) + (offset), n) : v_quad_zero
#define LOAD_ROWS(n)                                                     \
    v_quad x0 = LOAD_ROW(0, a0, 0, n), x1 = LOAD_ROW(1, a0, row, n);     \
    v_quad x2 = LOAD_ROW(2, a0, 2 * row, n), x3 = LOAD_ROW(3, a3, 0, n); \
    v_quad x4 = LOAD_ROW(4, a3, row, n), x5 = LOAD_ROW(5, a3, 2 * row, n)

/* One tile of floats, not of the wide form; all but t are constants wherever this is inlined. Rows
 * of B are NATIVE_PANEL floats apart: with vectors of eight every panel is that wide. Nothing is
 * asked for ahead: A and B are read from front to back, which hardware foresees. */
ALWAYS_INLINE void micro_of_lanes(const micro_t *t, size_t rows, size_t vectors)
{
    const bool wide = false;
    const size_t row = t->a_row, step = t->a_step, jump = t->a_jump, gap_step = t->gap_step;
    const float *a0 = t->a, *a3 = rows > 3 ? a0 + 3 * row : a0, *b = t->b;
    const uint32_t *gap = t->gaps;
    v_float start0 = v_load(t->start);
    v_float start1 = vectors > 1 ? v_load(t->start + V_WIDTH) : start0;
    v_float c0_0, c1_0, c2_0, c3_0, c4_0, c5_0, c0_1, c1_1, c2_1, c3_1, c4_1, c5_1;
    size_t left = t->k, block = t->a_block;

    EACH_OF_SIX_SUMS(START_TILE_SUM);
    if (t->start_row != 0)
        EACH_OF_SIX_SUMS(LOAD_TILE_SUM);
    for (; row == 1 && left > 0; left--, a0 += step, b += NATIVE_PANEL) { /* of all rows of B */
        v_quad x0 = v_quad_first(a0, rows), x1 = v_quad_first(a0 + 4, rows > 4 ? rows - 4 : 0);

        ADD_K(ADD_COLUMN, 0, 0);
    }
    for (; left > 0; left -= block, a0 += jump, a3 += jump) {
        block = dlcore_size_min(left, block);
        size_t singly = gap_step == 0 ? block % 4 : block;

        for (size_t n = block - singly; n > 0; n -= 4, a0 += 4, a3 += 4, b += 4 * NATIVE_PANEL) {
            LOAD_ROWS(4);
            ADD_K(ADD_ROWS, 0, 0);
            ADD_K(ADD_ROWS, NATIVE_PANEL, 1);
            ADD_K(ADD_ROWS, 2 * NATIVE_PANEL, 2);
            ADD_K(ADD_ROWS, 3 * NATIVE_PANEL, 3);
        }
        for (; singly > 0; singly--, a0++, a3++, gap += gap_step) {
            LOAD_ROWS(1);
            ADD_K(ADD_ROWS, 0, 0);
            b += *gap * NATIVE_PANEL;
        }
    }
    TILE_RESULTS;
    EACH_OF_SIX_SUMS(STORE_TILE_SUM);
}

#endif
