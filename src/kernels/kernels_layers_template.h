/* Part of kernels_template.h: dropout, the normalizations and prelu.
 *
 * SPDX-License-Identifier: MIT */

/* ---- dropout ---- */

static void dropout(const float *x, float *y, const dlcore_elements_t *e, uint64_t key,
                    uint32_t threshold, float scale)
{
    const v_float zero = v_set(0.0f), s = v_set(scale);

    for (size_t row = 0; row < e->rows; row++, x += e->stride, y += e->stride) {
        for (size_t i = 0; i < e->columns; i += HASHES) {
            float keep[HASHES];

            keep_by_hash(keep, e->first + (uint32_t)(row * e->step + i), key, threshold);
            for (size_t j = 0; j < HASHES && i + j < e->columns; j += V_WIDTH) {
                size_t left = e->columns - i - j;
                v_float kept = v_mul(load_up_to(x + i + j, left), s);

                store_up_to(y + i + j, v_select(v_greater(v_load(keep + j), zero), kept, zero),
                            left);
            }
        }
    }
}

/* ---- columns of a block: batch normalization ---- */

static void column_moments(const float *x, size_t rows, size_t columns, size_t stride,
                           const float *mean, float *sums, float *squares)
{
    for (size_t c = 0; c < columns; c += V_WIDTH) {
        v_float m = load_up_to(mean + c, columns - c), sum = v_set(0.0f), square = sum;

        for (size_t r = 0; r < rows; r++) {
            v_float d = v_sub(load_up_to(x + r * stride + c, columns - c), m);
            sum = v_add(sum, d);
            square = v_fma(d, d, square);
        }
        store_up_to(sums + c, sum, columns - c);
        store_up_to(squares + c, square, columns - c);
    }
}

static void column_affine(const float *x, float *y, size_t rows, size_t columns, size_t stride,
                          const float *mean, const float *scale, const float *offset)
{
    for (size_t c = 0; c < columns; c += V_WIDTH) {
        v_float m = load_up_to(mean + c, columns - c), s = load_up_to(scale + c, columns - c);
        v_float o = load_up_to(offset + c, columns - c);

        for (size_t r = 0; r < rows; r++) {
            size_t at = r * stride + c;
            v_float distance = v_sub(load_up_to(x + at, columns - c), m);
            store_up_to(y + at, v_fma(distance, s, o), columns - c);
        }
    }
}

static void column_dots(const float *x, const float *dy, size_t rows, size_t columns, size_t stride,
                        const float *mean, float *sums, float *dots)
{
    for (size_t c = 0; c < columns; c += V_WIDTH) {
        v_float m = load_up_to(mean + c, columns - c), sum = v_set(0.0f), dot = v_set(0.0f);

        for (size_t r = 0; r < rows; r++) {
            v_float g = load_up_to(dy + r * stride + c, columns - c);
            sum = v_add(sum, g);
            dot = v_fma(g, v_sub(load_up_to(x + r * stride + c, columns - c), m), dot);
        }
        store_up_to(sums + c, sum, columns - c);
        store_up_to(dots + c, dot, columns - c);
    }
}

static void column_combine(const float *x, const float *dy, float *dx, size_t rows, size_t columns,
                           size_t stride, const dlcore_column_terms_t *terms)
{
    for (size_t c = 0; c < columns; c += V_WIDTH) {
        size_t left = columns - c;
        v_float m = load_up_to(terms->mean + c, left), a = load_up_to(terms->by_gradient + c, left);
        v_float b = load_up_to(terms->by_input + c, left), d = load_up_to(terms->offset + c, left);

        for (size_t r = 0; r < rows; r++) {
            size_t at = r * stride + c;
            v_float t = v_fma(b, v_sub(load_up_to(x + at, left), m), d);
            store_up_to(dx + at, v_fma(a, load_up_to(dy + at, left), t), left);
        }
    }
}

/* ---- rows: layer normalization ---- */

static void row_moments(const float *x, size_t n, float mean, float moments[2])
{
    v_float m = v_set(mean), sum = v_set(0.0f), square = sum;
    size_t i = 0;

    for (; i + V_WIDTH <= n; i += V_WIDTH) {
        v_float d = v_sub(v_load(x + i), m);
        sum = v_add(sum, d);
        square = v_fma(d, d, square);
    }
    if (i < n) {
        v_float d = keep_first(v_sub(v_load_part(x + i, n - i), m), n - i);
        sum = v_add(sum, d);
        square = v_fma(d, d, square);
    }
    moments[0] = v_sum(sum);
    moments[1] = v_sum(square);
}

