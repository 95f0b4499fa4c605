/* Part of small_template.h: one sample, its units in the lanes.
 *
 * SPDX-License-Identifier: MIT */

#define VECTORS (DLCORE_SMALL_WIDTH / V_WIDTH) /* of a row of units */

/* A row of units: its first `vectors` vectors, a constant wherever this is inlined, so that loops
 * over them vanish. */
typedef struct units {
    v_float v[VECTORS];
} units_t;

ALWAYS_INLINE units_t load_units(const float *from, const size_t vectors)
{
    units_t x;

    for (size_t i = 0; i < vectors; i++)
        x.v[i] = v_load(from + i * V_WIDTH);
    return x;
}

/* The first `count`, zero beyond. */
ALWAYS_INLINE units_t load_first(const float *from, size_t count, const size_t vectors)
{
    units_t x;

    for (size_t i = 0; i < vectors; i++) {
        size_t begin = i * V_WIDTH;

        if (count >= begin + V_WIDTH)
            x.v[i] = v_load(from + begin);
        else
            x.v[i] = count > begin ? v_load_part(from + begin, count - begin) : v_set(0.0f);
    }
    return x;
}

ALWAYS_INLINE void store_units(float *to, units_t x, const size_t vectors)
{
    for (size_t i = 0; i < vectors; i++)
        v_store(to + i * V_WIDTH, x.v[i]);
}

