/* Part of small_template.h: groups of samples, one in each lane.
 *
 * `work` holds, V_WIDTH floats each: gradients by outputs, of this layer and the one below; every
 * layer's outputs; every layer's gradient sums, the bias first, then a row of units for each input.
 *
 * SPDX-License-Identifier: MIT */

#define UNITS_AT_ONCE 4 /* so that no sum waits for itself */

/* ---- forward ---- */

/* y (count) = activation(bias + kernel x) of units u .. u+count-1; count is a constant. */
ALWAYS_INLINE void forward_units(const dlcore_small_layer_t *layer, const float *values,
                                 const float *x, float *y, size_t u, const size_t count,
                                 const dlcore_activation_t activation)
{
    const float *w = values + layer->kernel + u;
    v_float sums[UNITS_AT_ONCE];

    for (size_t j = 0; j < count; j++)
        sums[j] = v_set(layer->has_bias ? values[layer->bias + u + j] : 0.0f);
    for (size_t i = 0; i < layer->inputs; i++, w += DLCORE_SMALL_WIDTH) {
        v_float input = v_load(x + i * V_WIDTH);
        for (size_t j = 0; j < count; j++)
            sums[j] = v_fma(input, v_set(w[j]), sums[j]);
    }
    for (size_t j = 0; j < count; j++)
        v_store(y + (u + j) * V_WIDTH, activate_vector(activation, sums[j]));
}

ALWAYS_INLINE void forward_all(const dlcore_small_layer_t *layer, const float *values,
                               const float *x, float *y, const dlcore_activation_t activation)
{
    size_t u = 0;

    for (; u + UNITS_AT_ONCE <= layer->units; u += UNITS_AT_ONCE)
        forward_units(layer, values, x, y, u, UNITS_AT_ONCE, activation);
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
/* ---- losses: from the last outputs y to predictions in group->y, and the gradient dz ---- */

static void binary_crossentropy_group(const dlcore_small_group_t *group,
                                      const dlcore_small_layer_t *last, const float *y, float *dz)
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
static void categorical_crossentropy_group(const dlcore_small_group_t *group,
                                           const dlcore_small_layer_t *last, const float *y,
                                           float *dz)
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

static void squared_error_group(const dlcore_small_group_t *group, const dlcore_small_layer_t *last,
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
        binary_crossentropy_group(group, last, y, dz);
    else if (net->loss == DLCORE_SMALL_CATEGORICAL_CROSSENTROPY)
        categorical_crossentropy_group(group, last, y, dz);
    else
        squared_error_group(group, last, y, dz);
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
static void group_input_gradient(const dlcore_small_layer_t *layer, const float *values,
                                 dlcore_activation_t below, const float *x, const float *dz,
                                 float *dx)
{
    const float *w = values + layer->kernel;

    for (size_t i = 0; i < layer->inputs; i++, w += DLCORE_SMALL_WIDTH) {
        v_float sum = v_mul(v_load(dz), v_set(w[0]));
        for (size_t u = 1; u < layer->units; u++)
            sum = v_fma(v_load(dz + u * V_WIDTH), v_set(w[u]), sum);
        v_store(dx + i * V_WIDTH, times_slope(below, sum, v_load(x + i * V_WIDTH)));
    }
}

static void small_run_group(const dlcore_small_t *net, const dlcore_small_group_t *group)
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
            group_input_gradient(&layer[l], group->values, layer[l - 1].activation, x, dz,
                                 turn[(last - l + 1) % 2]);
    }
}

/* ---- the gradients of a batch ---- */

static void small_sum_gradients(const dlcore_small_t *net, const float *work, float *gradients)
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
