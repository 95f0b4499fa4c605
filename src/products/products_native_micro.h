/* The register tile behind all products of the native engines, written over the operations of one
 * vector_*.h: C(m, v) = keep(max(floor, start(m, v) + sum over k of A(m, k) B(k, v))).
 *
 * A and B hold floats, or in the place of each a pair of bfloat16, whose two products are added one
 * after the other (products_half.h): all else is the same.
 *
 * B is a panel: its rows k lie b_step floats apart, and a tile takes one or two vectors of each. A
 * is anything that lies in panels, too, read one float at a time and broadcast. Up to ROWS_MAX x 2
 * vectors of sums stay in registers: AVX-512 has 32 registers, enough for 12 x 2 sums, two of B and
 * one of A; AVX2 has 16, enough for 6 x 2; NEON, whose vector is two registers, 32 for 6 x 2. One
 * or two rows alone would wait for their sums, so up to ROWS_WIDE rows have a wide form, which
 * takes two whole panels of B at once.
 *
 * Each sum runs over k in order, by fused multiply-add, from its start. So an element's bits do not
 * depend on the tile that computes it, nor on the places where a long sum is put down and taken up
 * again.
 *
 * Written with named variables and constant conditions instead of arrays and loops: the sums are in
 * registers with every compiler and at every level of optimization. Where two whole vectors of B
 * lie as in a panel, and A likewise, all distances are constants and several k make a round: sums
 * of addresses take the ports of multiply-adds, too, and cost up to a tenth of them.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_PRODUCTS_PRODUCTS_NATIVE_MICRO_H
#define DLCORE_PRODUCTS_PRODUCTS_NATIVE_MICRO_H

#include "system/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/size.h"
#include "kernels/always_inline.h"
#include "products/products_native.h"

#define ROWS_MAX (V_WIDTH == 16 ? 12 : 6)
#define ROWS_WIDE 3
#define NATIVE_PANEL (2 * (size_t)V_WIDTH)

static inline size_t native_panel(size_t columns)
{
    return columns <= DLCORE_NATIVE_NARROW ? DLCORE_NATIVE_NARROW : NATIVE_PANEL;
}

/* What A and B hold, and how it is added. */
typedef enum micro_kind {
    MICRO_FLOATS, /* by v_fma */
    MICRO_PAIRS,  /* by two v_fma, which must flush denormals meanwhile */
    MICRO_DOTS    /* by the instruction for it, v_dot */
} micro_kind_t;

struct micro;
typedef void (*micro_function_t)(const struct micro *t);
typedef micro_function_t micro_functions_t[2];

/* How a tile walks: a constant wherever it is looked at. */
typedef enum micro_shape {
    MICRO_ANY,   /* as micro_t says */
    MICRO_WIDE,  /* over two panels of B at once */
    MICRO_SPARE, /* some k are left out */
    MICRO_ALONG, /* along rows of A; from one row of A, and of B, to the next is a panel's width */
    MICRO_ACROSS /* from one row of A to the next, a panel's width as in B */
} micro_shape_t;

/* Distances are constants, and so many k make a round. */
#define IS_FIXED(shape) ((shape) == MICRO_ALONG || (shape) == MICRO_ACROSS)
#define FIXED_ROUND 4

/* Rows from which tiles may leave some k out, and from which two vectors have tiles along and
 * across: what batches and panels are cut into. */
#define ROWS_SPARING (V_WIDTH == 16 ? 8 : 4)
#define ROWS_TALL (V_WIDTH == 16 ? 11 : 5)

/* A tile for every number of rows and vectors, of the wide form for every number of rows, and from
 * ROWS_TALL rows on those along and across; NULL: none. Of floats those across stand apart, so that
 * a program that only predicts does not link them. */
struct dlcore_tiles {
    micro_functions_t narrow[ROWS_MAX];
    micro_function_t wide[ROWS_WIDE];
    const micro_function_t *along, *across;
    bool flushes; /* runs with denormals flushed */
};

typedef struct micro {
    const dlcore_tiles_t *tiles;
    const micro_function_t *tall; /* from ROWS_TALL rows on, where all distances are theirs */
    const float *a;
    size_t a_row;   /* from m to m + 1 */
    size_t a_step;  /* from k to k + 1 */
    size_t a_block; /* after so many k ... */
    size_t a_jump;  /* ... so much is added: from the end of a panel's row to the next panel's */
    size_t k;
    uintptr_t ahead;  /* to be fetched into cache while the last block runs */
    size_t ahead_row; /* bytes by which that moves on with each m */
    const float *b;
    size_t b_step;
    const uint32_t *gaps;  /* b_steps from the k-th row of B to the one after it ... */
    size_t gap_step;       /* ... 1, or 0 when all are gaps[0] */
    const uint32_t *steps; /* where some k are left out: floats to the next in A and B, in pairs */
    const float *start;    /* two vectors for each m, start_row apart; 0: all m have the same */
    size_t start_row;
    float *c;
    size_t c_row;
    size_t b_panel, start_panel, c_panel; /* wide form: from one panel to the next */
    size_t vectors;                       /* 1 or 2: whose sums are computed */
    size_t tail;    /* floats of a row of C beyond these vectors, to be set to zero */
    size_t columns; /* floats that count in the last vector, 1 .. V_WIDTH; zero beyond */
    float floor;    /* 0 for relu, else -Inf */
} micro_t;

