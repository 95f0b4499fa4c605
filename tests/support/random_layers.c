/* Layers, weights and samples, drawn anew until no slope jumps and nothing cancels nearby.
 *
 * SPDX-License-Identifier: MIT */
#include "support/random_layers.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include <cmocka.h>

#include "support/random_network.h"
#include "support/random_numbers.h"

/* Further than a central difference moves an input behind a normalization, and than l1's weights
 * are moved. */
#define KINK_MARGIN 1e-3
#define CLIP_MARGIN 0.01
#define LEAST_VARIANCE 0.05 /* below, a normalization magnifies what float32 loses in x - mean */
#define NARROW 8            /* below, what layer normalization leaves of a row has few digits */

static size_t random_width(void)
{
    static const size_t notable[] = {1, 15, 16, 17, 31, 32, 33};
    return random_below(5) == 0 ? notable[random_below(sizeof notable / sizeof *notable)]
                                : 2 + random_below(11);
}

static bool one_in(size_t n)
{
    return random_below(n) == 0;
}

/* ---- layers ---- */

static void push(reference_t *net, dlcore_layer_t layer)
{
    assert_true(net->layer_count < REFERENCE_LAYERS);
    layer.trainable = !one_in(7);
    net->layers[net->layer_count++] = layer;
}

static void push_dense(reference_t *net, size_t units, dlcore_activation_t activation)
{
    dlcore_layer_t layer = dlcore_layer_dense(units, activation);
    layer.use_bias = !one_in(4);
    if (one_in(3)) {
        double l2 = 0.03 * random_unit();
        layer.kernel_regularizer = dlcore_regularizer_l1_l2(one_in(2) ? 0.02 : 0, l2);
    }
    if (one_in(4))
        layer.bias_regularizer = dlcore_regularizer_l1_l2(one_in(2) ? 0.05 : 0, 0.1);
    if (one_in(8))
        layer.activity_regularizer = dlcore_regularizer_l2(0.02);
    push(net, layer);
}

static dlcore_layer_t draw_normalized(dlcore_layer_t layer)
{
    layer.epsilon = one_in(2) ? 1e-3 : 0.05;
    layer.center = !one_in(4);
    layer.use_scale = !one_in(4);
    if (one_in(4))
        layer.gamma_regularizer = dlcore_regularizer_l1_l2(one_in(2) ? 0.02 : 0, 0.05);
    if (one_in(4))
        layer.beta_regularizer = dlcore_regularizer_l2(0.05);
    return layer;
}

/* A whole number of groups. */
static size_t draw_axis_width(size_t width)
{
    size_t axis = 2 + random_below(width);

    while (width % axis != 0)
        axis = axis > width ? width : axis - 1;
    return axis;
}

/* One of the layers that are not dense, for rows of that width; answers the width behind it. */
static size_t push_other(reference_t *net, size_t width)
{
    dlcore_layer_t layer;

    switch (random_below(13)) {
    case 11:
        if (width < 4 || width % 2 != 0)
            break;
        push(net, dlcore_layer_glu());
        return width / 2;
    case 12:
        if (width >= NARROW)
            push(net, dlcore_layer_grouped_softmax(draw_axis_width(width)));
        break;
    case 7:
        if (width < NARROW)
            break;
        layer = draw_normalized(dlcore_layer_layer_normalization());
        layer.rms_scaling = one_in(2);
        push(net, layer);
        break;
    case 8:
        push(net, width >= NARROW ? dlcore_layer_unit_normalization()
                                  : dlcore_layer_rms_normalization());
        break;
    case 9:
        push(net, dlcore_layer_rms_normalization());
        break;
    case 10:
        push(net, dlcore_layer_activity_regularization(0, 0.03 * random_unit()));
        break;
    case 0:
    case 1:
        push(net, draw_normalized(dlcore_layer_batch_normalization()));
        break;
    case 2:
        if (width >= NARROW)
            push(net, draw_normalized(dlcore_layer_layer_normalization()));
        break;
    case 3:
        push(net, dlcore_layer_normalization());
        break;
    case 4:
        layer = dlcore_layer_prelu();
        if (one_in(2))
            layer.alpha_regularizer = dlcore_regularizer_l2(0.1);
        push(net, layer);
        break;
    case 5:
        push(net, dlcore_layer_dropout(0.1 + 0.5 * random_unit()));
        break;
    default:
        push(net, dlcore_layer_gaussian_noise(random_unit()));
        break;
    }
    return width;
}

