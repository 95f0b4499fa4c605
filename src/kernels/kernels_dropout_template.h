/* Part of kernels_template.h: dropouts that keep mean and variance. Uses what
 * kernels_layers_template.h has for dropout and noise.
 *
 * SPDX-License-Identifier: MIT */

/* y = x times a normal number of mean 1. */
static void gaussian_dropout(const float *x, float *y, const dlcore_elements_t *e, uint64_t key,
                             float stddev)
{
    const v_float d = v_set(stddev), factor = v_set(-2.0f), one = v_set(1.0f);

    for (size_t row = 0; row < e->rows; row++, x += e->stride, y += e->stride) {
        for (size_t i = 0; i < e->columns; i += HASHES) {
            uint32_t first = e->first + (uint32_t)(row * e->step + i);
            float a[HASHES], b[HASHES];

            uniform_by_hash(a, first, key);
            uniform_by_hash(b, first, ~key);
            for (size_t j = 0; j < HASHES && i + j < e->columns; j += V_WIDTH) {
                size_t left = e->columns - i - j;
                v_float radius = v_sqrt(v_mul(factor, log_vector(v_load(a + j))));
                v_float normal = v_mul(radius, cos_of_turns(v_load(b + j)));

                store_up_to(y + i + j, v_mul(v_fma(d, normal, one), load_up_to(x + i + j, left)),
                            left);
            }
        }
    }
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
                size_t left = e->columns - i - j;
                v_float kept = v_add(v_mul(load_up_to(x + i + j, left), scale), offset);

                store_up_to(y + i + j, v_select(v_greater(v_load(keep + j), zero), kept, dropped),
                            left);
            }
        }
    }
}
