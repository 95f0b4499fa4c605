/* Random networks for the gradient check: layers, weights, samples and labels, drawn anew until no
 * relu and no clipped probability lies near a kink.
 *
 * SPDX-License-Identifier: MIT */
#include "support/random_network.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "support/random_numbers.h"

#define KINK_MARGIN 1e-4 /* further than a central difference moves an input */
#define CLIP_MARGIN 0.01 /* below, 1 / p would magnify what float32 loses in p */

static const dlcore_activation_t activations[] = {
    DLCORE_ACTIVATION_LINEAR,         DLCORE_ACTIVATION_RELU,        DLCORE_ACTIVATION_SOFTMAX,
    DLCORE_ACTIVATION_SIGMOID,        DLCORE_ACTIVATION_TANH,        DLCORE_ACTIVATION_LEAKY_RELU,
    DLCORE_ACTIVATION_RELU6,          DLCORE_ACTIVATION_ELU,         DLCORE_ACTIVATION_SELU,
    DLCORE_ACTIVATION_GELU,           DLCORE_ACTIVATION_GELU_TANH,   DLCORE_ACTIVATION_SILU,
    DLCORE_ACTIVATION_SOFTPLUS,       DLCORE_ACTIVATION_SOFTSIGN,    DLCORE_ACTIVATION_HARD_SIGMOID,
    DLCORE_ACTIVATION_HARD_SILU,      DLCORE_ACTIVATION_MISH,        DLCORE_ACTIVATION_EXPONENTIAL,
    DLCORE_ACTIVATION_LOG_SOFTMAX,    DLCORE_ACTIVATION_CELU,        DLCORE_ACTIVATION_HARD_TANH,
    DLCORE_ACTIVATION_LOG_SIGMOID,    DLCORE_ACTIVATION_SOFT_SHRINK, DLCORE_ACTIVATION_HARD_SHRINK,
    DLCORE_ACTIVATION_TANH_SHRINK,    DLCORE_ACTIVATION_SQUAREPLUS,  DLCORE_ACTIVATION_SPARSE_PLUS,
    DLCORE_ACTIVATION_SPARSE_SIGMOID, DLCORE_ACTIVATION_RELU_GENERAL};
#define ACTIVATIONS (sizeof activations / sizeof *activations)

static bool is_over_classes(dlcore_loss_t loss)
{
    return loss.kind == DLCORE_LOSS_CATEGORICAL_CROSSENTROPY ||
           loss.kind == DLCORE_LOSS_CATEGORICAL_FOCAL_CROSSENTROPY ||
           loss.kind == DLCORE_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY;
}

/* A loss that takes the logarithm of outputs, or a quotient of their sums: slopes are theirs to the
 * power of -1. */
static bool takes_logarithms(dlcore_loss_kind_t kind)
{
    return kind == DLCORE_LOSS_BINARY_FOCAL_CROSSENTROPY ||
           kind == DLCORE_LOSS_CATEGORICAL_FOCAL_CROSSENTROPY || kind == DLCORE_LOSS_DICE ||
           kind == DLCORE_LOSS_TVERSKY || kind == DLCORE_LOSS_CATEGORICAL_CROSSENTROPY ||
           kind == DLCORE_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY ||
           kind == DLCORE_LOSS_BINARY_CROSSENTROPY || kind == DLCORE_LOSS_KL_DIVERGENCE ||
           kind == DLCORE_LOSS_POISSON || kind == DLCORE_LOSS_MEAN_SQUARED_LOGARITHMIC_ERROR;
}

/* A loss that takes the logarithm of outputs that no activation keeps within (0, 1). */
static bool needs_probabilities(const reference_t *net, dlcore_activation_t last)
{
    bool own = is_over_classes(net->loss) ? last == DLCORE_ACTIVATION_SOFTMAX
                                          : last == DLCORE_ACTIVATION_SIGMOID;
    return takes_logarithms(net->loss.kind) && !net->loss.from_logits && !own;
}

static size_t random_width(void)
{
    static const size_t notable[] = {1, 15, 16, 17, 31, 32, 33, 40};
    switch (random_below(4)) {
    case 0:
        return notable[random_below(sizeof notable / sizeof *notable)];
    case 1:
        return 1 + random_below(REFERENCE_WIDTH);
    default:
        return 1 + random_below(12);
    }
}