/* x, and `beyond` from unit `count` on. */
ALWAYS_INLINE units_t first_units(units_t x, size_t count, float beyond, const size_t vectors)
{
    static const float lane_numbers[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

    for (size_t i = 0; i < vectors; i++)
        x.v[i] = v_select(v_less(v_load(lane_numbers + i * V_WIDTH), v_set((float)(int)count)),
                          x.v[i], v_set(beyond));
    return x;
}

ALWAYS_INLINE float sum_units(units_t x, const size_t vectors)
{
    v_float sum = x.v[0];

    for (size_t i = 1; i < vectors; i++)
        sum = v_add(sum, x.v[i]);
    return v_sum(sum);
}

ALWAYS_INLINE units_t slope_units(dlcore_activation_t activation, units_t d, units_t y,
                                  const size_t vectors)
{
    for (size_t i = 0; i < vectors; i++)
        d.v[i] = times_slope(activation, d.v[i], y.v[i]);
    return d;
}

ALWAYS_INLINE units_t forward_row(const dlcore_small_layer_t *layer, const float *values,
                                  const float *x, const size_t vectors)
{
    const float *w = values + layer->kernel;
    units_t even, odd;
    size_t i = 0;

    for (size_t v = 0; v < vectors; v++) {
        even.v[v] = layer->has_bias ? v_load(values + layer->bias + v * V_WIDTH) : v_set(0.0f);
        odd.v[v] = v_set(0.0f);
    }
    for (; i + 2 <= layer->inputs; i += 2, w += 2 * DLCORE_SMALL_WIDTH) {
        for (size_t v = 0; v < vectors; v++) {
            even.v[v] = v_fma(v_set(x[i]), v_load(w + v * V_WIDTH), even.v[v]);
            odd.v[v] =
                v_fma(v_set(x[i + 1]), v_load(w + DLCORE_SMALL_WIDTH + v * V_WIDTH), odd.v[v]);
        }
    }
    for (size_t v = 0; v < vectors; v++) {
        if (i < layer->inputs)
            even.v[v] = v_fma(v_set(x[i]), v_load(w + v * V_WIDTH), even.v[v]);
        even.v[v] = activate_vector(layer->activation, v_add(even.v[v], odd.v[v]));
    }
    return even;
}

ALWAYS_INLINE float binary_crossentropy_row(const dlcore_small_layer_t *last, units_t x, units_t t,
                                            float *y, units_t *dz, const size_t vectors)
{
    v_float one = v_set(1.0f), zero = v_set(0.0f), share = v_set(1.0f / (float)last->units);
    units_t loss;

    for (size_t i = 0; i < vectors; i++) {
        v_float e = exp_vector(v_sub(zero, v_abs(x.v[i])));
        v_float larger = v_div(one, v_add(one, e));
        v_float p = v_select(v_less(x.v[i], zero), v_mul(e, larger), larger);

        loss.v[i] =
            v_mul(v_add(v_fnma(x.v[i], t.v[i], v_max(zero, x.v[i])), log1p_vector(e)), share);
        v_store(y + i * V_WIDTH, p);
        dz->v[i] = v_mul(v_sub(p, t.v[i]), share);
    }
    return sum_units(first_units(loss, last->units, 0.0f, vectors), vectors);
}

ALWAYS_INLINE float categorical_crossentropy_row(const dlcore_small_layer_t *last, units_t x,
                                                 units_t t, float *y, units_t *dz,
                                                 const size_t vectors)
{
    units_t e = first_units(x, last->units, -HUGE_VALF, vectors), loss;
    v_float largest = e.v[0], factor, log_total;
    float total;

    for (size_t i = 1; i < vectors; i++)
        largest = v_max(e.v[i], largest);
    largest = v_set(v_largest(largest));
    for (size_t i = 0; i < vectors; i++)
        e.v[i] = exp_vector(v_sub(e.v[i], largest));
    total = sum_units(e, vectors);
    log_total = log_vector(v_set(total));
    factor = v_set(1.0f / total);
    for (size_t i = 0; i < vectors; i++) {
        v_float p = v_mul(e.v[i], factor);

        loss.v[i] = v_mul(t.v[i], v_sub(log_total, v_sub(x.v[i], largest)));
        v_store(y + i * V_WIDTH, p);
        dz->v[i] = v_sub(p, t.v[i]);
    }
    return sum_units(first_units(loss, last->units, 0.0f, vectors), vectors);
}

ALWAYS_INLINE float squared_error_row(const dlcore_small_layer_t *last, units_t x, units_t t,
                                      float *y, units_t *dz, const size_t vectors)
{
    v_float share = v_set(1.0f / (float)last->units), twice = v_add(share, share);
    units_t loss;

    for (size_t i = 0; i < vectors; i++) {
        v_float d = v_sub(x.v[i], t.v[i]);

        loss.v[i] = v_mul(v_mul(d, d), share);
        v_store(y + i * V_WIDTH, x.v[i]);
        dz->v[i] = v_mul(d, twice);
    }
    return sum_units(first_units(loss, last->units, 0.0f, vectors), vectors);
}

/* Gradients of a layer's parameters. */
ALWAYS_INLINE void parameter_gradients(const dlcore_small_layer_t *layer,
                                       const dlcore_small_row_t *row, const float *x, units_t dz,
                                       const size_t vectors)
{
    const size_t inputs = layer->inputs, units = layer->units; /* which no store may change */
    float *g = row->gradients + layer->kernel;

    if (layer->has_bias)
        store_units(row->gradients + layer->bias, dz, vectors);
    for (size_t i = 0; i < inputs; i++, g += DLCORE_SMALL_WIDTH) {
        units_t gradient;

        for (size_t v = 0; v < vectors; v++)
            gradient.v[v] = v_mul(v_set(x[i]), dz.v[v]);
        /* an infinite x times 0 is NaN */
        store_units(g, first_units(gradient, units, 0.0f, vectors), vectors);
    }
}

/* Gradients by a layer's inputs: kernel dz. `buffer` (DLCORE_SMALL_WIDTH) is scratch. */
ALWAYS_INLINE units_t input_gradients(const dlcore_small_layer_t *layer, const float *values,
                                      units_t dz, float *buffer, const size_t vectors)
{
    const float *w = values + layer->kernel;
    units_t products;

#ifdef SUM_ROWS
    if (vectors == 1) { /* at most V_WIDTH inputs as well */
        v_float rows[V_WIDTH];

        for (size_t i = 0; i < V_WIDTH; i++)
            rows[i] = i < layer->inputs ? v_mul(v_load(w + i * DLCORE_SMALL_WIDTH), dz.v[0])
                                        : v_set(0.0f);
        products.v[0] = SUM_ROWS(rows);
        return products;
    }
#endif
    for (size_t i = 0; i < layer->inputs; i++, w += DLCORE_SMALL_WIDTH) {
        for (size_t v = 0; v < vectors; v++)
            products.v[v] = v_mul(v_load(w + v * V_WIDTH), dz.v[v]);
        buffer[i] = sum_units(products, vectors);
    }
    return load_units(buffer, vectors);
}

ALWAYS_INLINE float run_vectors(const dlcore_small_t *net, const dlcore_small_row_t *row,
                                const size_t vectors)
{
    const dlcore_small_layer_t *layer = net->layers;
    size_t last = net->layer_count - 1;
    float *outputs = row->work, *buffer = row->work + net->layer_count * DLCORE_SMALL_WIDTH;
    units_t y, t = load_first(row->t, layer[last].units, vectors), dz;
    const float *x = row->x;
    float loss;

    for (size_t l = 0;; l++) {
        y = forward_row(&layer[l], row->values, x, vectors);
        if (l == last)
            break;
        x = outputs + l * DLCORE_SMALL_WIDTH;
        store_units(outputs + l * DLCORE_SMALL_WIDTH, y, vectors);
    }
    if (net->loss == DLCORE_SMALL_BINARY_CROSSENTROPY)
        loss = binary_crossentropy_row(&layer[last], y, t, row->y, &dz, vectors);
    else if (net->loss == DLCORE_SMALL_CATEGORICAL_CROSSENTROPY)
        loss = categorical_crossentropy_row(&layer[last], y, t, row->y, &dz, vectors);
    else
        loss = squared_error_row(&layer[last], y, t, row->y, &dz, vectors);
    dz = first_units(slope_units(layer[last].activation, dz, y, vectors), layer[last].units, 0.0f,
                     vectors);
    for (size_t l = last; l > 0; l--) {
        const float *below = outputs + (l - 1) * DLCORE_SMALL_WIDTH;

        units_t dx = input_gradients(&layer[l], row->values, dz, buffer, vectors);

        parameter_gradients(&layer[l], row, below, dz, vectors);
        dz = slope_units(layer[l - 1].activation, dx, load_units(below, vectors), vectors);
        dz = first_units(dz, layer[l].inputs, 0.0f, vectors);
    }
    parameter_gradients(layer, row, row->x, dz, vectors);
    return loss;
}

/* Networks of at most 8 units a layer need half of the lanes. */
static float small_run_row(const dlcore_small_t *net, const dlcore_small_row_t *row)
{
#if V_WIDTH == DLCORE_SMALL_WIDTH
    if (net->is_narrow) /* with vectors of half the width; a CPU with AVX-512 has AVX2 as well */
        return dlcore_small_table_avx2()->run_row(net, row);
#else
    if (net->is_narrow)
        return run_vectors(net, row, VECTORS / 2);
#endif
    return run_vectors(net, row, VECTORS);
}
