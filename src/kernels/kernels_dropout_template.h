/* Part of kernels_rare_template.h: noise, and dropouts that keep mean and variance.
 *
 * SPDX-License-Identifier: MIT */

/* cos(2 pi t) for t in 0 .. 1, as 2 sin^2(pi (t - 1/2)) - 1; within 3e-7. */
static inline v_float cos_of_turns(v_float t)
{
    v_float x = v_mul(v_sub(t, v_set(0.5f)), v_set(3.14159265f)), q = v_mul(x, x);
    v_float sum = v_fma(q, v_set(-2.5052108e-8f), v_set(2.7557319e-6f));

    sum = v_fma(q, sum, v_set(-1.9841270e-4f));
    sum = v_fma(q, sum, v_set(8.3333333e-3f));
    sum = v_fma(q, sum, v_set(-1.6666667e-1f));
    x = v_fma(v_mul(q, sum), x, x);
    return v_fma(v_add(x, x), x, v_set(-1.0f));
}

/* y = x times a normal number of mean 1, or x plus one of mean 0. Box and Muller's normal numbers,
 * from two uniform ones. */
NEVER_INLINE static void with_normal_numbers(const float *x, float *y, const dlcore_elements_t *e,
                                             uint64_t key, float stddev, int times)
{
    const v_float d = v_set(stddev), factor = v_set(-2.0f), one = v_set(1.0f);

    for (size_t row = 0; row < e->rows; row++, x += e->stride, y += e->stride) {
        for (size_t i = 0; i < e->columns; i += HASHES) {
            uint32_t first = e->first + (uint32_t)(row * e->step + i);
            float a[HASHES], b[HASHES];

            uniform_by_hash(a, first, key);
            uniform_by_hash(b, first, ~key);
            for (size_t j = 0; j < HASHES && i + j < e->columns; j += V_WIDTH) {
                size_t left = e->columns - i - j, part = left < V_WIDTH ? left : V_WIDTH;
                v_float radius = v_sqrt(v_mul(factor, rare_log(v_load(a + j))));
                v_float normal = v_mul(radius, cos_of_turns(v_load(b + j)));
                v_float from = rare_load(x + i + j, part), moved = v_fma(d, normal, from);

                if (times)
                    moved = v_mul(v_fma(d, normal, one), from);
                rare_store(y + i + j, moved, part);
            }
        }
    }
}

static void noise(const float *x, float *y, const dlcore_elements_t *e, uint64_t key, float stddev)
{
    with_normal_numbers(x, y, e, key, stddev, 0);
}

static void gaussian_dropout(const float *x, float *y, const dlcore_elements_t *e, uint64_t key,
                             float stddev)
{
    with_normal_numbers(x, y, e, key, stddev, 1);
}

/* y = scale x + offset where x is kept, else dropped. */
static void alpha_dropout(const float *x, float *y, const dlcore_elements_t *e, uint64_t key,
                          uint32_t threshold, const dlcore_alpha_dropout_t *terms)
{
    const v_float zero = v_set(0.0f), scale = v_set(terms->scale), offset = v_set(terms->offset);
    const v_float dropped = v_set(terms->dropped);

    for (size_t row = 0; row < e->rows; row++, x += e->stride, y += e->stride) {
        for (size_t i = 0; i < e->columns; i += HASHES) {
            float keep[HASHES];

            keep_by_hash(keep, e->first + (uint32_t)(row * e->step + i), key, threshold);
            for (size_t j = 0; j < HASHES && i + j < e->columns; j += V_WIDTH) {
                size_t left = e->columns - i - j, part = left < V_WIDTH ? left : V_WIDTH;
                v_float kept = v_add(v_mul(rare_load(x + i + j, part), scale), offset);

                rare_store(y + i + j, v_select(v_greater(v_load(keep + j), zero), kept, dropped),
                           part);
            }
        }
    }
}
