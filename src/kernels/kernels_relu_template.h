/* Part of kernels_rare_template.h: relu with all its settings
 * (keras/src/activations/activations.py).
 *
 * SPDX-License-Identifier: MIT */

/* x where it is above the threshold, at most max_value, else 0; less negative_slope times what it
 * is below the threshold. NaN stays NaN. */
static inline v_float relu_general_of(v_float x, const dlcore_relu_t *relu)
{
    v_float zero = v_set(0.0f), threshold = v_set(relu->threshold), below;
    v_float y =
        v_select(v_greater(x, threshold), x, v_select(v_less(x, v_set(HUGE_VALF)), zero, x));

    y = v_min(v_set(relu->max_value), y);
    if (relu->negative_slope == 0.0f)
        return y;
    below = v_max(zero, v_sub(threshold, x));
    return v_sub(y, v_mul(v_set(relu->negative_slope), below));
}

/* At max_value itself the slope is 1, but for relu6, as TensorFlow has it. */
static inline v_float relu_general_slope(v_float x, const dlcore_relu_t *relu)
{
    v_float zero = v_set(0.0f), threshold = v_set(relu->threshold);
    int is_relu6 = relu->max_value == 6.0f && relu->threshold == 0.0f;
    v_float most = v_set(relu->max_value), rise = v_set(1.0f);

    rise = v_select(v_greater(x, most), zero, rise);
    if (is_relu6)
        rise = v_select(v_less(x, most), rise, zero);
    return v_select(v_greater(x, threshold), rise,
                    v_select(v_less(x, threshold), v_set(relu->negative_slope), zero));
}

static void relu_general(float *y, size_t n, const dlcore_relu_t *relu)
{
    OVER_PARTS(n, rare_store(y + i, relu_general_of(rare_load(y + i, part), relu), part));
}

static void relu_general_gradient(const float *x, float *dy, size_t n, const dlcore_relu_t *relu)
{
    OVER_PARTS(n, {
        v_float rise = relu_general_slope(rare_load(x + i, part), relu);
        rare_store(dy + i, v_mul(rare_load(dy + i, part), rise), part);
    });
}
