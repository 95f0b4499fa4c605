/* Narrow chains, over the operations of one vector_*.h: the outputs of a layer are one vector,
 * which stays where it is. Then chains of any width, and of bytes. Included after chain_template.h
 * by the same sources, each with its own
 *
 *   lanes_t      four lanes that follow each other
 *   first_four   the first
 *   next_four    those that follow
 *   pick_four    of a vector, as four_load answers them
 *   units_mask   the first units, of which there are at most V_WIDTH
 *   keep_units   y in these lanes and zero in others; zero where `by` would be flushed, too
 *
 * SPDX-License-Identifier: MIT */

/* Sums of a layer: four inputs in turn. */
#define ADD_FOUR(four, w)                                                         \
    do {                                                                          \
        s0 = v_fma(four_pick(four, 0), v_load(w), s0);                            \
        s1 = v_fma(four_pick(four, 1), v_load((w) + DLCORE_CHAIN_BLOCK), s1);     \
        s2 = v_fma(four_pick(four, 2), v_load((w) + 2 * DLCORE_CHAIN_BLOCK), s2); \
        s3 = v_fma(four_pick(four, 3), v_load((w) + 3 * DLCORE_CHAIN_BLOCK), s3); \
    } while (0)

NEVER_INLINE static v_float softmax_of_units(v_float x, v_mask mask, size_t units)
{
    v_float inside = v_select(mask, x, v_set(-HUGE_VALF));
    v_float e = short_exp(v_sub(inside, largest_in_all_lanes(inside, units)));

    return v_mul(e, v_div(v_set(1.0f), sum_in_all_lanes(e, units)));
}

/* The activation; denormals, and lanes beyond the units, become zero. */
ALWAYS_INLINE v_float end_narrow(const dlcore_chain_layer_t *layer, v_float x)
{
    const v_mask mask = units_mask(layer->units);

    if (layer->activation == DLCORE_ACTIVATION_RELU)
        return keep_units(mask, x, relu_vector(x));
    if (layer->activation == DLCORE_ACTIVATION_TANH)
        return keep_units(mask, x, short_tanh(x));
    if (layer->activation == DLCORE_ACTIVATION_SIGMOID)
        x = short_sigmoid(x);
    else if (layer->activation == DLCORE_ACTIVATION_SOFTMAX)
        x = softmax_of_units(x, mask, layer->units);
    return keep_units(mask, x, x);
}

ALWAYS_INLINE v_float first_sums(const dlcore_chain_layer_t *layer, const float *x)
{
    const float *w = layer->weights;
    v_float s0 = v_load(w), s1 = v_set(0.0f), s2 = s1, s3 = s1;
    size_t left = layer->inputs;

    w += DLCORE_CHAIN_BLOCK;
    if (left >= 4) {
        for (; left >= 4; left -= 4, x += 4, w += 4 * DLCORE_CHAIN_BLOCK)
            ADD_FOUR(four_load(x), w);
        s0 = v_add(v_add(s0, s1), v_add(s2, s3));
    }
    for (; left > 0; left--, w += DLCORE_CHAIN_BLOCK)
        s0 = v_fma(v_set(*x++), v_load(w), s0);
    return s0;
}

ALWAYS_INLINE v_float next_sums(const dlcore_chain_layer_t *layer, v_float x)
{
    const float *w = layer->weights, *end = w + DLCORE_CHAIN_BLOCK * layer->inputs;
    v_float s0 = v_load(w), s1 = v_set(0.0f), s2 = s1, s3 = s1;
    lanes_t lanes = first_four();

    for (w += DLCORE_CHAIN_BLOCK; w <= end; w += 4 * DLCORE_CHAIN_BLOCK) {
        four_t four = pick_four(x, lanes);
        ADD_FOUR(four, w);
        lanes = next_four(lanes);
    }
    return v_add(v_add(s0, s1), v_add(s2, s3));
}

ALWAYS_INLINE void run_narrow(const dlcore_chain_t *chain, const float *x, size_t rows, float *y)
{
    _Alignas(64) float buffer[DLCORE_CHAIN_WIDTH];
    const dlcore_chain_layer_t *end = chain->layers + chain->layer_count;

    for (; rows > 0; rows--, x += chain->inputs, y += chain->units) {
        const dlcore_chain_layer_t *layer = chain->layers;
        v_float a = end_narrow(layer, first_sums(layer, first_row(chain, x, buffer)));

        for (layer++; layer < end; layer++)
            a = end_narrow(layer, next_sums(layer, a));
        if (chain->units == V_WIDTH)
            v_store(y, a);
        else
            v_store_part(y, a, chain->units);
    }
}

NEVER_INLINE static void chain_run(const dlcore_chain_t *chain, const float *x, size_t rows,
                                   float *y)
{
    if (chain->widest <= V_WIDTH)
        run_narrow(chain, x, rows, y);
    else
        chain_run_any(chain, x, rows, y);
}

/* Which the chain scales as it does floats. */
static void chain_run_uint8(const dlcore_chain_t *chain, const uint8_t *x, size_t rows, float *y)
{
    _Alignas(64) float row[DLCORE_CHAIN_WIDTH];
    uint8_t bytes[DLCORE_CHAIN_WIDTH] = {0}; /* a vector may be read whole */
    const size_t n = chain->inputs;

    for (; rows > 0; rows--, x += n, y += chain->units) {
        memcpy(bytes, x, n);
        for (size_t i = 0; i < n; i += V_WIDTH)
            v_store(row + i, v_from_uint8(bytes + i));
        chain_run(chain, row, 1, y);
    }
}
