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

/* The first n lanes of x, `beyond` in the others. */
static inline v_float first_lanes(v_float x, size_t n, float beyond)
{
    static const float numbers[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

    return v_select(v_less(v_load(numbers), v_set((float)(int)n)), x, v_set(beyond));
}

/* What dlcore_softmax_center_row, dot, softmax and difference do, in their order, for a row that
 * stays in registers: of a narrow row each of them is mostly waiting. */
static float softmax_crossentropy(float *x, const float *t, float *dy, size_t n, float weight)
{
    enum { NARROW_VECTORS = DLCORE_NARROW_ROW / V_WIDTH };
    v_float e[NARROW_VECTORS], label[NARROW_VECTORS], zero = v_set(0.0f), w = v_set(weight), factor;
    v_float largest = v_set(-HUGE_VALF), labels = zero, product = zero, total = zero;
    size_t part[NARROW_VECTORS];
    float sum;

    for (size_t i = 0; i < NARROW_VECTORS; i++) {
        size_t begin = i * V_WIDTH, left = n > begin ? n - begin : 0;

        part[i] = left < V_WIDTH ? left : V_WIDTH;
        e[i] = first_lanes(load_up_to(x + begin, part[i]), part[i], -HUGE_VALF);
        label[i] = load_up_to(t + begin, part[i]);
        largest = v_max(e[i], largest);
        labels = v_add(labels, label[i]);
    }
    largest = v_set(v_largest(largest));
    for (size_t i = 0; i < NARROW_VECTORS; i++) {
        v_float centered = v_sub(e[i], largest);

        product = v_fma(label[i], first_lanes(centered, part[i], 0.0f), product);
        e[i] = first_lanes(exp_vector(centered), part[i], 0.0f);
        total = v_add(total, e[i]);
    }
    sum = v_sum(total);
    factor = v_set(1.0f / sum);
    for (size_t i = 0; i < NARROW_VECTORS; i++) {
        v_float p = v_mul(e[i], factor);

        store_up_to(x + i * V_WIDTH, p, part[i]);
        if (dy != NULL)
            store_up_to(dy + i * V_WIDTH, v_mul(v_sub(p, label[i]), w), part[i]);
    }
    return v_sum(labels) * logf(sum) - v_sum(product);
}