/* x without the mean, of which the larger part goes first. */
static inline v_float without_mean(v_float x, const dlcore_row_scale_t *scale)
{
    return v_sub(v_sub(x, v_set(scale->mean)), v_set(scale->rest));
}

static void row_normalize(const float *x, float *y, size_t n, const dlcore_row_scale_t *scale,
                          const float *gamma, const float *beta)
{
    const v_float k = v_set(scale->inverse);

    for (size_t i = 0; i < n; i += V_WIDTH) {
        v_float factor = gamma != NULL ? v_mul(k, load_up_to(gamma + i, n - i)) : k;
        v_float offset = beta != NULL ? load_up_to(beta + i, n - i) : v_set(0.0f);

        store_up_to(y + i, v_fma(without_mean(load_up_to(x + i, n - i), scale), factor, offset),
                    n - i);
    }
}

static void row_dots(const float *x, const float *dy, size_t n, const dlcore_row_scale_t *scale,
                     const float *gamma, float dots[2])
{
    v_float k = v_set(scale->inverse), sum = v_set(0.0f), dot = v_set(0.0f);

    for (size_t i = 0; i < n; i += V_WIDTH) { /* parts load as zeros, and so add nothing */
        v_float g = load_up_to(dy + i, n - i);

        if (gamma != NULL)
            g = v_mul(g, load_up_to(gamma + i, n - i));
        sum = v_add(sum, g);
        dot = v_fma(g, v_mul(without_mean(load_up_to(x + i, n - i), scale), k), dot);
    }
    dots[0] += v_sum(sum);
    dots[1] += v_sum(dot);
}

static void row_combine(const float *x, const float *dy, float *dx, size_t n,
                        const dlcore_row_scale_t *scale, const float *gamma, const float means[2])
{
    v_float k = v_set(scale->inverse), a = v_set(means[0]), b = v_set(means[1]);

    for (size_t i = 0; i < n; i += V_WIDTH) {
        v_float g = load_up_to(dy + i, n - i);
        v_float normal = v_mul(without_mean(load_up_to(x + i, n - i), scale), k);

        if (gamma != NULL)
            g = v_mul(g, load_up_to(gamma + i, n - i));
        store_up_to(dx + i, v_mul(k, v_fnma(b, normal, v_sub(g, a))), n - i);
    }
}

/* The same sums as column_dots, where each row has a mean and a factor of its own. */
static void column_row_dots(const float *x, const float *dy, size_t rows, size_t columns,
                            size_t stride, const dlcore_row_scale_t *scales, float *sums,
                            float *dots)
{
    for (size_t c = 0; c < columns; c += V_WIDTH) {
        v_float sum = v_set(0.0f), dot = v_set(0.0f);

        for (size_t r = 0; r < rows; r++) {
            v_float g = load_up_to(dy + r * stride + c, columns - c);
            v_float d = without_mean(load_up_to(x + r * stride + c, columns - c), &scales[r]);

            sum = v_add(sum, g);
            dot = v_fma(g, v_mul(d, v_set(scales[r].inverse)), dot);
        }
        store_up_to(sums + c, sum, columns - c);
        store_up_to(dots + c, dot, columns - c);
    }
}

/* ---- prelu ---- */

static void prelu(const float *x, float *y, size_t n, const float *alpha)
{
    for (size_t i = 0; i < n; i++)
        y[i] = x[i] < 0.0f ? x[i] * alpha[i] : x[i]; /* NaN stays */
}

/* The slope at 0 is 0, as Keras's, which puts the function together from two relus. */
static void prelu_gradient(const float *x, const float *dy, float *dx, size_t n, const float *alpha)
{
    for (size_t i = 0; i < n; i++) {
        float negative = x[i] < 0.0f ? dy[i] * alpha[i] : 0.0f;

        dx[i] = x[i] > 0.0f ? dy[i] : negative;
    }
}

static void prelu_columns(const float *x, const float *dy, size_t rows, size_t columns,
                          size_t stride, float *sums)
{
    for (size_t c = 0; c < columns; c++)
        sums[c] = 0.0f;
    for (size_t r = 0; r < rows; r++) {
        for (size_t c = 0; c < columns; c++) {
            size_t at = r * stride + c;
            sums[c] += x[at] < 0.0f ? dy[at] * x[at] : 0.0f;
        }
    }
}
