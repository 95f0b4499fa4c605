/* Training small networks over the operations of one vector_*.h. Included by small_avx512.c and
 * small_avx2.c, each after its vector header.
 *
 * `work` holds, V_WIDTH floats each: gradients by outputs, of this layer and the one below; every
 * layer's outputs; every layer's gradient sums, the bias first, then a row of units for each input.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "math/small.h"
#include "math/vector_functions.h"

#define BLOCK 4 /* units at once, so that no sum waits for itself */

#define ALWAYS_INLINE static inline __attribute__((always_inline))

/* ---- forward ---- */

ALWAYS_INLINE v_float activate(dlcore_activation_t activation, v_float z)
{
    if (activation == DLCORE_ACTIVATION_TANH)
        return tanh_vector(z);
    if (activation == DLCORE_ACTIVATION_SIGMOID)
        return sigmoid_vector(z);
    if (activation == DLCORE_ACTIVATION_RELU)
        return relu_vector(z);
    return z;
}

/* y (count) = activation(bias + kernel x) of units u .. u+count-1; count is a constant. */
ALWAYS_INLINE void forward_units(const dlcore_small_layer_t *layer, const float *values,
                                 const float *x, float *y, size_t u, const size_t count,
                                 const dlcore_activation_t activation)
{
    const float *w = values + layer->kernel + u;
    v_float sums[BLOCK];

    for (size_t j = 0; j < count; j++)
        sums[j] = v_set(layer->has_bias ? values[layer->bias + u + j] : 0.0f);
    for (size_t i = 0; i < layer->inputs; i++, w += DLCORE_SMALL_WIDTH) {
        v_float input = v_load(x + i * V_WIDTH);
        for (size_t j = 0; j < count; j++)
            sums[j] = v_fma(input, v_set(w[j]), sums[j]);
    }
    for (size_t j = 0; j < count; j++)
        v_store(y + (u + j) * V_WIDTH, activate(activation, sums[j]));
}

ALWAYS_INLINE void forward_all(const dlcore_small_layer_t *layer, const float *values,
                               const float *x, float *y, const dlcore_activation_t activation)
{
    size_t u = 0;

    for (; u + BLOCK <= layer->units; u += BLOCK)
        forward_units(layer, values, x, y, u, BLOCK, activation);
    for (; u < layer->units; u++)
        forward_units(layer, values, x, y, u, 1, activation);
}

static void forward_layer(const dlcore_small_layer_t *layer, const float *values, const float *x,
                          float *y)
{
    switch (layer->activation) {
    case DLCORE_ACTIVATION_TANH:
        forward_all(layer, values, x, y, DLCORE_ACTIVATION_TANH);
        break;
    case DLCORE_ACTIVATION_SIGMOID:
        forward_all(layer, values, x, y, DLCORE_ACTIVATION_SIGMOID);
        break;
    case DLCORE_ACTIVATION_RELU:
        forward_all(layer, values, x, y, DLCORE_ACTIVATION_RELU);
        break;
    default:
        forward_all(layer, values, x, y, DLCORE_ACTIVATION_LINEAR);
        break;
    }
}

/* d times the slope of an activation whose output is y. */
ALWAYS_INLINE v_float times_slope(dlcore_activation_t activation, v_float d, v_float y)
{
    v_float one = v_set(1.0f), zero = v_set(0.0f);

    if (activation == DLCORE_ACTIVATION_TANH)
        return v_mul(d, v_fnma(y, y, one));
    if (activation == DLCORE_ACTIVATION_SIGMOID)
        return v_mul(d, v_mul(y, v_sub(one, y)));
    if (activation == DLCORE_ACTIVATION_RELU)
        return v_select(v_greater(y, zero), d, zero);
    return d;
}

/* ---- losses: from the last outputs y to predictions in group->y, and the gradient dz ---- */

static void binary_crossentropy(const dlcore_small_group_t *group, const dlcore_small_layer_t *last,
                                const float *y, float *dz)
{
    const size_t units = last->units;
    v_float one = v_set(1.0f), zero = v_set(0.0f), share = v_set(1.0f / (float)units);
    v_float weight = v_mul(v_load(group->weight), share), loss = zero;

    for (size_t u = 0; u < units; u++) {
        v_float x = v_load(y + u * V_WIDTH), t = v_load(group->t + u * V_WIDTH);
        v_float e = exp_vector(v_sub(zero, v_abs(x)));
        v_float larger = v_div(one, v_add(one, e));
        v_float p = v_select(v_less(x, zero), v_mul(e, larger), larger);

        loss = v_add(loss, v_add(v_fnma(x, t, v_max(zero, x)), log1p_vector(e)));
        v_store(group->y + u * V_WIDTH, p);
        v_store(dz + u * V_WIDTH, times_slope(last->activation, v_mul(v_sub(p, t), weight), x));
    }
    v_store(group->loss, v_mul(loss, share));
}

