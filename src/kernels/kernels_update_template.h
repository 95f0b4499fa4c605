/* Part of kernels_template.h: what surrounds an optimizer's rule. Clipping, regularizers, decay,
 * moving averages, and norms of columns for constraints.
 *
 * SPDX-License-Identifier: MIT */

ALWAYS_INLINE v_float sign_of(v_float x)
{
    v_float one = v_copy_sign(v_set(1.0f), x);

    return v_select(v_greater(v_abs(x), v_set(0.0f)), one, v_set(0.0f));
}

ALWAYS_INLINE void add_penalty_at(v_float l1, v_float two_l2, float *to, const float *g,
                                  const float *w, size_t part)
{
    v_float weight = load_some(w, part);
    v_float slope = v_fma(two_l2, weight, v_mul(l1, sign_of(weight)));

    store_some(to, v_add(load_some(g, part), slope), part);
}

static void add_penalty(size_t n, float *to, const float *g, const float *w, float l1, float two_l2)
{
    v_float first = v_set(l1), second = v_set(two_l2);

    OVER_VECTORS(n, add_penalty_at(first, second, to + i, g + i, w + i, part));
}

/* The bound stands first: a NaN in g stays, as x86 and the others answer the second of a pair
 * that cannot be compared. */
ALWAYS_INLINE v_float clip_vector(v_float g, v_float low, v_float high)
{
    return v_min(high, v_max(low, g));
}

static void clip_all(size_t n, float *to, const float *g, float limit)
{
    v_float low = v_set(-limit), high = v_set(limit);

    OVER_VECTORS(n, store_some(to + i, clip_vector(load_some(g + i, part), low, high), part));
}

static void decay(size_t n, float *w, float weight_decay, float learning_rate)
{
    v_float factor = v_set(weight_decay), rate = v_set(learning_rate);

    OVER_VECTORS(n, {
        v_float weight = load_some(w + i, part);
        store_some(w + i, v_fnma(v_mul(weight, factor), rate, weight), part);
    });
}

static void average(size_t n, float *mean, const float *w, float momentum, float one_minus_momentum)
{
    v_float keep = v_set(momentum), take = v_set(one_minus_momentum);

    OVER_VECTORS(n, {
        v_float weight = load_some(w + i, part);
        v_float mixed = v_fma(keep, load_some(mean + i, part), v_mul(take, weight));
        store_some(mean + i, mixed, part);
    });
}

static void accumulate(size_t n, float *to, const float *x)
{
    OVER_VECTORS(n,
                 store_some(to + i, v_add(load_some(to + i, part), load_some(x + i, part)), part));
}

static float absolute_sum(const float *x, size_t n)
{
    v_float total = v_set(0.0f);

    OVER_VECTORS(n, total = v_add(total, v_abs(load_some(x + i, part))));
    return v_sum(total);
}

static void column_squares(const float *x, size_t rows, size_t columns, size_t stride, float *sums)
{
    OVER_VECTORS(columns, {
        v_float total = v_set(0.0f);
        for (size_t r = 0; r < rows; r++) {
            v_float value = load_some(x + r * stride + i, part);
            total = v_fma(value, value, total);
        }
        store_some(sums + i, total, part);
    });
}

static void column_scale(float *x, size_t rows, size_t columns, size_t stride, const float *factors)
{
    for (size_t r = 0; r < rows; r++) {
        float *row = x + r * stride;
        OVER_VECTORS(columns,
                     store_some(row + i,
                                v_mul(load_some(row + i, part), load_some(factors + i, part)),
                                part));
    }
}
