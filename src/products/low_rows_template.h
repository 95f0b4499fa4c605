/* Rounding rows for products in fewer bits. Part of low_template.h.
 *
 * SPDX-License-Identifier: MIT */
#include "base/half.h"
#include "products/low_bfloat16.h"

/* ---- to int8 ---- */

static const float low_lanes[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

/* The first n < V_WIDTH numbers, and the first of them beyond. */
static v_float low_load_part(const float *x, size_t n)
{
    v_mask keep = v_less(v_load(low_lanes), v_set((float)(int)n));

    return v_select(keep, v_load_part(x, n), v_set(x[0]));
}

typedef struct low_extremes {
    v_float low, high;
    v_float odd; /* NaN where a number is not finite, else 0 */
} low_extremes_t;

static inline void low_widen(low_extremes_t *of, v_float x)
{
    of->low = v_min(x, of->low);
    of->high = v_max(x, of->high);
    of->odd = v_fma(x, v_set(0.0f), of->odd);
}

static dlcore_int8_range_t low_range(const dlcore_matrix_t *x, size_t row,
                                     dlcore_low_scale_t *scale)
{
    v_float first = v_set(*dlcore_matrix_at(x, row, 0));
    low_extremes_t of = {first, first, v_set(0.0f)};

    for (size_t p = 0; p < dlcore_matrix_panels(x); p++) {
        const float *from = dlcore_matrix_at(x, row, p);
        size_t n = dlcore_matrix_panel_columns(x, p), i = 0;
        for (; i + V_WIDTH <= n; i += V_WIDTH)
            low_widen(&of, v_load(from + i));
        if (i < n)
            low_widen(&of, low_load_part(from + i, n - i));
    }
    /* the lowest is the highest of what is turned round */
    return dlcore_int8_range(-v_largest(v_sub(v_set(0.0f), of.low)), v_largest(of.high),
                             v_sum(of.odd) == 0.0f, scale);
}

static inline v_float low_whole(const dlcore_int8_range_t *range, v_float x)
{
    v_float above = v_sub(v_mul(x, v_set(range->stretch)), v_set(range->least));

    return v_round(v_mul(above, v_set(range->inverse)));
}

static void low_row_to_int8(const dlcore_matrix_t *x, size_t row, dlcore_low_rows_t *to)
{
    uint8_t *first = (uint8_t *)(to->words + row * to->stride), *bytes = first;
    dlcore_int8_range_t range = low_range(x, row, &to->scales[row]);

    if (range.stretch == 0.0f) { /* not finite */
        memset(first, 0, to->stride * sizeof *to->words);
        return;
    }
    for (size_t p = 0; p < dlcore_matrix_panels(x); p++, bytes += x->panel) {
        const float *from = dlcore_matrix_at(x, row, p);
        size_t n = dlcore_matrix_panel_columns(x, p), i = 0;
        for (; i + V_WIDTH <= n; i += V_WIDTH)
            low_bytes(bytes + i, low_whole(&range, v_load(from + i)));
        if (i < n) {
            uint8_t part[16];
            low_bytes(part, low_whole(&range, low_load_part(from + i, n - i)));
            memcpy(bytes + i, part, n - i);
        }
    }
    for (size_t i = x->columns; i % 4 != 0; i++) /* of the last word */
        first[i] = 0;
}

static void low_encode_int8(const dlcore_matrix_t *x, dlcore_low_rows_t *to)
{
    for (size_t row = 0; row < x->rows; row++)
        low_row_to_int8(x, row, to);
}

/* ---- to bfloat16 ---- */

/* Panels have an even number of columns, but for the last. */
static void low_row_to_bfloat16(const dlcore_matrix_t *x, size_t row, dlcore_low_rows_t *to)
{
    uint32_t *words = to->words + row * to->stride;

    for (size_t p = 0; p < dlcore_matrix_panels(x); p++, words += x->panel / 2) {
        const float *from = dlcore_matrix_at(x, row, p);
        size_t n = dlcore_matrix_panel_columns(x, p);
        for (size_t i = 0; i < n / 2; i++)
            words[i] = dlcore_bfloat16_pair(from[2 * i], from[2 * i + 1]);
        if (n % 2 != 0)
            words[n / 2] = dlcore_bfloat16_pair(from[n - 1], 0.0f);
    }
}

static void low_encode_bfloat16(const dlcore_matrix_t *x, dlcore_low_rows_t *to)
{
    for (size_t row = 0; row < x->rows; row++)
        low_row_to_bfloat16(x, row, to);
}

/* ---- how a table's functions round: in the order of dlcore_low_functions_t ---- */

#define LOW_ROUND_INT8 \
    4, DLCORE_INT8_INPUTS_MOST, DLCORE_INT8_FACTORS, dlcore_int8_pack, low_encode_int8
#define LOW_ROUND_BFLOAT16 2, SIZE_MAX, 0, dlcore_bfloat16_pack, low_encode_bfloat16
