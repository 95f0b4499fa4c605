/* Chains of small layers over the operations of one vector_*.h. Included by chain_avx2.c,
 * chain_avx512.c and chain_neon.c, each after its vector header.
 *
 * A layer reads its inputs one by one from a stack buffer, which the store before forwards, and
 * keeps all its sums in registers: for each of 1 to 4 blocks of 16 units, and several of each, so
 * that one sum need not wait for another.
 *
 * SPDX-License-Identifier: MIT */
#include <float.h>
#include <math.h>
#include <string.h>

#include "kernels/always_inline.h"
#include "kernels/vector_functions.h"
#include "products/chain.h"

#define BLOCK_VECTORS (DLCORE_CHAIN_BLOCK / V_WIDTH)

static const float chain_lane_numbers[DLCORE_CHAIN_WIDTH] = {
    0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
    22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43,
    44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63};

/* ---- activations ----
 *
 * Those of vector_functions.h take their time in long chains of dependent operations, which nothing
 * hides in a network of a few vectors. These are shorter: NaN passes through the bounds, which come
 * first in v_max and v_min, and polynomials are added up in a tree. Within 4 ulp. */

/* x = n log 2 + r: answers square = r^2 and, in *rest, what the series of exp_vector has to be
 * multiplied with it: exp(r) = 1 + r + r^2 rest. */
ALWAYS_INLINE v_float split_exp(v_float x, v_float *n, v_float *square, v_float *rest)
{
    v_float r, low, middle, high;

    *n = v_round(v_mul(x, v_set(1.44269504088896341f)));
    r = v_fnma(*n, v_set(0.693359375f), x);
    r = v_fnma(*n, v_set(-2.12194440e-4f), r);
    *square = v_mul(r, r);
    low = v_fma(v_set(1.6666665459e-1f), r, v_set(5.0000001201e-1f));
    middle = v_fma(v_set(8.3334519073e-3f), r, v_set(4.1665795894e-2f));
    high = v_fma(v_set(1.9875691500e-4f), r, v_set(1.3981999507e-3f));
    *rest = v_fma(v_fma(high, *square, middle), *square, low);
    return r;
}

/* exp(x) = a 2^n, for x in -104 .. 89 or NaN: a, and in *power 2^n, which may be 0 or infinite. */
ALWAYS_INLINE v_float exp_parts(v_float x, v_float *power)
{
    v_float one = v_set(1.0f), n, square, rest, r = split_exp(x, &n, &square, &rest);

    *power = v_scale2(one, n);
    return v_fma(rest, square, v_add(r, one));
}

/* For x up to 0 or NaN. */
ALWAYS_INLINE v_float short_exp(v_float x)
{
    v_float power, a = exp_parts(v_max(v_set(-104.0f), x), &power);

    return v_mul(a, power);
}

/* 1 / (1 + exp(-x)) */
ALWAYS_INLINE v_float short_sigmoid(v_float x)
{
    v_float one = v_set(1.0f), a, power;

    x = v_min(v_set(89.0f), v_max(v_set(-104.0f), v_sub(v_set(0.0f), x)));
    a = exp_parts(x, &power);
    return v_div(one, v_fma(a, power, one));
}

/* e / (e + 2) with e = exp(2x) - 1 = 2^n (exp(r) - 1) + (2^n - 1), which loses nothing near 0. */
ALWAYS_INLINE v_float short_tanh(v_float x)
{
    v_float one = v_set(1.0f), n, square, rest, r, power;

    x = v_min(v_set(20.0f), v_max(v_set(-20.0f), v_add(x, x)));
    r = split_exp(x, &n, &square, &rest);
    r = v_fma(rest, square, r);
    power = v_scale2(one, n);
    return v_div(v_fma(power, r, v_sub(power, one)), v_fma(power, r, v_add(power, one)));
}

/* Denormal results become zero, told from x where that is known earlier. */
ALWAYS_INLINE v_float flushed_relu(v_float x)
{
    return flush_by(x, relu_vector(x));
}

ALWAYS_INLINE v_float flushed_tanh(v_float x)
{
    return flush_by(x, short_tanh(x));
}

ALWAYS_INLINE v_float flushed_sigmoid(v_float x)
{
    return flush_vector(short_sigmoid(x));
}

/* ---- a layer ---- */

/* In a layer of `vectors` vectors and `unroll` sums of each, both of them constants, sum i is that
 * of vector i % vectors. Written with named variables and constant conditions instead of arrays and
 * loops: the sums are in registers with every compiler. */
