/* Products in fewer bits over the operations of one vector_*.h: the register tile, lists, and what
 * goes over them. Included by low_<target>.c after its vector header, low_tile.h, and the
 * operations that the kinds of products have there:
 *
 *   low_sum_t, low_weights_t, low_word_t     vectors: sums, the kernel's words, one word of a row
 *   low_weights(kind, p), low_word(kind, p)  their loads
 *   low_dot(kind, sum, word, weights)        a step of each sum
 *   low_zero(), low_add(sum, sum), low_whole_floats(sum)    sums of whole numbers
 *   low_of_floats(v), low_floats(sum)        sums that are floats, which stay as they are
 *   low_bytes(to, v)                         V_WIDTH bytes of whole numbers in 0 .. 255
 *   LOW_UNROLL                               sums of a unit side by side, where units are few
 *
 * LOW_FUNCTIONS makes the functions of a kind, which is a constant in all that is inlined there.
 *
 * Written with named variables and constant conditions, as products_native_micro.h is, so that the
 * sums are in registers with every compiler.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "base/size.h"
#include "kernels/always_inline.h"
#include "products/low_int8.h"
#include "products/low_rows_template.h"
#include "products/products_native.h"

#define LOW_PANEL (2 * (size_t)V_WIDTH)

static size_t low_panel(size_t units)
{
    return units <= DLCORE_NATIVE_NARROW ? DLCORE_NATIVE_NARROW : LOW_PANEL;
}

/* Where sums are exact, one may run as several that are added up afterwards. */
#define low_is_whole(kind) ((kind) == LOW_INT8 || (kind) == LOW_INT8_DOTS)

static float *low_column(const dlcore_matrix_t *y, size_t row, size_t c)
{
    return dlcore_matrix_at(y, row, c / y->panel) + c % y->panel;
}

/* ---- what sums begin with, and what becomes of them ---- */

ALWAYS_INLINE low_sum_t low_start(low_kind_t kind, const low_tile_t *t, size_t column)
{
    return low_is_whole(kind) ? low_zero() : low_of_floats(v_load(t->bias + column));
}

/* The formula of low_int8.h. */
ALWAYS_INLINE v_float low_unscale(const low_tile_t *t, size_t row, size_t column, low_sum_t sum)
{
    const float *unit = t->factors + column;
    const dlcore_low_scale_t *scale = t->scales + row;
    v_float scaled = v_mul(low_whole_floats(sum), v_load(unit + DLCORE_INT8_SCALE * t->width));
    v_float least = v_mul(v_set(scale->least), v_load(unit + DLCORE_INT8_TOTAL * t->width));

    return v_add(v_add(v_mul(scaled, v_set(scale->scale)), least), v_load(t->bias + column));
}

ALWAYS_INLINE v_float low_finish(low_kind_t kind, const low_tile_t *t, size_t row, size_t column,
                                 low_sum_t sum)
{
    v_float y = low_is_whole(kind) ? low_unscale(t, row, column, sum) : low_floats(sum);

    return v_max(v_set(t->floor), y);
}

/* ---- a tile ---- */

#define LOW_EACH_ROW(do_row)     \
    do {                         \
        do_row(0, x0, 0);        \
        do_row(1, x0, row);      \
        do_row(2, x0, 2 * row);  \
        do_row(3, x3, 0);        \
        do_row(4, x3, row);      \
        do_row(5, x3, 2 * row);  \
        do_row(6, x6, 0);        \
        do_row(7, x6, row);      \
        do_row(8, x6, 2 * row);  \
        do_row(9, x9, 0);        \
        do_row(10, x9, row);     \
        do_row(11, x9, 2 * row); \
    } while (0)

#define LOW_ADD(m, base, offset)                              \
    do {                                                      \
        if ((m) < rows) {                                     \
            low_word_t x = low_word(kind, (base) + (offset)); \
            c##m##_0 = low_dot(kind, c##m##_0, x, b0);        \
            if (vectors > 1)                                  \
                c##m##_1 = low_dot(kind, c##m##_1, x, b1);    \
        }                                                     \
    } while (0)

