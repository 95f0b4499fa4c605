/* Part of kernels_template.h: losses of one row.
 *
 * SPDX-License-Identifier: MIT */

/* A loss over one row: TERM gives the loss of a vector of (x, t) and, in *slope, its derivative by
 * x. The end of a row is padded with zeros, whose loss is dropped. */
#define ROW_LOSS(name, term)                                                                   \
    static float name(const float *x, const float *t, float *dy, size_t n, float weight)       \
    {                                                                                          \
        v_float total = v_set(0.0f), w = v_set(weight), slope;                                 \
        size_t i = 0;                                                                          \
        for (; i + V_WIDTH <= n; i += V_WIDTH) {                                               \
            total = v_add(total, term(v_load(x + i), v_load(t + i), &slope));                  \
            if (dy != NULL)                                                                    \
                v_store(dy + i, v_mul(slope, w));                                              \
        }                                                                                      \
        if (i < n) {                                                                           \
            v_float part = term(v_load_part(x + i, n - i), v_load_part(t + i, n - i), &slope); \
            total = v_add(total, keep_first(part, n - i));                                     \
            if (dy != NULL)                                                                    \
                v_store_part(dy + i, v_mul(slope, w), n - i);                                  \
        }                                                                                      \
        return v_sum(total);                                                                   \
    }

static inline v_float square_of_difference(v_float x, v_float t, v_float *slope)
{
    v_float difference = v_sub(x, t);
    *slope = v_add(difference, difference);
    return v_mul(difference, difference);
}

/* The same in one copy, for a TERM that is long. */
#define LONG_ROW_LOSS(name, term)                                                        \
    static float name(const float *x, const float *t, float *dy, size_t n, float weight) \
    {                                                                                    \
        v_float total = v_set(0.0f), w = v_set(weight), slope;                           \
        OVER_PARTS(n, {                                                                  \
            v_float p = load_some(x + i, part), label = load_some(t + i, part);          \
            total = v_add(total, keep_some(term(p, label, &slope), part));               \
            if (dy != NULL)                                                              \
                store_some(dy + i, v_mul(slope, w), part);                               \
        });                                                                              \
        return v_sum(total);                                                             \
    }

LONG_ROW_LOSS(binary_crossentropy_logits, crossentropy_of_logit)
LONG_ROW_LOSS(binary_crossentropy, crossentropy_of_probability)
ROW_LOSS(squared_error, square_of_difference)

static float categorical_crossentropy(const float *p, const float *t, float *dy, size_t n,
                                      float total, float *inner)
{
    v_float factor = v_set(1.0f / total), loss = v_set(0.0f), products = v_set(0.0f);

    for (size_t i = 0; i < n; i += V_WIDTH) {
        size_t part = n - i < V_WIDTH ? n - i : V_WIDTH;
        int whole = part == V_WIDTH;
        v_float probability = whole ? v_load(p + i) : v_load_part(p + i, part);
        v_float label = whole ? v_load(t + i) : v_load_part(t + i, part);
        v_float quotient = v_mul(probability, factor);
        v_float q = clip(quotient);
        v_float value = v_fma(label, log_vector(q), v_sub(q, q));

        loss = v_sub(loss, keep_first(value, part));
        if (dy != NULL) {
            v_float slope = where_inside(quotient, v_sub(v_set(0.0f), v_div(label, q)));
            products = v_fma(slope, keep_first(quotient, part), products);
            if (whole)
                v_store(dy + i, slope);
            else
                v_store_part(dy + i, slope, part);
        }
    }
    if (inner != NULL)
        *inner = v_sum(products);
    return v_sum(loss);
}

static float clipped_sum(const float *p, float *inside, size_t n)
{
    v_float total = v_set(0.0f), one = v_set(1.0f);
    size_t i = 0;

    for (; i + V_WIDTH <= n; i += V_WIDTH) {
        v_float x = v_load(p + i);
        total = v_add(total, clip(x));
        if (inside != NULL)
            v_store(inside + i, where_inside(x, one));
    }
    if (i < n) {
        v_float x = v_load_part(p + i, n - i);
        total = v_add(total, keep_first(clip(x), n - i));
        if (inside != NULL)
            v_store_part(inside + i, where_inside(x, one), n - i);
    }
    return v_sum(total);
}