#define EACH_CHAIN_SUM(do_sum)                                                          \
    do {                                                                                \
        do_sum(0) do_sum(1) do_sum(2) do_sum(3) do_sum(4) do_sum(5) do_sum(6) do_sum(7) \
    } while (0)

#define START_CHAIN_SUM(i) s##i = (i) < vectors ? v_load(w + (i)*V_WIDTH) : v_set(0.0f);

/* Input j of a group of four, to the sums that are its turn. */
#define ADD_OF_FOUR(i, j)                                        \
    if ((i) < vectors * unroll && (i) / vectors == (j) % unroll) \
        s##i = v_fma(four_pick(four, j), v_load(w + ((j)*vectors + (i) % vectors) * V_WIDTH), s##i);
#define ADD_FIRST(i) ADD_OF_FOUR(i, 0)
#define ADD_SECOND(i) ADD_OF_FOUR(i, 1)
#define ADD_THIRD(i) ADD_OF_FOUR(i, 2)
#define ADD_FOURTH(i) ADD_OF_FOUR(i, 3)

#define ADD_INPUT(i)   \
    if ((i) < vectors) \
        s##i = v_fma(v_set(*x), v_load(w + (i)*V_WIDTH), s##i);

#define MAP_SUMS(function)                    \
    do {                                      \
        s0 = function(s0);                    \
        s1 = vectors > 1 ? function(s1) : s1; \
        s2 = vectors > 2 ? function(s2) : s2; \
        s3 = vectors > 3 ? function(s3) : s3; \
        s4 = vectors > 4 ? function(s4) : s4; \
        s5 = vectors > 5 ? function(s5) : s5; \
        s6 = vectors > 6 ? function(s6) : s6; \
        s7 = vectors > 7 ? function(s7) : s7; \
    } while (0)

/* Beyond the last unit, which is in the last block: what neither the largest nor the total minds.
 */
#define LOWER_PADDING(i)                                                                    \
    if ((i) < vectors && (i) >= vectors - BLOCK_VECTORS)                                    \
        s##i = v_select(v_less(v_load(chain_lane_numbers + (i)*V_WIDTH), v_set(end)), s##i, \
                        v_set(-HUGE_VALF));

#define TAKE_LARGEST(i) largest = (i) < vectors ? v_max(s##i, largest) : largest;

#define TAKE_EXP(i)                                   \
    if ((i) < vectors) {                              \
        s##i = short_exp(v_sub(s##i, largest));       \
        total = (i) == 0 ? s##i : v_add(total, s##i); \
    }

#define SCALE_SUM(i) s##i = (i) < vectors ? v_mul(s##i, factor) : s##i;

