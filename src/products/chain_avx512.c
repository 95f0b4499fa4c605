/* Chains of small layers for AVX-512, compiled with its flags, by operations that leave the
 * floating-point environment alone.
 *
 * SPDX-License-Identifier: MIT */
#include <stdbool.h>

#include "kernels/vector_avx512_quiet.h"

/* Neither zero nor denormal. */
static inline v_mask exponent_not_zero(v_float a)
{
    return _mm512_test_epi32_mask(_mm512_castps_si512(a), _mm512_set1_epi32(0x7f800000));
}

static inline v_float flush_vector(v_float a)
{
    return _mm512_maskz_mov_ps(exponent_not_zero(a), a);
}

/* y, but zero where x would be flushed. */
static inline v_float flush_by(v_float x, v_float y)
{
    return _mm512_maskz_mov_ps(exponent_not_zero(x), y);
}

/* Not where the mode has them count as zero, as they do then. */
static inline bool has_denormal(v_float a)
{
    return v_bits(_mm512_fpclass_ps_mask(a, 0x20)) != 0;
}

/* Four floats, over and over; and one of them in every lane: a load of one float into every lane
 * takes as long as the load of a whole vector. */
typedef v_float four_t;
#define four_load(x) _mm512_broadcast_f32x4(_mm_loadu_ps(x))
#define four_pick(four, i) _mm512_permute_ps(four, (i)*0x55)

/* Of a vector whose lanes from `units` on are 0, or -Inf; the result is in the first `units` lanes
 * at least. */
static inline v_float sum_in_all_lanes(v_float a, size_t units)
{
    if (units > 8)
        a = v_add(a, _mm512_shuffle_f32x4(a, a, 0x4e));
    if (units > 4)
        a = v_add(a, _mm512_shuffle_f32x4(a, a, 0xb1));
    a = v_add(a, _mm512_permute_ps(a, 0x4e));
    return v_add(a, _mm512_permute_ps(a, 0xb1));
}

static inline v_float largest_in_all_lanes(v_float a, size_t units)
{
    if (units > 8)
        a = v_max(a, _mm512_shuffle_f32x4(a, a, 0x4e));
    if (units > 4)
        a = v_max(a, _mm512_shuffle_f32x4(a, a, 0xb1));
    a = v_max(a, _mm512_permute_ps(a, 0x4e));
    return v_max(a, _mm512_permute_ps(a, 0xb1));
}

#include "products/chain_template.h"

/* ---- narrow chains: the outputs of a layer are one vector, which stays where it is ---- */

/* Sums of a layer: four inputs in turn. */
#define ADD_FOUR(four, w)                                         \
    do {                                                          \
        s0 = v_fma(four_pick(four, 0), v_load(w), s0);            \
        s1 = v_fma(four_pick(four, 1), v_load((w) + 16), s1);     \
        s2 = v_fma(four_pick(four, 2), v_load((w) + 2 * 16), s2); \
        s3 = v_fma(four_pick(four, 3), v_load((w) + 3 * 16), s3); \
    } while (0)

ALWAYS_INLINE v_float softmax_of_lanes(v_float x, v_mask lanes, size_t units)
{
    v_float inside = v_select(lanes, x, v_set(-HUGE_VALF));
    v_float e = short_exp(v_sub(inside, largest_in_all_lanes(inside, units)));

    return v_mul(e, v_div(v_set(1.0f), sum_in_all_lanes(e, units)));
}

/* The activation; denormals, and lanes beyond the units, become zero. */
ALWAYS_INLINE v_float end_narrow(const dlcore_chain_layer_t *layer, v_float x)
{
    const v_mask lanes = (v_mask)((1u << layer->units) - 1u);
    const __m512i exponent = _mm512_set1_epi32(0x7f800000);
    v_mask keep = _mm512_mask_test_epi32_mask(lanes, _mm512_castps_si512(x), exponent);
    v_float y = x;

    if (layer->activation == DLCORE_ACTIVATION_RELU) {
        y = relu_vector(x);
    } else if (layer->activation == DLCORE_ACTIVATION_TANH) {
        y = short_tanh(x);
    } else if (layer->activation != DLCORE_ACTIVATION_LINEAR) {
        y = layer->activation == DLCORE_ACTIVATION_SIGMOID
                ? short_sigmoid(x)
                : softmax_of_lanes(x, lanes, layer->units);
        keep = _mm512_mask_test_epi32_mask(lanes, _mm512_castps_si512(y), exponent);
    }
    return _mm512_maskz_mov_ps(keep, y);
}

ALWAYS_INLINE v_float first_narrow(const dlcore_chain_layer_t *layer, const float *x)
{
    const float *w = layer->weights;
    v_float s0 = v_load(w), s1 = v_set(0.0f), s2 = s1, s3 = s1;
    size_t left = layer->inputs;

    w += 16;
    if (left >= 4) {
        for (; left >= 4; left -= 4, x += 4, w += 4 * 16)
            ADD_FOUR(four_load(x), w);
        s0 = v_add(v_add(s0, s1), v_add(s2, s3));
    }
    for (; left > 0; left--, w += 16)
        s0 = v_fma(v_set(*x++), v_load(w), s0);
    return end_narrow(layer, s0);
}

ALWAYS_INLINE v_float next_narrow(const dlcore_chain_layer_t *layer, v_float x)
{
    const float *w = layer->weights, *end = w + 16 * layer->inputs;
    v_float s0 = v_load(w), s1 = v_set(0.0f), s2 = s1, s3 = s1;
    __m512i lanes = _mm512_setr_epi32(0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3);

    for (w += 16; w <= end; w += 4 * 16) {
        four_t four = _mm512_permutexvar_ps(lanes, x);
        ADD_FOUR(four, w);
        lanes = _mm512_add_epi32(lanes, _mm512_set1_epi32(4));
    }
    return end_narrow(layer, v_add(v_add(s0, s1), v_add(s2, s3)));
}

static void run_narrow(const dlcore_chain_t *chain, const float *x, size_t rows, float *y)
{
    const dlcore_chain_layer_t *end = chain->layers + chain->layer_count;

    for (; rows > 0; rows--, x += chain->inputs, y += chain->units) {
        const dlcore_chain_layer_t *layer = chain->layers;
        v_float a;

        if (__builtin_expect(!has_no_activation(chain, x), 0)) {
            chain_run_any(chain, x, 1, y);
            continue;
        }
        a = first_narrow(layer, x);
        for (layer++; layer < end; layer++)
            a = next_narrow(layer, a);
        if (chain->units < 16)
            v_store_part(y, a, chain->units);
        else
            v_store(y, a);
    }
}

static void chain_run(const dlcore_chain_t *chain, const float *x, size_t rows, float *y)
{
    if (chain->is_narrow)
        run_narrow(chain, x, rows, y);
    else
        chain_run_any(chain, x, rows, y);
}

static const dlcore_chain_functions_t chain_functions = {
    .run = chain_run, .run_uint8 = chain_run_uint8, .flushes = true};

const dlcore_chain_functions_t *dlcore_chain_avx512(void)
{
    return &chain_functions;
}