/* Logits are centred before they are subtracted from log sum exp, so that no digits cancel. */
static void categorical_crossentropy(const dlcore_small_group_t *group,
                                     const dlcore_small_layer_t *last, const float *y, float *dz)
{
    const size_t units = last->units;
    v_float largest = v_load(y), total = v_set(0.0f), loss = v_set(0.0f), log_total, factor;
    v_float weight = v_load(group->weight);

    for (size_t u = 1; u < units; u++)
        largest = v_max(v_load(y + u * V_WIDTH), largest);
    for (size_t u = 0; u < units; u++) {
        v_float e = exp_vector(v_sub(v_load(y + u * V_WIDTH), largest));
        total = v_add(total, e);
        v_store(group->y + u * V_WIDTH, e);
    }
    log_total = log_vector(total);
    factor = v_div(v_set(1.0f), total);
    for (size_t u = 0; u < units; u++) {
        v_float t = v_load(group->t + u * V_WIDTH);
        v_float p = v_mul(v_load(group->y + u * V_WIDTH), factor);
        v_float x = v_load(y + u * V_WIDTH), centred = v_sub(x, largest);

        loss = v_fma(t, v_sub(log_total, centred), loss);
        v_store(group->y + u * V_WIDTH, p);
        v_store(dz + u * V_WIDTH, times_slope(last->activation, v_mul(v_sub(p, t), weight), x));
    }
    v_store(group->loss, loss);
}

static void squared_error(const dlcore_small_group_t *group, const dlcore_small_layer_t *last,
                          const float *y, float *dz)
{
    v_float share = v_set(1.0f / (float)last->units), loss = v_set(0.0f);
    v_float weight = v_mul(v_mul(v_load(group->weight), share), v_set(2.0f));

    for (size_t u = 0; u < last->units; u++) {
        v_float p = v_load(y + u * V_WIDTH);
        v_float d = v_sub(p, v_load(group->t + u * V_WIDTH));

        loss = v_fma(d, d, loss);
        v_store(group->y + u * V_WIDTH, p);
        v_store(dz + u * V_WIDTH, times_slope(last->activation, v_mul(d, weight), p));
    }
    v_store(group->loss, v_mul(loss, share));
}

static void run_loss(const dlcore_small_t *net, const dlcore_small_group_t *group, const float *y,
                     float *dz)
{
    const dlcore_small_layer_t *last = &net->layers[net->layer_count - 1];

    if (net->loss == DLCORE_SMALL_BINARY_CROSSENTROPY)
        binary_crossentropy(group, last, y, dz);
    else if (net->loss == DLCORE_SMALL_CATEGORICAL_CROSSENTROPY)
        categorical_crossentropy(group, last, y, dz);
    else
        squared_error(group, last, y, dz);
}

/* ---- backward ---- */

/* sums (1 + inputs, units) += the gradients of bias and kernel; or =, when `first`. */
static void add_gradients(const dlcore_small_layer_t *layer, const float *x, const float *dz,
                          float *sums, bool first)
{
    v_float zero = v_set(0.0f);

    for (size_t u = 0; u < layer->units; u++) {
        v_float d = v_load(dz + u * V_WIDTH);
        float *sum = sums + u * V_WIDTH;

        v_store(sum, first ? d : v_add(v_load(sum), d));
        for (size_t i = 0; i < layer->inputs; i++) {
            sum += layer->units * V_WIDTH;
            v_store(sum, v_fma(v_load(x + i * V_WIDTH), d, first ? zero : v_load(sum)));
        }
    }
}

/* dx = (kernel dz) * slope of the activation below, whose output is x. */
static void input_gradient(const dlcore_small_layer_t *layer, const float *values,
                           dlcore_activation_t below, const float *x, const float *dz, float *dx)
{
    const float *w = values + layer->kernel;

    for (size_t i = 0; i < layer->inputs; i++, w += DLCORE_SMALL_WIDTH) {
        v_float sum = v_mul(v_load(dz), v_set(w[0]));
        for (size_t u = 1; u < layer->units; u++)
            sum = v_fma(v_load(dz + u * V_WIDTH), v_set(w[u]), sum);
        v_store(dx + i * V_WIDTH, times_slope(below, sum, v_load(x + i * V_WIDTH)));
    }
}