#define STORE_CHAIN_SUM(i) \
    if ((i) < vectors)     \
        v_store(y + (i)*V_WIDTH, s##i);

#define STORE_LAST_SUM(i)                                             \
    if ((i) < vectors && units > (i)*V_WIDTH) {                       \
        if (units >= ((i) + 1) * V_WIDTH)                             \
            v_store(y + (i)*V_WIDTH, s##i);                           \
        else                                                          \
            v_store_part(y + (i)*V_WIDTH, s##i, units - (i)*V_WIDTH); \
    }

/* One layer from x to y; of the last one, only what counts is stored. */
ALWAYS_INLINE void chain_run_layer(const dlcore_chain_layer_t *layer, const float *x, float *y,
                                   bool is_last, const int vectors, const int unroll)
{
    const float *w = layer->weights;
    const dlcore_activation_t activation = layer->activation;
    const size_t units = layer->units;
    size_t left = layer->inputs;
    v_float s0, s1, s2, s3, s4, s5, s6, s7;

    EACH_CHAIN_SUM(START_CHAIN_SUM);
    for (w += vectors * V_WIDTH; left >= 4; left -= 4) {
        four_t four = four_load(x);
        EACH_CHAIN_SUM(ADD_FIRST);
        EACH_CHAIN_SUM(ADD_SECOND);
        EACH_CHAIN_SUM(ADD_THIRD);
        EACH_CHAIN_SUM(ADD_FOURTH);
        x += 4;
        w += 4 * vectors * V_WIDTH;
    }
    for (; left > 0; left--) {
        EACH_CHAIN_SUM(ADD_INPUT);
        x++;
        w += vectors * V_WIDTH;
    }
    if (unroll == 4) { /* of one block */
        s0 = v_add(v_add(s0, vectors == 1 ? s2 : s4), vectors == 1 ? v_add(s1, s3) : v_add(s2, s6));
        s1 = vectors == 1 ? s1 : v_add(v_add(s1, s5), v_add(s3, s7));
    } else if (unroll == 2) { /* of two */
        s0 = v_add(s0, vectors == 2 ? s2 : s4);
        s1 = v_add(s1, vectors == 2 ? s3 : s5);
        s2 = vectors == 2 ? s2 : v_add(s2, s6);
        s3 = vectors == 2 ? s3 : v_add(s3, s7);
    }
    if (activation == DLCORE_ACTIVATION_LINEAR) {
        MAP_SUMS(flush_vector);
    } else if (activation == DLCORE_ACTIVATION_RELU) {
        MAP_SUMS(flushed_relu);
    } else if (activation == DLCORE_ACTIVATION_SIGMOID) {
        MAP_SUMS(flushed_sigmoid);
    } else if (activation == DLCORE_ACTIVATION_TANH) {
        MAP_SUMS(flushed_tanh);
    } else if (activation == DLCORE_ACTIVATION_SOFTMAX) {
        const float end = (float)(int)units;
        v_float largest = v_set(-HUGE_VALF), total = v_set(0.0f), factor;
        EACH_CHAIN_SUM(LOWER_PADDING);
        EACH_CHAIN_SUM(TAKE_LARGEST);
        largest = largest_in_all_lanes(largest, units);
        EACH_CHAIN_SUM(TAKE_EXP);
        factor = v_div(v_set(1.0f), sum_in_all_lanes(total, units));
        EACH_CHAIN_SUM(SCALE_SUM);
        MAP_SUMS(flush_vector);
    }
    if (is_last)
        EACH_CHAIN_SUM(STORE_LAST_SUM);
    else
        EACH_CHAIN_SUM(STORE_CHAIN_SUM);
}

#define RUN_LAYER(blocks, unroll)                                                               \
    static void run_layer_##blocks(const dlcore_chain_layer_t *layer, const float *x, float *y, \
                                   bool is_last)                                                \
    {                                                                                           \
        chain_run_layer(layer, x, y, is_last, (blocks)*BLOCK_VECTORS, unroll);                  \
    }

RUN_LAYER(1, 4)
RUN_LAYER(2, 2)
RUN_LAYER(3, 1)
RUN_LAYER(4, 1)

/* The row x, which may lie in the buffer, through all layers to y. */
ALWAYS_INLINE void chain_run_row(const dlcore_chain_t *chain, const float *x, float *buffer,
                                 float *y)
{
    const dlcore_chain_layer_t *layer = chain->layers;

    for (size_t left = chain->layer_count; left > 0; left--, layer++, x = buffer) {
        bool is_last = left == 1;
        float *to = is_last ? y : buffer;
        if (layer->units <= DLCORE_CHAIN_BLOCK)
            run_layer_1(layer, x, to, is_last);
        else if (layer->units <= 2 * DLCORE_CHAIN_BLOCK)
            run_layer_2(layer, x, to, is_last);
        else if (layer->units <= 3 * DLCORE_CHAIN_BLOCK)
            run_layer_3(layer, x, to, is_last);
        else
            run_layer_4(layer, x, to, is_last);
    }
}

/* V_WIDTH inputs as the first layer sees them. */
ALWAYS_INLINE void put_inputs(const dlcore_chain_t *chain, v_float x, float *buffer)
{
    x = flush_vector(x);
    v_store(buffer, v_add(v_mul(x, v_set(chain->scale)), v_set(chain->offset)));
}

NEVER_INLINE static const float *put_row(const dlcore_chain_t *chain, const float *x, float *buffer)
{
    const size_t n = chain->inputs;
    size_t i = 0;

    for (; i + V_WIDTH <= n; i += V_WIDTH)
        put_inputs(chain, v_load(x + i), buffer + i);
    if (i < n)
        put_inputs(chain, v_load_part(x + i, n - i), buffer + i);
    return buffer;
}

/* The row as the first layer sees it: where it lies, or in the buffer. */
ALWAYS_INLINE const float *first_row(const dlcore_chain_t *chain, const float *x, float *buffer)
{
    const float *at = x;
    size_t n = chain->inputs;
    bool plain = !chain->rescales;

    for (; n >= V_WIDTH; n -= V_WIDTH, at += V_WIDTH)
        plain &= !has_denormal(v_load(at));
    plain = plain && (n == 0 || !has_denormal(v_load_part(at, n)));
    return __builtin_expect(plain, 1) ? x : put_row(chain, x, buffer);
}

NEVER_INLINE static void chain_run_any(const dlcore_chain_t *chain, const float *x, size_t rows,
                                       float *y)
{
    _Alignas(64) float buffer[DLCORE_CHAIN_WIDTH];

    for (; rows > 0; rows--, x += chain->inputs, y += chain->units)
        chain_run_row(chain, first_row(chain, x, buffer), buffer, y);
}