/* Tables for some of the columns, if what they become is not too wide; answers the width. */
static size_t push_embedding(reference_t *net, size_t width)
{
    dlcore_embedding_t *tables = net->tables;
    size_t count = 0, after = width;
    dlcore_layer_t layer;

    for (size_t c = random_below(2); c < width; c += 1 + random_below(4)) {
        uint32_t units = 1 + (uint32_t)random_below(7);

        if (after + units - 1 > REFERENCE_WIDTH)
            continue;
        tables[count++] = (dlcore_embedding_t){
            .column = (uint32_t)c, .count = 1 + (uint32_t)random_below(6), .units = units};
        after += units - 1;
    }
    if (count == 0)
        return width;
    layer = dlcore_layer_embedding(tables, count);
    if (one_in(3))
        layer.embeddings_regularizer = dlcore_regularizer_l1_l2(one_in(2) ? 0.02 : 0, 0.05);
    push(net, layer);
    return after;
}

static void push_others(reference_t *net, size_t width)
{
    for (size_t i = random_below(4); i > 0; i--)
        width = push_other(net, width);
}

/* A loss, and the last activation that goes with it. */
static const struct {
    dlcore_loss_t loss;
    dlcore_activation_t last;
} ends[] = {
    {{.kind = DLCORE_LOSS_CATEGORICAL_CROSSENTROPY}, DLCORE_ACTIVATION_SOFTMAX},
    {{.kind = DLCORE_LOSS_CATEGORICAL_CROSSENTROPY, .from_logits = true}, DLCORE_ACTIVATION_LINEAR},
    {{.kind = DLCORE_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY}, DLCORE_ACTIVATION_SOFTMAX},
    {{.kind = DLCORE_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY, .from_logits = true},
     DLCORE_ACTIVATION_LINEAR},
    {{.kind = DLCORE_LOSS_BINARY_CROSSENTROPY}, DLCORE_ACTIVATION_SIGMOID},
    {{.kind = DLCORE_LOSS_BINARY_CROSSENTROPY, .from_logits = true}, DLCORE_ACTIVATION_LINEAR},
    {{.kind = DLCORE_LOSS_MEAN_SQUARED_ERROR}, DLCORE_ACTIVATION_LINEAR},
    {{.kind = DLCORE_LOSS_MEAN_SQUARED_ERROR}, DLCORE_ACTIVATION_TANH},
    {{.kind = DLCORE_LOSS_HUBER, .delta = 0.5}, DLCORE_ACTIVATION_LINEAR},
    {{.kind = DLCORE_LOSS_LOG_COSH}, DLCORE_ACTIVATION_SILU},
};

/* Losses of logits or values may have any layer behind the last dense one. */
static bool may_follow(const reference_t *net)
{
    return net->loss.from_logits || net->loss.kind == DLCORE_LOSS_MEAN_SQUARED_ERROR ||
           net->loss.kind == DLCORE_LOSS_HUBER || net->loss.kind == DLCORE_LOSS_LOG_COSH;
}

static void draw_layers(reference_t *net)
{
    static const dlcore_activation_t inside[] = {DLCORE_ACTIVATION_LINEAR, DLCORE_ACTIVATION_TANH,
                                                 DLCORE_ACTIVATION_RELU, DLCORE_ACTIVATION_GELU,
                                                 DLCORE_ACTIVATION_SIGMOID};
    size_t end = random_below(sizeof ends / sizeof *ends), depth = 1 + random_below(3);
    size_t width = net->widths[0] = random_width();
    net->loss = ends[end].loss;
    net->loss.reduction = (dlcore_reduction_t)random_below(3);
    if (one_in(6))
        width = push_embedding(net, width);
    push_others(net, width);
    for (size_t i = 0; i + 1 < depth; i++) {
        width = random_width();
        push_dense(net, width, inside[random_below(sizeof inside / sizeof *inside)]);
        push_others(net, width);
    }
    width = random_width();
    width = width > 1 ? width : 2;
    push_dense(net, width, ends[end].last);
    if (may_follow(net) && one_in(3))
        push_other(net, width);
    reference_build(net);
}