static void push(reference_t *net, dlcore_layer_t layer)
{
    assert_true(net->layer_count < REFERENCE_LAYERS);
    net->layers[net->layer_count++] = layer;
}

/* Dense with its activation, in one layer or in two. */
static void push_dense(reference_t *net, size_t units, dlcore_activation_t activation, bool bias,
                       bool has_activity)
{
    bool apart = random_below(4) == 0;
    bool defaults = random_below(2) == 0;
    dlcore_layer_t layer = dlcore_layer_dense(units, apart ? DLCORE_ACTIVATION_LINEAR : activation);
    layer.use_bias = bias;
    layer.negative_slope = defaults ? 0.2 : 0.3;
    layer.alpha = defaults ? 1.0 : 0.7;
    layer.max_value = defaults ? 1.5 : INFINITY;
    layer.threshold = defaults ? 0.0 : 0.25;
    if (has_activity) {
        double l2 = 0.02 * random_unit();
        layer.activity_regularizer = dlcore_regularizer_l1_l2(random_below(2) ? 0.03 : 0, l2);
    }
    push(net, layer);
    if (!apart)
        return;
    layer = dlcore_layer_activation(activation);
    layer.negative_slope = defaults ? 0.2 : 0.3;
    layer.alpha = defaults ? 1.0 : 0.7;
    layer.max_value = defaults ? 1.5 : INFINITY;
    layer.threshold = defaults ? 0.0 : 0.25;
    push(net, layer);
}

/* Pixels are rescaled first, as users do. */
static void draw_layers(reference_t *net, dlcore_activation_t last, bool pixels)
{
    size_t depth = 1 + random_below(3);
    bool probabilities = needs_probabilities(net, last);
    net->layer_count = 0;
    net->widths[0] = random_width();
    if (random_below(4) == 0)
        push(net, dlcore_layer_flatten());
    if (pixels)
        push(net, dlcore_layer_rescaling(random_below(2) ? 1 / 255.0 : 2 / 255.0, -0.5));
    for (size_t i = 0; i + 1 < depth; i++) {
        bool has_activity = random_below(4) == 0, bias = random_below(4) != 0;
        dlcore_activation_t activation = activations[random_below(ACTIVATIONS)];
        push_dense(net, random_width(), activation, bias, has_activity);
        if (random_below(6) == 0) {
            double offset = random_normal();
            push(net, dlcore_layer_rescaling(random_normal() + 2, offset));
        }
        if (random_below(6) == 0)
            push(net, dlcore_layer_flatten());
    }
    size_t units = random_width();
    if (is_over_classes(net->loss) && units == 1)
        units = 2;
    if (last == DLCORE_ACTIVATION_SOFTMAX && probabilities)
        units = 2 + random_below(8);
    bool has_activity = !takes_logarithms(net->loss.kind) && random_below(4) == 0;
    push_dense(net, units, last, probabilities || random_below(4) != 0, has_activity);
    reference_build(net);
}

/* Kernels of unit gain. Where the loss wants probabilities, the last kernel is small, and the bias
 * puts most outputs inside (0, 1) and some beyond, where the clip stops the gradient. */
static void draw_weights(reference_t *net, dlcore_activation_t last)
{
    bool probabilities = needs_probabilities(net, last);
    for (size_t i = 0; i < net->layer_count; i++) {
        if (net->layers[i].kind != DLCORE_LAYER_DENSE)
            continue;
        bool small = probabilities && net->offsets[i + 1] == net->offsets[net->layer_count];
        size_t inputs = net->widths[i], units = net->widths[i + 1];
        double *w = net->weights + net->offsets[i], gain = (small ? 0.1 : 1) / sqrt((double)inputs);
        for (size_t k = 0; k < inputs * units; k++)
            w[k] = (double)(float)(random_normal() * gain);
        w += inputs * units;
        for (size_t c = 0; c < units && net->layers[i].use_bias; c++)
            w[c] = (double)(float)(random_normal() * 0.3);
        if (!small || last == DLCORE_ACTIVATION_SIGMOID || last == DLCORE_ACTIVATION_SOFTMAX)
            continue;
        for (size_t c = 0; c < units; c++) {
            double centre = random_below(5) > 0 ? 0.5 : 1.5;
            /* their sum divides where the loss is over classes */
            if (net->loss.kind != DLCORE_LOSS_CATEGORICAL_CROSSENTROPY &&
                net->loss.kind != DLCORE_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY &&
                net->loss.kind != DLCORE_LOSS_CATEGORICAL_FOCAL_CROSSENTROPY &&
                net->loss.kind != DLCORE_LOSS_POISSON && random_below(8) == 0)
                centre = -0.5;
            w[c] = (double)(float)(centre + 0.1 * random_normal());
        }
    }
}