#define LOW_STORE(m, base, offset)                                                  \
    do {                                                                            \
        if ((m) < rows) {                                                           \
            v_store(y0 + (m)*y_row, low_finish(kind, t, m, 0, c##m##_0));           \
            if (vectors > 1)                                                        \
                v_store(y1 + (m)*y_row, low_finish(kind, t, m, V_WIDTH, c##m##_1)); \
        }                                                                           \
    } while (0)

/* One or two vectors of a panel by so many rows, which are constants wherever this is inlined. */
ALWAYS_INLINE void low_run_tile(low_kind_t kind, const low_tile_t *t, float *y0, float *y1,
                                size_t y_row, size_t rows, size_t vectors)
{
    const size_t row = t->x_row;
    const uint32_t *x0 = t->x, *b = t->b;
    const uint32_t *x3 = rows > 3 ? x0 + 3 * row : x0;
    const uint32_t *x6 = rows > 6 ? x3 + 3 * row : x3;
    const uint32_t *x9 = rows > 9 ? x6 + 3 * row : x6;
    low_sum_t start0 = low_start(kind, t, 0),
              start1 = vectors > 1 ? low_start(kind, t, V_WIDTH) : start0;
    low_sum_t c0_0 = start0, c1_0 = start0, c2_0 = start0, c3_0 = start0, c4_0 = start0;
    low_sum_t c5_0 = start0, c6_0 = start0, c7_0 = start0, c8_0 = start0, c9_0 = start0;
    low_sum_t c10_0 = start0, c11_0 = start0;
    low_sum_t c0_1 = start1, c1_1 = start1, c2_1 = start1, c3_1 = start1, c4_1 = start1;
    low_sum_t c5_1 = start1, c6_1 = start1, c7_1 = start1, c8_1 = start1, c9_1 = start1;
    low_sum_t c10_1 = start1, c11_1 = start1;

    for (size_t n = t->words; n > 0; n--) {
        low_weights_t b0 = low_weights(kind, b);
        low_weights_t b1 = vectors > 1 ? low_weights(kind, b + V_WIDTH) : b0;
        LOW_EACH_ROW(LOW_ADD);
        x0++;
        x3++;
        x6++;
        x9++;
        b += t->b_step;
    }
    LOW_EACH_ROW(LOW_STORE);
}

/* ---- lists ---- */

#define LOW_SUMS 8 /* enough to hide the time of a step */

/* `panels` panels of `vectors` vectors each, of one row: constants, too; every unroll-th word of
 * the list in sums of its own. */
ALWAYS_INLINE void low_list(low_kind_t kind, const low_tile_t *t, const dlcore_low_list_t *list,
                            dlcore_matrix_t *y, size_t c, size_t panels, size_t vectors,
                            size_t unroll)
{
    const size_t count = panels * vectors, n = list->count;
    low_sum_t sums[LOW_SUMS];
    size_t k = 0;

    for (size_t i = 0; i < count * unroll; i++)
        sums[i] = low_start(kind, t, i % count / vectors * t->b_step + i % vectors * V_WIDTH);
    for (; k + unroll <= n; k += unroll) {
        for (size_t u = 0; u < unroll; u++) {
            const uint32_t *b = t->b + list->index[k + u] * t->b_step;
            low_word_t x = low_word(kind, list->word + k + u);
            for (size_t p = 0; p < panels; p++, b += t->b_panel)
                for (size_t v = 0; v < vectors; v++) {
                    low_sum_t *sum = &sums[u * count + p * vectors + v];
                    *sum = low_dot(kind, *sum, x, low_weights(kind, b + v * V_WIDTH));
                }
        }
    }
    for (; k < n; k++) {
        const uint32_t *b = t->b + list->index[k] * t->b_step;
        low_word_t x = low_word(kind, list->word + k);
        for (size_t p = 0; p < panels; p++, b += t->b_panel)
            for (size_t v = 0; v < vectors; v++)
                sums[p * vectors + v] =
                    low_dot(kind, sums[p * vectors + v], x, low_weights(kind, b + v * V_WIDTH));
    }
    for (size_t half = unroll / 2; half > 0; half /= 2)
        for (size_t i = 0; i < half * count; i++)
            sums[i] = low_add(sums[i], sums[i + half * count]);
    for (size_t i = 0; i < count; i++) {
        size_t column = i / vectors * t->b_step + i % vectors * V_WIDTH;
        v_store(low_column(y, list->row, c + column), low_finish(kind, t, 0, column, sums[i]));
    }
}

/* ---- tiles of every height, of each kind ---- */

typedef void low_tile_function_t(const low_tile_t *t, float *y0, float *y1, size_t y_row);
typedef void low_list_function_t(const low_tile_t *t, const dlcore_low_list_t *list,
                                 dlcore_matrix_t *y, size_t c);

/* A loop over some heights is better than a copy for each; the last has rows 1. */
typedef struct low_height {
    size_t rows;
    low_tile_function_t *tiles[2]; /* of one vector, of two */
} low_height_t;

typedef struct low_kind_functions {
    const low_height_t *heights;
    low_list_function_t *lists[4]; /* of 4, 2 and 1 panels, and of one vector */
} low_kind_functions_t;

#define LOW_TILE(name, kind, rows)                                                               \
    static void low_##name##_##rows##_1(const low_tile_t *t, float *y0, float *y1, size_t y_row) \
    {                                                                                            \
        low_run_tile(kind, t, y0, y1, y_row, rows, 1);                                           \
    }                                                                                            \
    static void low_##name##_##rows##_2(const low_tile_t *t, float *y0, float *y1, size_t y_row) \
    {                                                                                            \
        low_run_tile(kind, t, y0, y1, y_row, rows, 2);                                           \
    }
#define LOW_HEIGHT(name, rows)                               \
    {                                                        \
        rows,                                                \
        {                                                    \
            low_##name##_##rows##_1, low_##name##_##rows##_2 \
        }                                                    \
    }

/* For 32 vector registers, for 16, and for 16 of which some are taken. In plain C a vector is two
 * or more. */
#define LOW_TILES_12(name, kind)                                                                   \
    LOW_TILE(name, kind, 12)                                                                       \
    LOW_TILE(name, kind, 8)                                                                        \
    LOW_TILE(name, kind, 4)                                                                        \
    LOW_TILE(name, kind, 2)                                                                        \
    LOW_TILE(name, kind, 1)                                                                        \
    static const low_height_t low_##name##_heights[] = {LOW_HEIGHT(name, 12), LOW_HEIGHT(name, 8), \
                                                        LOW_HEIGHT(name, 4), LOW_HEIGHT(name, 2),  \
                                                        LOW_HEIGHT(name, 1)};
#define LOW_TILES_6(name, kind)                                                                   \
    LOW_TILE(name, kind, 6)                                                                       \
    LOW_TILE(name, kind, 4)                                                                       \
    LOW_TILE(name, kind, 2)                                                                       \
    LOW_TILE(name, kind, 1)                                                                       \
    static const low_height_t low_##name##_heights[] = {LOW_HEIGHT(name, 6), LOW_HEIGHT(name, 4), \
                                                        LOW_HEIGHT(name, 2), LOW_HEIGHT(name, 1)};
#define LOW_TILES_2(name, kind) \
    LOW_TILE(name, kind, 2)     \
    LOW_TILE(name, kind, 1)     \
    static const low_height_t low_##name##_heights[] = {LOW_HEIGHT(name, 2), LOW_HEIGHT(name, 1)};
#define LOW_TILES_4(name, kind)                                                                   \
    LOW_TILE(name, kind, 4)                                                                       \
    LOW_TILE(name, kind, 2)                                                                       \
    LOW_TILE(name, kind, 1)                                                                       \
    static const low_height_t low_##name##_heights[] = {LOW_HEIGHT(name, 4), LOW_HEIGHT(name, 2), \
                                                        LOW_HEIGHT(name, 1)};

/* ---- a product ---- */

/* From column c of the first row on. */
static low_tile_t low_begin(const dlcore_low_product_t *p, size_t c)
{
    const dlcore_low_kernel_t *k = p->kernel;

    return (low_tile_t){
        .x = p->x->words,
        .x_row = p->x->stride,
        .scales = p->x->scales,
        .words = k->words,
        .b = k->elements + c * k->words,
        .b_step = k->panel,
        .b_panel = k->panel * k->words,
        .factors = k->factors + c,
        .width = k->width,
        .bias = p->bias != NULL ? p->bias + c : dlcore_low_zeros,
        .floor = p->relu ? 0.0f : -INFINITY,
    };
}

static size_t low_run(const low_kind_functions_t *kind, const low_tile_t *t, float *y0, float *y1,
                      size_t y_row, size_t rows, size_t vectors)
{
    const low_height_t *height = kind->heights;

    while (height->rows > rows)
        height++;
    height->tiles[vectors - 1](t, y0, y1, y_row);
    return height->rows;
}

static void low_multiply(const dlcore_low_product_t *p, size_t begin, size_t count,
                         const low_kind_functions_t *kind)
{
    const size_t units = p->kernel->units, panel = p->kernel->panel;

    for (size_t c = 0; c < units; c += panel) {
        low_tile_t t = low_begin(p, c);
        size_t vectors = dlcore_size_min(units - c, panel) > V_WIDTH ? 2 : 1, height;
        for (size_t r = begin; r < begin + count; r += height) {
            float *y0 = low_column(p->y, r, c);
            float *y1 = vectors > 1 ? low_column(p->y, r, c + V_WIDTH) : y0;
            t.x = p->x->words + r * t.x_row;
            t.scales = p->x->scales + r;
            height = low_run(kind, &t, y0, y1, p->y->panel, begin + count - r, vectors);
        }
    }
    for (size_t r = begin; r < begin + count; r++)
        low_clear_padding(p->y, r);
}

/* ---- by lists ---- */

static void low_multiply_lists(const dlcore_low_product_t *p, const dlcore_low_list_t *lists,
                               size_t count, const low_kind_functions_t *kind)
{
    const size_t units = p->kernel->units, panel = p->kernel->panel;

    for (size_t c = 0, step; c < units; c += step) {
        low_tile_t t = low_begin(p, c);
        size_t vectors = (units - c + V_WIDTH - 1) / V_WIDTH; /* of the kernel's that are left */
        size_t which = vectors >= 8 ? 0 : vectors >= 4 ? 1 : vectors >= 2 ? 2 : 3;
        step = which < 2 ? (4 >> which) * panel : panel;
        for (size_t i = 0; i < count; i++) {
            t.scales = p->x->scales + lists[i].row;
            kind->lists[which](&t, &lists[i], p->y, c);
        }
    }
    for (size_t i = 0; i < count; i++)
        low_clear_padding(p->y, lists[i].row);
}

/* ---- a kind's functions ---- */

#define LOW_LIST(name, kind, suffix, panels, vectors, unroll)                                  \
    static void low_##name##_list_##suffix(const low_tile_t *t, const dlcore_low_list_t *list, \
                                           dlcore_matrix_t *y, size_t c)                       \
    {                                                                                          \
        low_list(kind, t, list, y, c, panels, vectors, unroll);                                \
    }