static void run(const dlcore_small_t *net, const dlcore_small_group_t *group)
{
    const dlcore_small_layer_t *layer = net->layers;
    float *turn[2] = {group->work, group->work + DLCORE_SMALL_WIDTH * V_WIDTH};
    float *outputs[DLCORE_SMALL_LAYERS], *sums = group->work + 2 * DLCORE_SMALL_WIDTH * V_WIDTH;
    const float *x = group->x;
    size_t last = net->layer_count - 1;

    for (size_t l = 0; l <= last; l++) {
        outputs[l] = sums;
        sums += layer[l].units * V_WIDTH;
        forward_layer(&layer[l], group->values, x, outputs[l]);
        x = outputs[l];
    }
    run_loss(net, group, outputs[last], turn[0]);
    for (size_t l = last + 1; l-- > 0;) {
        const float *dz = turn[(last - l) % 2];

        x = l > 0 ? outputs[l - 1] : group->x;
        add_gradients(&layer[l], x, dz, sums, group->first);
        sums += (layer[l].inputs + 1) * layer[l].units * V_WIDTH;
        if (l > 0)
            input_gradient(&layer[l], group->values, layer[l - 1].activation, x, dz,
                           turn[(last - l + 1) % 2]);
    }
}

/* ---- the gradients of a batch ---- */

static void sum_gradients(const dlcore_small_t *net, const float *work, float *gradients)
{
    const float *sums = work + 2 * DLCORE_SMALL_WIDTH * V_WIDTH;

    for (size_t l = 0; l < net->layer_count; l++)
        sums += net->layers[l].units * V_WIDTH;
    for (size_t l = net->layer_count; l-- > 0;) {
        const dlcore_small_layer_t *layer = &net->layers[l];

        for (size_t i = 0; i <= layer->inputs; i++) {
            size_t at = i > 0 ? layer->kernel + (i - 1) * DLCORE_SMALL_WIDTH : layer->bias;

            for (size_t u = 0; u < layer->units; u++, sums += V_WIDTH) {
                if (i > 0 || layer->has_bias)
                    gradients[at + u] = v_sum(v_load(sums));
            }
        }
    }
}

/* ---- one sample: units in lanes ---- */

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
        even.v[v] = activate(layer->activation, v_add(even.v[v], odd.v[v]));
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

/* Gradients of a layer; with dx, those by its inputs, times the slope of the layer below. */
ALWAYS_INLINE void backward_row(const dlcore_small_layer_t *layer, const dlcore_small_row_t *row,
                                const float *x, units_t dz, float *dx, const size_t vectors)
{
    const float *w = row->values + layer->kernel;
    float *g = row->gradients + layer->kernel;

    if (layer->has_bias)
        store_units(row->gradients + layer->bias, dz, vectors);
    for (size_t i = 0; i < layer->inputs; i++) {
        units_t gradient, products;

        for (size_t v = 0; v < vectors; v++) {
            gradient.v[v] = v_mul(v_set(x[i]), dz.v[v]);
            products.v[v] = v_mul(v_load(w + v * V_WIDTH), dz.v[v]);
        }
        /* an infinite x times 0 is NaN */
        store_units(g, first_units(gradient, layer->units, 0.0f, vectors), vectors);
        if (dx != NULL)
            dx[i] = sum_units(products, vectors);
        g += DLCORE_SMALL_WIDTH;
        w += DLCORE_SMALL_WIDTH;
    }
}

ALWAYS_INLINE float run_vectors(const dlcore_small_t *net, const dlcore_small_row_t *row,
                                const size_t vectors)
{
    const dlcore_small_layer_t *layer = net->layers;
    size_t last = net->layer_count - 1;
    float *outputs = row->work, *dx = row->work + net->layer_count * DLCORE_SMALL_WIDTH;
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

        backward_row(&layer[l], row, below, dz, dx, vectors);
        dz = slope_units(layer[l - 1].activation, load_units(dx, vectors),
                         load_units(below, vectors), vectors);
        dz = first_units(dz, layer[l].inputs, 0.0f, vectors);
    }
    backward_row(layer, row, row->x, dz, NULL, vectors);
    return loss;
}

/* Networks of at most 8 units a layer need half of the lanes. */
static float run_row(const dlcore_small_t *net, const dlcore_small_row_t *row)
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

static const dlcore_small_functions_t table = {
    .run_row = run_row, .lanes = V_WIDTH, .run = run, .gradients = sum_gradients};
