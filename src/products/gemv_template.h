/* The functions of gemv.h over the operations of one vector_*.h. Included by gemv_portable.c,
 * gemv_avx2.c, gemv_avx512.c and gemv_neon.c, each after its vector header and the two functions
 * that no vector header has: count_nonzeros and append_nonzeros.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "base/size.h"
#include "kernels/always_inline.h"
#include "products/gemv.h"
#include "products/products_native.h"

#define GEMV_PANEL (2 * (size_t)V_WIDTH)
#define SUMS 8  /* enough to hide the time of a multiply-add */
#define AHEAD 8 /* elements of a list by which weights are asked for in advance */

static size_t gemv_panel(size_t units)
{
    return units <= DLCORE_NATIVE_NARROW ? DLCORE_NATIVE_NARROW : GEMV_PANEL;
}

/* ---- lists ---- */

static size_t nonzeros(const dlcore_matrix_t *x, size_t row)
{
    size_t count = 0;

    for (size_t p = 0; p < dlcore_matrix_panels(x); p++)
        count += count_nonzeros(dlcore_matrix_at(x, row, p), dlcore_matrix_panel_columns(x, p));
    return count;
}

static void append_all(const float *x, size_t n, size_t first, dlcore_list_t *list)
{
    for (size_t i = 0; i < n; i++) {
        list->index[list->count + i] = (uint32_t)(first + i);
        list->value[list->count + i] = x[i];
    }
    list->count += n;
}

static void make_list(const dlcore_matrix_t *x, size_t row, bool all, dlcore_list_t *list)
{
    list->count = 0;
    for (size_t p = 0; p < dlcore_matrix_panels(x); p++) {
        const float *from = dlcore_matrix_at(x, row, p);
        size_t n = dlcore_matrix_panel_columns(x, p);
        if (all)
            append_all(from, n, p * x->panel, list);
        else
            append_nonzeros(from, n, p * x->panel, list);
    }
    list->is_sparse = list->count < x->columns / 4 * 3;
    /* what is asked for ahead of the last element: nothing new */
    for (size_t i = 0; i < AHEAD; i++)
        list->index[list->count + i] = list->count > 0 ? list->index[list->count - 1] : 0;
}

/* ---- sums ---- */

typedef struct gemv_place {
    const float *kernel; /* of the first panel */
    size_t stride;       /* floats from one panel to the next */
    size_t width;        /* of a panel */
    const float *start;  /* of the first panel; NULL: zero */
    float floor;
} gemv_place_t;

/* The sums of `panels` panels of `vectors` vectors each, every `unroll`-th element of the list in
 * sums of its own; these, and whether to ask for weights ahead of time, are constants. */
ALWAYS_INLINE void add_up(const gemv_place_t *t, const dlcore_list_t *list, int panels, int vectors,
                          int unroll, bool fetch, v_float sums[SUMS])
{
    const int count = panels * vectors;
    const uint32_t *index = list->index;
    const float *value = list->value;
    const float *const kernel = t->kernel;
    const size_t stride = t->stride, width = t->width, n = list->count;
    size_t k = 0;

    for (int i = 0; i < count * unroll; i++)
        sums[i] = i < count && t->start != NULL ? v_load(t->start + i * V_WIDTH) : v_set(0.0f);
    for (; k + (size_t)unroll <= n; k += (size_t)unroll) {
        for (int u = 0; u < unroll; u++) {
            const float *b = kernel + index[k + (size_t)u] * width;
            const float *next = kernel + index[k + (size_t)u + AHEAD] * width;
            v_float x = v_set(value[k + (size_t)u]);
            for (int p = 0; p < panels; p++, b += stride, next += stride) {
                for (int v = 0; v < vectors; v++) {
                    v_float *sum = &sums[u * count + p * vectors + v];
                    *sum = v_fma(x, v_load(b + v * V_WIDTH), *sum);
                    if (fetch && v * V_WIDTH % 16 == 0)
                        __builtin_prefetch(next + v * V_WIDTH);
                }
            }
        }
    }
    for (; k < n; k++) {
        const float *b = kernel + index[k] * width;
        v_float x = v_set(value[k]);
        for (int p = 0; p < panels; p++, b += stride) {
            for (int v = 0; v < vectors; v++)
                sums[p * vectors + v] = v_fma(x, v_load(b + v * V_WIDTH), sums[p * vectors + v]);
        }
    }
    for (int half = unroll / 2; half > 0; half /= 2) {
        for (int i = 0; i < half * count; i++)
            sums[i] = v_add(sums[i], sums[i + half * count]);
    }
}