/* ---- weights ---- */

static double draw_weight(const reference_t *net, size_t layer, const reference_array_t *array)
{
    const dlcore_layer_t *of = &net->layers[layer];
    bool kernel = strcmp(array->name, "kernel") == 0;
    double w = random_normal();

    if (strcmp(array->name, "variance") == 0)
        return 0.5 + fabs(w);
    if (strcmp(array->name, "gamma") == 0)
        return 1 + 0.3 * w;
    if (strcmp(array->name, "alpha") == 0)
        return 0.25 + 0.2 * w;
    if (strcmp(array->name, "embeddings") == 0)
        return fabs(w) < KINK_MARGIN ? copysign(KINK_MARGIN, w) : w;
    w *= kernel ? 1 / sqrt((double)array->rows) : 0.3;
    if ((kernel ? of->kernel_regularizer : of->bias_regularizer).l1 > 0 && fabs(w) < KINK_MARGIN)
        w = copysign(KINK_MARGIN, w);
    return w;
}

static void draw_weights(reference_t *net)
{
    reference_array_t arrays[REFERENCE_ARRAYS];
    size_t count = reference_arrays(net, arrays), layer = 0;

    for (size_t a = 0; a < count; a++) {
        while (arrays[a].begin >= net->offsets[layer + 1])
            layer++;
        for (size_t i = 0; i < arrays[a].rows * arrays[a].units; i++)
            net->weights[arrays[a].begin + i] = (double)(float)draw_weight(net, layer, &arrays[a]);
    }
}

static void draw_indices(reference_t *net)
{
    const dlcore_embeddings_t *tables = &net->layers[0].embeddings;

    for (size_t i = 0; net->layers[0].kind == DLCORE_LAYER_EMBEDDING && i < tables->count; i++)
        for (size_t row = 0; row < net->rows; row++)
            net->x[row * net->widths[0] + tables->table[i].column] =
                (double)random_below(tables->table[i].count);
}

static void draw_samples(reference_t *net)
{
    for (size_t i = 0; i < net->rows * net->widths[0]; i++)
        net->x[i] = (double)(float)random_normal();
    draw_indices(net);
    random_labels(net);
    net->is_weighted = one_in(2);
    for (size_t row = 0; row < net->rows; row++)
        net->sample_weight[row] = one_in(5) && row > 0 ? 0 : (double)(float)(2 * random_unit());
}

/* Of one row batch normalization leaves nothing but rounding, of two and three few digits. */
static size_t draw_rows(const reference_t *net)
{
    bool over_rows = false;

    for (size_t i = 0; i < net->layer_count; i++)
        over_rows |= net->layers[i].kind == DLCORE_LAYER_BATCH_NORMALIZATION;
    return over_rows ? 4 + random_below(REFERENCE_ROWS - 3) : 1 + random_below(REFERENCE_ROWS);
}

uint64_t random_layers(reference_t *net, void (*recover)(reference_t *network))
{
    uint64_t state = random_position();
    for (size_t attempt = 0; attempt < 1000; attempt++) {
        memset(net, 0, sizeof *net);
        draw_layers(net);
        net->rows = draw_rows(net);
        draw_weights(net);
        draw_samples(net);
        recover(net);
        reference_loss(net, 0);
        if (net->nearest_kink > KINK_MARGIN && net->nearest_clip > CLIP_MARGIN &&
            net->least_variance > LEAST_VARIANCE)
            return state;
    }
    fail_msg("no network away from kinks in 1000 draws");
    return state;
}