/* `tiles`: LOW_TILES_12, ...; `label`: what a table is called; `rounding`: how its numbers are
 * rounded (low_rows_template.h). */
#define LOW_FUNCTIONS(name, kind, tiles, label, rounding)                                        \
    tiles(name, kind) LOW_LIST(name, kind, 4, 4, 2, 1)                                           \
        LOW_LIST(name, kind, 2, 2, 2, low_is_whole(kind) && LOW_UNROLL > 1 ? 2 : 1)              \
            LOW_LIST(name, kind, 1, 1, 2, 1 + low_is_whole(kind) * (LOW_UNROLL - 1))             \
                LOW_LIST(name, kind, part, 1, 1,                                                 \
                         low_is_whole(kind)                                                      \
                             ? 4                                                                 \
                             : 1) static const low_kind_functions_t low_##name##_functions = {   \
                    low_##name##_heights,                                                        \
                    {low_##name##_list_4, low_##name##_list_2, low_##name##_list_1,              \
                     low_##name##_list_part}};                                                   \
    static void low_##name##_multiply(const dlcore_low_product_t *p, size_t begin, size_t count) \
    {                                                                                            \
        low_multiply(p, begin, count, &low_##name##_functions);                                  \
    }                                                                                            \
    static void low_##name##_multiply_lists(const dlcore_low_product_t *p,                       \
                                            const dlcore_low_list_t *lists, size_t count)        \
    {                                                                                            \
        low_multiply_lists(p, lists, count, &low_##name##_functions);                            \
    }                                                                                            \
    const dlcore_low_functions_t dlcore_low_##name = {                                           \
        label, rounding, low_panel, low_##name##_multiply, low_##name##_multiply_lists};
