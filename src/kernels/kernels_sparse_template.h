/* Part of kernels_template.h: rows that are lists of their entries.
 *
 * Each sum runs over the entries in order, by fused multiply-add, as the native engine's register
 * tile runs over all columns: what it multiplies by zero changes no sum, so the bits are the same.
 *
 * SPDX-License-Identifier: MIT */

ALWAYS_INLINE v_float entry_value(const dlcore_entries_t *entries, size_t i, bool has_values)
{
    return v_set(has_values ? entries->values[i] * entries->scale : entries->scale);
}

/* `vectors` vectors of sums; `part` floats of the last one, or all of it where that is 0. */
ALWAYS_INLINE void sum_block(const dlcore_entries_t *entries, const float *w, size_t stride,
                             const float *start, float *y, size_t vectors, size_t part,
                             bool has_values)
{
    v_float zero = v_set(0.0f);
    v_float sum0 = start == NULL ? zero : part > 0 ? v_load_part(start, part) : v_load(start);
    v_float sum1 = start != NULL && vectors > 1 ? v_load(start + V_WIDTH) : zero;

    for (size_t i = 0; i < entries->count; i++) {
        const float *row = w + (size_t)entries->indices[i] * stride;
        v_float x = entry_value(entries, i, has_values);

        sum0 = v_fma(x, part > 0 ? v_load_part(row, part) : v_load(row), sum0);
        if (vectors > 1)
            sum1 = v_fma(x, v_load(row + V_WIDTH), sum1);
    }
    if (part > 0)
        v_store_part(y, sum0, part);
    else
        v_store(y, sum0);
    if (vectors > 1)
        v_store(y + V_WIDTH, sum1);
}

ALWAYS_INLINE void sum_blocks(const dlcore_entries_t *entries, const float *w, size_t stride,
                              const float *start, float *y, size_t n, bool has_values)
{
    const size_t two = 2 * (size_t)V_WIDTH;
    size_t c = 0;

    for (; n - c >= two; c += two)
        sum_block(entries, w + c, stride, start != NULL ? start + c : NULL, y + c, 2, 0,
                  has_values);
    for (; n - c >= V_WIDTH; c += V_WIDTH)
        sum_block(entries, w + c, stride, start != NULL ? start + c : NULL, y + c, 1, 0,
                  has_values);
    if (n > c)
        sum_block(entries, w + c, stride, start != NULL ? start + c : NULL, y + c, 1, n - c,
                  has_values);
}

static void entries_sum(const dlcore_entries_t *entries, const float *w, size_t stride,
                        const float *start, float *y, size_t n)
{
    if (entries->values != NULL)
        sum_blocks(entries, w, stride, start, y, n, true);
    else
        sum_blocks(entries, w, stride, start, y, n, false);
}

/* Likewise: x times one block of d is added to each entry's row. */
ALWAYS_INLINE size_t add_block(const dlcore_entries_t *entries, size_t end, const float *d,
                               float *g, size_t before, size_t stride, size_t vectors, size_t part,
                               bool has_values)
{
    v_float d0 = part > 0 ? v_load_part(d, part) : v_load(d);
    v_float d1 = vectors > 1 ? v_load(d + V_WIDTH) : d0;
    size_t i = 0;

    for (; i < entries->count && (size_t)entries->indices[i] < end; i++) {
        float *row = g + ((size_t)entries->indices[i] * stride - before);
        v_float x = entry_value(entries, i, has_values);

        if (part > 0)
            v_store_part(row, v_fma(x, d0, v_load_part(row, part)), part);
        else
            v_store(row, v_fma(x, d0, v_load(row)));
        if (vectors > 1)
            v_store(row + V_WIDTH, v_fma(x, d1, v_load(row + V_WIDTH)));
    }
    return i;
}

ALWAYS_INLINE size_t add_blocks(const dlcore_entries_t *entries, size_t end, const float *d,
                                float *g, size_t before, size_t stride, size_t n, bool has_values)
{
    const size_t two = 2 * (size_t)V_WIDTH;
    size_t c = 0, count = 0;

    for (; n - c >= two; c += two)
        count = add_block(entries, end, d + c, g + c, before, stride, 2, 0, has_values);
    for (; n - c >= V_WIDTH; c += V_WIDTH)
        count = add_block(entries, end, d + c, g + c, before, stride, 1, 0, has_values);
    if (n > c)
        count = add_block(entries, end, d + c, g + c, before, stride, 1, n - c, has_values);
    return count;
}

static size_t entries_add(const dlcore_entries_t *entries, size_t end, const float *d, float *g,
                          size_t before, size_t stride, size_t n)
{
    return entries->values != NULL ? add_blocks(entries, end, d, g, before, stride, n, true)
                                   : add_blocks(entries, end, d, g, before, stride, n, false);
}