static bool is_hinge(dlcore_loss_kind_t kind)
{
    return kind == DLCORE_LOSS_HINGE || kind == DLCORE_LOSS_SQUARED_HINGE;
}

/* Of either sign, so that under a softmax slopes do not cancel. */
static void draw_signs(double *y, size_t n, bool soft)
{
    for (size_t c = 0; c < n && soft; c++)
        y[c] = 2 * random_unit() - 1;
    for (size_t c = 1; c < n; c += 2)
        y[c] = soft ? -copysign(y[c], y[0]) : 1 - y[0];
}

void random_labels(reference_t *net)
{
    size_t n = net->widths[net->layer_count];
    bool soft = random_below(2) == 0;
    for (size_t row = 0; row < net->rows; row++) {
        double *y = net->y + row * n, sum = 0;
        if (net->loss.kind == DLCORE_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY) {
            net->y[row] = (double)random_below(n);
            continue;
        }
        for (size_t c = 0; c < n; c++)
            sum += y[c] = soft ? random_unit() : (double)random_below(2);
        if (is_hinge(net->loss.kind))
            draw_signs(y, n, soft);
        if (net->loss.kind != DLCORE_LOSS_CATEGORICAL_CROSSENTROPY &&
            net->loss.kind != DLCORE_LOSS_CATEGORICAL_FOCAL_CROSSENTROPY &&
            net->loss.kind != DLCORE_LOSS_CATEGORICAL_HINGE)
            continue;
        size_t hot = random_below(n);
        for (size_t c = 0; c < n; c++)
            y[c] = soft ? (double)(float)(y[c] / sum) : (c == hot ? 1 : 0);
    }
    for (size_t i = 0; i < net->rows * n; i++)
        net->y[i] = (double)(float)net->y[i];
}

/* Whether a loss by directions moves with none of the outputs: one output in a row points where it
 * points, and no labels ask for nothing. Then all of a gradient is what rounding leaves. */
static bool is_at_rest(const reference_t *net)
{
    size_t n = net->widths[net->layer_count];

    for (size_t row = 0; row < net->rows; row++) {
        const double *p = net->values[net->layer_count] + row * n, *y = net->y + row * n;
        size_t outputs = 0, labels = 0;

        for (size_t c = 0; c < n; c++) {
            outputs += fabs(p[c]) > 0;
            labels += fabs(y[c]) > 0;
        }
        if (outputs > 1 && labels > 0)
            return false;
    }
    return net->loss.kind == DLCORE_LOSS_COSINE_SIMILARITY;
}

uint64_t random_network(reference_t *net, dlcore_activation_t last, dlcore_loss_t loss, bool pixels)
{
    uint64_t state = random_position();
    for (size_t attempt = 0; attempt < 1000; attempt++) {
        memset(net, 0, sizeof *net);
        net->loss = loss;
        net->rows = 1 + random_below(REFERENCE_ROWS);
        draw_layers(net, last, pixels);
        draw_weights(net, last);
        for (size_t i = 0; i < net->rows * net->widths[0]; i++)
            net->x[i] = pixels ? (double)random_below(256) : (double)(float)random_normal();
        random_labels(net);
        reference_loss(net, 0);
        if (net->nearest_kink > KINK_MARGIN && net->nearest_clip > CLIP_MARGIN && !is_at_rest(net))
            return state;
    }
    fail_msg("no network away from kinks in 1000 draws");
    return state;
}