static const float tile_lane_numbers[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

/* Sum m of a tile is that of row m; in the wide form, sums 3 .. 5 are those of rows 0 .. 2 with the
 * second panel. */
#define SECOND(m) (wide && (m) >= ROWS_WIDE)
#define ROW_OF(m) (SECOND(m) ? (m)-ROWS_WIDE : (m))
#define HAS(m) (ROW_OF(m) < rows)
#define PLACE(m, row, panel) ((size_t)ROW_OF(m) * (row) + (SECOND(m) ? (panel) : 0))

/* Row m of A lies at base + offset. */
#define EACH_OF_SIX_SUMS(do_sum) \
    do {                         \
        do_sum(0, a0, 0);        \
        do_sum(1, a0, row);      \
        do_sum(2, a0, 2 * row);  \
        do_sum(3, a3, 0);        \
        do_sum(4, a3, row);      \
        do_sum(5, a3, 2 * row);  \
    } while (0)
#define EACH_TILE_SUM(do_sum)     \
    do {                          \
        EACH_OF_SIX_SUMS(do_sum); \
        do_sum(6, a6, 0);         \
        do_sum(7, a6, row);       \
        do_sum(8, a6, 2 * row);   \
        do_sum(9, a9, 0);         \
        do_sum(10, a9, row);      \
        do_sum(11, a9, 2 * row);  \
    } while (0)

#define START_TILE_SUM(m, base, offset)                                 \
    do {                                                                \
        if (HAS(m)) {                                                   \
            const float *from = t->start + PLACE(m, 0, t->start_panel); \
            c##m##_0 = SECOND(m) ? v_load(from) : start0;               \
            c##m##_1 = SECOND(m) ? v_load(from + V_WIDTH) : start1;     \
        }                                                               \
    } while (0)

#define LOAD_TILE_SUM(m, base, offset)                                             \
    do {                                                                           \
        if (HAS(m)) {                                                              \
            const float *from = t->start + PLACE(m, t->start_row, t->start_panel); \
            c##m##_0 = v_load(from);                                               \
            c##m##_1 = vectors > 1 ? v_load(from + V_WIDTH) : c##m##_0;            \
        }                                                                          \
    } while (0)

/* `at` floats from the first k of a round. */
#define ADD_TO_TILE_SUM(m, base, offset)                                            \
    do {                                                                            \
        if (HAS(m)) {                                                               \
            v_float x = v_set(IS_FIXED(shape) ? a0[(m)*row + at] : (base)[offset]); \
            c##m##_0 = add_product(kind, x, SECOND(m) ? b2 : b0, c##m##_0);         \
            if (vectors > 1)                                                        \
                c##m##_1 = add_product(kind, x, SECOND(m) ? b3 : b1, c##m##_1);     \
        }                                                                           \
    } while (0)

/* Between two k of a round each sum is in a register (vector_avx2.h says why). */
#ifdef V_HOLD
#    define HOLD_TILE_SUM(m, base, offset)  \
        do {                                \
            if (HAS(m))                     \
                V_HOLD(c##m##_0, c##m##_1); \
        } while (0)
#else
#    define HOLD_TILE_SUM(m, base, offset) (void)0
#endif

/* The k-th of a round: a row of B, and everything with it. */
#define ADD_ONE(k)                                                              \
    do {                                                                        \
        const size_t at = (k)*step;                                             \
        v_float b0 = v_load(b + (k)*NATIVE_PANEL);                              \
        v_float b1 = vectors > 1 ? v_load(b + (k)*NATIVE_PANEL + V_WIDTH) : b0; \
        v_float b2 = wide ? v_load(b + t->b_panel) : b0;                        \
        v_float b3 = wide ? v_load(b + t->b_panel + V_WIDTH) : b1;              \
        (void)at;                                                               \
        EACH_TILE_SUM(ADD_TO_TILE_SUM);                                         \
    } while (0)

/* Where sums go, and what becomes of them there. */
#define TILE_RESULTS                                                     \
    float *const to = t->c;                                              \
    const size_t c_row = t->c_row, c_panel = t->c_panel, tail = t->tail; \
    v_float floor = v_set(t->floor);                                     \
    v_mask keep = v_less(v_load(tile_lane_numbers), v_set((float)t->columns))

#define STORE_TILE_SUM(m, base, offset)                                        \
    do {                                                                       \
        if (HAS(m))                                                            \
            store_tile_sum(to + PLACE(m, c_row, c_panel), vectors, tail, keep, \
                           v_max(floor, c##m##_0), v_max(floor, c##m##_1));    \
    } while (0)

ALWAYS_INLINE v_float add_product(micro_kind_t kind, v_float a, v_float b, v_float c)
{
    if (kind == MICRO_FLOATS)
        return v_fma(a, b, c);
    if (kind == MICRO_DOTS)
        return v_dot(a, b, c);
    return v_fma(v_pair_low(a), v_pair_low(b), v_fma(v_pair_high(a), v_pair_high(b), c));
}

ALWAYS_INLINE void store_tile_sum(float *c, size_t vectors, size_t tail, v_mask keep, v_float c0,
                                  v_float c1)
{
    v_float zero = v_set(0.0f);

    if (vectors > 1) {
        v_store(c, c0);
        v_store(c + V_WIDTH, v_select(keep, c1, zero));
    } else {
        v_store(c, v_select(keep, c0, zero));
        if (tail != 0)
            v_store(c + V_WIDTH, zero);
    }
}

/* One tile; all but t are constants wherever this is inlined. */
ALWAYS_INLINE void micro(const micro_t *t, micro_kind_t kind, size_t rows, size_t vectors,
                         micro_shape_t shape)
{
    const bool wide = shape == MICRO_WIDE, leaves_out = shape == MICRO_SPARE;
    const size_t row = shape == MICRO_ALONG ? NATIVE_PANEL : shape == MICRO_ACROSS ? 1 : t->a_row;
    const size_t step = shape == MICRO_ALONG ? 1 : shape == MICRO_ACROSS ? NATIVE_PANEL : t->a_step;
    const float *a0 = t->a;
    const float *a3 = rows > 3 ? a0 + 3 * row : a0;
    const float *a6 = rows > 6 ? a3 + 3 * row : a3;
    const float *a9 = rows > 9 ? a6 + 3 * row : a6;
    const float *b = t->b;
    const uint32_t *gap = t->gaps;
    v_float start0 = v_load(t->start);
    v_float start1 = vectors > 1 ? v_load(t->start + V_WIDTH) : start0;
    v_float c0_0, c1_0, c2_0, c3_0, c4_0, c5_0, c6_0, c7_0, c8_0, c9_0, c10_0, c11_0;
    v_float c0_1, c1_1, c2_1, c3_1, c4_1, c5_1, c6_1, c7_1, c8_1, c9_1, c10_1, c11_1;

    EACH_TILE_SUM(START_TILE_SUM);
    if (t->start_row != 0)
        EACH_TILE_SUM(LOAD_TILE_SUM);
    const uint32_t *steps = t->steps;
    for (size_t n = leaves_out ? t->k : 0; n > 0; n--, steps += 2) {
        ADD_ONE(0);
        a0 += steps[0];
        a3 += steps[0];
        a6 += steps[0];
        a9 += steps[0];
        b += steps[1];
    }
    for (size_t left = leaves_out ? 0 : t->k, block = t->a_block; left > 0; left -= block) {
        /* rows of A are contiguous: a block of `rows` x k floats takes `rows` floats for each k */
        uintptr_t ahead = (uintptr_t)a0 + (block + t->a_jump) * sizeof *a0;
        if (left <= block) {
            block = left;
            ahead = t->ahead;
        }
        size_t n = block;
        for (; IS_FIXED(shape) && n >= FIXED_ROUND; n -= FIXED_ROUND) {
            for (size_t i = 0; i < FIXED_ROUND * rows * sizeof *a0; i += 64)
                __builtin_prefetch((const void *)(ahead + i));
            ADD_ONE(0);
            EACH_TILE_SUM(HOLD_TILE_SUM);
            ADD_ONE(1);
            EACH_TILE_SUM(HOLD_TILE_SUM);
            ADD_ONE(2);
            EACH_TILE_SUM(HOLD_TILE_SUM);
            ADD_ONE(3);
            ahead += FIXED_ROUND * rows * sizeof *a0;
            a0 += FIXED_ROUND * step;
            b += FIXED_ROUND * NATIVE_PANEL;
        }
        for (; n > 0; n--) {
            __builtin_prefetch((const void *)ahead);
            ADD_ONE(0);
            ahead += rows * sizeof *a0;
            a0 += step;
            a3 += step;
            a6 += step;
            a9 += step;
            b += IS_FIXED(shape) ? NATIVE_PANEL : *gap * t->b_step;
            gap += IS_FIXED(shape) ? 0 : t->gap_step;
        }
        a0 += t->a_jump;
        a3 += t->a_jump;
        a6 += t->a_jump;
        a9 += t->a_jump;
    }
    TILE_RESULTS;
    EACH_TILE_SUM(STORE_TILE_SUM);
}

#ifdef V_LANES /* whose floats have a tile of their own, fixed distances or not */
#    include "products/products_native_lanes.h"
#    define RUN_MICRO(t, kind, rows, vectors, shape)                                        \
        ((kind) == MICRO_FLOATS && (shape) != MICRO_WIDE ? micro_of_lanes(t, rows, vectors) \
                                                         : micro(t, kind, rows, vectors, shape))
#    define HAS_TALL(kind) false
#else
#    define RUN_MICRO(t, kind, rows, vectors, shape) micro(t, kind, rows, vectors, shape)
/* beside unpacking pairs, sums of addresses cost nothing */
#    define HAS_TALL(kind) ((kind) != MICRO_PAIRS)
#endif

#endif
