/* Rounding for products of bfloat16 (products_half.h), and their register tiles: apart from those
 * of floats, so that a program that trains in float32 does not link them. HALF_TABLES says which
 * kinds a target has.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/size.h"
#include "products/products_half.h"
#include "products/products_native_tiles.h"

/* A row of columns first .. first+2*V_WIDTH-1, of which `count` are there, as V_WIDTH pairs. */
ALWAYS_INLINE v_float pairs_of_row(bool dots, const float *row, size_t count)
{
    v_float zero = v_set(0.0f);

    if (count >= 2 * V_WIDTH)
        return v_pair_neighbours(dots, v_load(row), v_load(row + V_WIDTH));
    if (count > V_WIDTH)
        return v_pair_neighbours(dots, v_load(row), v_load_part(row + V_WIDTH, count - V_WIDTH));
    return v_pair_neighbours(dots, count == V_WIDTH ? v_load(row) : v_load_part(row, count), zero);
}

/* A panel has as many floats as two vectors, or 16. */
ALWAYS_INLINE void pair_columns(bool dots, const dlcore_matrix_t *from, const dlcore_matrix_t *to,
                                size_t begin, size_t end)
{
    for (size_t p = 0; p < dlcore_matrix_panels(from); p++) {
        size_t word = p * from->panel / 2, count = dlcore_matrix_panel_columns(from, p);
        const float *row = dlcore_matrix_at(from, begin, p);
        float *words = dlcore_matrix_at(to, begin, word / to->panel) + word % to->panel;

        for (size_t r = begin; r < end; r++, row += from->panel, words += to->panel) {
            v_float pairs = pairs_of_row(dots, row, count);

            if (from->panel >= 2 * V_WIDTH)
                v_store(words, pairs);
            else
                v_store_part(words, pairs, from->panel / 2);
        }
    }
}

ALWAYS_INLINE void pair_rows(bool dots, const dlcore_matrix_t *from, const dlcore_matrix_t *to,
                             size_t begin, size_t end)
{
    for (size_t p = 0; p < dlcore_matrix_panels(from); p++) {
        for (size_t r = begin; r < end; r++) {
            const float *even = dlcore_matrix_at(from, 2 * r, p);
            bool has_odd = 2 * r + 1 < from->rows;
            float *words = dlcore_matrix_at(to, r, p);

            for (size_t c = 0; c < from->panel; c += V_WIDTH) {
                v_float odd = has_odd ? v_load(even + from->panel + c) : v_set(0.0f);

                v_store(words + c, v_pair(dots, v_load(even + c), odd));
            }
        }
    }
}

/* Pairs of inputs. */
ALWAYS_INLINE void follow_forward(bool dots, const dlcore_half_kernel_t *kernel, size_t p,
                                  size_t first, size_t count)
{
    size_t width = native_panel(kernel->units);
    const float *panel = kernel->values + p * kernel->inputs * width;
    float *to = kernel->forward + p * dlcore_pairs(kernel->inputs) * width;

    for (size_t k = first / 2; k < dlcore_pairs(first + count); k++) {
        const float *even = panel + 2 * k * width;
        bool has_odd = 2 * k + 1 < kernel->inputs;

        for (size_t c = 0; c < width; c += V_WIDTH) {
            v_float odd = has_odd ? v_load(even + width + c) : v_set(0.0f);

            v_store(to + k * width + c, v_pair(dots, v_load(even + c), odd));
        }
    }
}

/* The pairs of units of four inputs, or of `count`, to their places: `pairs` rows `row` apart. */
ALWAYS_INLINE void turn_pairs(bool dots, const float *values, size_t width, size_t count, float *to,
                              size_t row, size_t pairs)
{
    v_float words[4] = {v_set(0.0f), v_set(0.0f), v_set(0.0f), v_set(0.0f)};

    for (size_t i = 0; i < count; i++)
        words[i] = pairs_of_row(dots, values + i * width, width);
    if (count == 4 && pairs == V_WIDTH) {
        v_turn_four(words, to, row);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        float own[V_WIDTH];

        v_store(own, words[i]);
        for (size_t u = 0; u < pairs; u++)
            memcpy(to + u * row + i, own + u, sizeof *own);
    }
}

/* Pairs of units, turned round. Padding of the values is zero. */
ALWAYS_INLINE void follow_turned(bool dots, const dlcore_half_kernel_t *kernel, size_t p,
                                 size_t first, size_t count)
{
    size_t width = native_panel(kernel->units), row = native_panel(kernel->inputs);
    size_t all = dlcore_pairs(kernel->units), unit = p * width / 2;
    size_t pairs = dlcore_size_min(width / 2, all - unit);
    const float *values = kernel->values + (p * kernel->inputs + first) * width;

    for (size_t i = first, end = first + count, n; i < end; i += n, values += n * width) {
        float *to = kernel->turned + (i / row * all + unit) * row + i % row;

        n = dlcore_size_min(dlcore_size_min(end - i, row - i % row), 4);
        turn_pairs(dots, values, width, n, to, row, pairs);
    }
}

ALWAYS_INLINE void follow(bool dots, const dlcore_half_kernel_t *kernel, size_t p, size_t first,
                          size_t count)
{
    follow_forward(dots, kernel, p, first, count);
    if (kernel->turned != NULL)
        follow_turned(dots, kernel, p, first, count);
}

#define HALF_TABLE(prefix, tile_kind, table, label)                                         \
    MICRO_TILES(prefix, tile_kind, prefix##_across)                                         \
    static void prefix##_columns(const dlcore_matrix_t *from, const dlcore_matrix_t *to,    \
                                 size_t begin, size_t end)                                  \
    {                                                                                       \
        pair_columns((tile_kind) == MICRO_DOTS, from, to, begin, end);                      \
    }                                                                                       \
    static void prefix##_rows(const dlcore_matrix_t *from, const dlcore_matrix_t *to,       \
                              size_t begin, size_t end)                                     \
    {                                                                                       \
        pair_rows((tile_kind) == MICRO_DOTS, from, to, begin, end);                         \
    }                                                                                       \
    static void prefix##_follow(const dlcore_half_kernel_t *kernel, size_t p, size_t first, \
                                size_t count)                                               \
    {                                                                                       \
        follow((tile_kind) == MICRO_DOTS, kernel, p, first, count);                         \
    }                                                                                       \
    const dlcore_half_t table = {                                                           \
        .name = label,                                                                      \
        .tiles = &prefix##_tiles,                                                           \
        .pair_columns = prefix##_columns,                                                   \
        .pair_rows = prefix##_rows,                                                         \
        .follow = prefix##_follow,                                                          \
        .follows_pieces = true,                                                             \
    };

HALF_TABLES
