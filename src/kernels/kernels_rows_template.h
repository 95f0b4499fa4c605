/* Sums and softmax over a row, and sums over columns. Part of kernels_template.h.
 *
 * SPDX-License-Identifier: MIT */

static float sum(const float *x, size_t n)
{
    v_float total = v_set(0.0f);
    size_t i = 0;

    for (; i + V_WIDTH <= n; i += V_WIDTH)
        total = v_add(total, v_load(x + i));
    if (i < n)
        total = v_add(total, v_load_part(x + i, n - i));
    return v_sum(total);
}

static float dot(const float *x, const float *y, size_t n)
{
    v_float total = v_set(0.0f);
    size_t i = 0;

    for (; i + V_WIDTH <= n; i += V_WIDTH)
        total = v_fma(v_load(x + i), v_load(y + i), total);
    if (i < n)
        total = v_fma(v_load_part(x + i, n - i), v_load_part(y + i, n - i), total);
    return v_sum(total);
}

static float maximum(const float *x, size_t n)
{
    v_float largest = v_set(x[0]);
    size_t i = 0;

    for (; i + V_WIDTH <= n; i += V_WIDTH)
        largest = v_max(v_load(x + i), largest);
    if (i < n && i > 0) {
        largest = v_max(v_load(x + n - V_WIDTH), largest);
    } else if (i < n) {
        float best = x[0];
        for (; i < n; i++)
            best = x[i] > best ? x[i] : best;
        return best;
    }
    return v_largest(largest);
}

static float exp_sum(float *y, size_t n, float shift)
{
    v_float s = v_set(shift), total = v_set(0.0f);
    size_t i = 0;

    for (; i + V_WIDTH <= n; i += V_WIDTH) {
        v_float e = exp_vector(v_sub(v_load(y + i), s));
        v_store(y + i, e);
        total = v_add(total, e);
    }
    if (i < n) {
        v_float e = exp_vector(v_sub(v_load_part(y + i, n - i), s));
        v_store_part(y + i, e, n - i);
        total = v_add(total, keep_first(e, n - i));
    }
    return v_sum(total);
}

static float exp_total(const float *x, size_t n)
{
    v_float total = v_set(0.0f);

    OVER_PARTS(n, total = v_add(total, keep_some(exp_vector(load_some(x + i, part)), part)));
    return v_sum(total);
}

static void subtract_exp(const float *y, float *dy, size_t n, float total)
{
    v_float t = v_set(total);

    OVER_PARTS(n, {
        v_float e = exp_vector(load_some(y + i, part));
        store_some(dy + i, v_fnma(e, t, load_some(dy + i, part)), part);
    });
}

static void softmax(float *y, size_t n, float *log_sum)
{
    float shift = maximum(y, n);
    float total = exp_sum(y, n, shift);

    scale_row(y, n, 1.0f / total);
    if (log_sum != NULL)
        *log_sum = shift + logf(total);
}

static void column_sums(const float *x, size_t rows, size_t columns, size_t stride, float *sums)
{
    size_t c = 0;

    for (; c + V_WIDTH <= columns; c += V_WIDTH) {
        v_float total = v_set(0.0f);
        for (size_t r = 0; r < rows; r++)
            total = v_add(total, v_load(x + r * stride + c));
        v_store(sums + c, total);
    }
    if (c < columns) {
        v_float total = v_set(0.0f);
        for (size_t r = 0; r < rows; r++)
            total = v_add(total, v_load_part(x + r * stride + c, columns - c));
        v_store_part(sums + c, total, columns - c);
    }
}