/* Whole panels, to y and the panels after it. */
ALWAYS_INLINE void whole_panels(const gemv_place_t *t, const dlcore_list_t *list, int panels,
                                bool fetch, float *y, size_t y_panel)
{
    v_float sums[SUMS], floor = v_set(t->floor);

    add_up(t, list, panels, 2, SUMS / 2 / panels, fetch, sums);
    for (int p = 0; p < panels; p++, y += y_panel) {
        v_store(y, v_max(floor, sums[2 * p]));
        v_store(y + V_WIDTH, v_max(floor, sums[2 * p + 1]));
    }
}

/* Where most weights are read, hardware foresees the next ones better. */
static void four_panels(const gemv_place_t *t, const dlcore_list_t *list, float *y, size_t y_panel)
{
    if (list->is_sparse)
        whole_panels(t, list, 4, true, y, y_panel);
    else
        whole_panels(t, list, 4, false, y, y_panel);
}

static void two_panels(const gemv_place_t *t, const dlcore_list_t *list, float *y, size_t y_panel)
{
    whole_panels(t, list, 2, true, y, y_panel);
}

static const float gemv_lane_numbers[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

/* The last panel, of which `columns` columns count. */
static void last_panel(const gemv_place_t *t, const dlcore_list_t *list, size_t columns, float *y)
{
    v_float sums[SUMS], floor = v_set(t->floor), zero = v_set(0.0f);
    size_t in_last = columns > V_WIDTH ? columns - V_WIDTH : columns;
    v_mask keep = v_less(v_load(gemv_lane_numbers), v_set((float)(int)in_last));

    if (columns > V_WIDTH) {
        add_up(t, list, 1, 2, SUMS / 2, false, sums);
        v_store(y, v_max(floor, sums[0]));
        v_store(y + V_WIDTH, v_select(keep, v_max(floor, sums[1]), zero));
        return;
    }
    add_up(t, list, 1, 1, SUMS, false, sums);
    v_store(y, v_select(keep, v_max(floor, sums[0]), zero));
    if (t->width > V_WIDTH)
        v_store(y + V_WIDTH, zero);
}

/* Where column c of a row lies. */
static float *column_of(const dlcore_matrix_t *y, size_t row, size_t c)
{
    return dlcore_matrix_at(y, row, c / y->panel) + c % y->panel;
}

static void gemv_multiply(const dlcore_gemv_t *g, const dlcore_list_t *lists, size_t row,
                          size_t rows, dlcore_matrix_t *y)
{
    const size_t width = gemv_panel(g->units);
    const size_t y_panel = y->panel > width ? width : y->panel_stride;
    gemv_place_t t = {
        .stride = g->inputs * width, .width = width, .floor = g->relu ? 0.0f : -INFINITY};

    for (size_t c = 0, step; c < g->units; c += step) {
        size_t left = (g->units - c) / width; /* whole panels */
        step = left >= 4 ? 4 * width : left >= 2 ? 2 * width : width;
        t.kernel = g->kernel + c * g->inputs;
        t.start = g->bias != NULL ? g->bias + c : NULL;
        for (size_t r = 0; r < rows; r++) {
            float *to = column_of(y, row + r, c);
            if (left >= 4)
                four_panels(&t, &lists[r], to, y_panel);
            else if (left >= 2)
                two_panels(&t, &lists[r], to, y_panel);
            else
                last_panel(&t, &lists[r], dlcore_size_min(g->units - c, width), to);
        }
    }
}

static const dlcore_gemv_functions_t gemv_functions = {
    .name = V_NAME,
    .panel = gemv_panel,
    .nonzeros = nonzeros,
    .list = make_list,
    .multiply = gemv_multiply,
};
