/* Layers of random sequences.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/random_numbers.h"
#include "support/sequence.h"

static bool one_in(size_t n)
{
    return random_below(n) == 0;
}

size_t sequence_width(sequence_style_t style)
{
    static const size_t notable[] = {1,  8,  15, 16, 17, 31, 32,
                                     33, 48, 63, 64, 65, 79, SEQUENCE_WIDTH};

    if (style == SEQUENCE_SMALL)
        return 1 + random_below(16);
    if (style == SEQUENCE_LARGE)
        return SEQUENCE_WIDTH / 2 + random_below(SEQUENCE_WIDTH / 2 + 1);
    if (one_in(4))
        return notable[random_below(sizeof notable / sizeof *notable)];
    return 1 + random_below(one_in(4) ? SEQUENCE_WIDTH : 12);
}

/* ---- what layers have in common ---- */

static dlcore_activation_t draw_activation(sequence_style_t style)
{
    static const dlcore_activation_t usual[] = {ACTIVATION_LINEAR, ACTIVATION_RELU, ACTIVATION_TANH,
                                                ACTIVATION_SIGMOID, ACTIVATION_SOFTMAX};
    dlcore_activation_t any;

    if (style == SEQUENCE_SMALL || !one_in(3))
        return usual[random_below(sizeof usual / sizeof *usual)];
    any = (dlcore_activation_t)(1 + random_below(ACTIVATION_RELU_GENERAL));
    return any == ACTIVATION_EXPONENTIAL ? ACTIVATION_MISH : any; /* the former overflows */
}

static bool is_over_units(dlcore_activation_t activation)
{
    return activation == ACTIVATION_SOFTMAX || activation == ACTIVATION_LOG_SOFTMAX ||
           activation == ACTIVATION_SPARSEMAX || activation == ACTIVATION_SPARSEMAX_KERAS;
}

/* Of the activations that have any. */
static void draw_slopes(layer_t *layer)
{
    layer->max_value = one_in(2) ? 0.5 + random_unit() : layer->max_value;
    layer->negative_slope = one_in(2) ? 0.5 * random_unit() : layer->negative_slope;
    layer->threshold = one_in(2) ? random_unit() : layer->threshold;
    layer->alpha = one_in(2) ? 2 * random_unit() : layer->alpha;
}

static dlcore_constraint_t draw_constraint(void)
{
    switch (random_below(4)) {
    case 0:
        return constraint_max_norm(0.5 + random_unit());
    case 1:
        return constraint_non_neg();
    case 2:
        return constraint_unit_norm();
    default:
        return constraint_min_max_norm(0.2, 1.5);
    }
}

static dlcore_initializer_t draw_initializer(dlcore_initializer_t usual)
{
    switch (random_below(12)) {
    case 0:
    case 1:
        return initializer_he_normal();
    case 2:
        return initializer_lecun_uniform();
    case 3:
        return initializer_orthogonal(1 + random_unit());
    case 4:
        return initializer_truncated_normal(0, 0.3);
    case 5:
        return initializer_random_uniform(-0.3, 0.3);
    default:
        return usual;
    }
}

/* A penalty and a constraint of a weight. */
static void draw_rules(dlcore_regularizer_t *regularizer, dlcore_constraint_t *constraint)
{
    double l1 = one_in(2) ? 0.01 : 0;

    if (one_in(6))
        *regularizer = regularizer_l1_l2(l1, 0.02);
    if (one_in(8))
        *constraint = draw_constraint();
}

/* ---- layers ---- */

static layer_t draw_dense(sequence_style_t style)
{
    activation_t activation = draw_activation(style);
    layer_t layer = layer_dense(sequence_width(style), activation);

    if (is_over_units(activation) && layer.units == 1) /* which would be a constant */
        layer.units = 2;
    layer.use_bias = !one_in(5);
    draw_slopes(&layer);
    if (style == SEQUENCE_SMALL && !one_in(5))
        return layer;
    layer.kernel_initializer = draw_initializer(layer.kernel_initializer);
    layer.bias_initializer = one_in(3) ? initializer_constant(0.1) : layer.bias_initializer;
    draw_rules(&layer.kernel_regularizer, &layer.kernel_constraint);
    draw_rules(&layer.bias_regularizer, &layer.bias_constraint);
    if (one_in(10))
        layer.activity_regularizer = regularizer_l2(0.01);
    return layer;
}

static layer_t draw_normalized(layer_t layer)
{
    layer.epsilon = one_in(2) ? 1e-3 : 0.1;
    layer.center = !one_in(5);
    layer.use_scale = !one_in(5);
    layer.momentum = one_in(2) ? 0.9 : 0.99;
    layer.rms_scaling = layer.kind == LAYER_LAYER_NORMALIZATION && one_in(4);
    draw_rules(&layer.gamma_regularizer, &layer.gamma_constraint);
    draw_rules(&layer.beta_regularizer, &layer.beta_constraint);
    return layer;
}

static layer_t draw_activation_layer(sequence_style_t style)
{
    layer_t layer = layer_activation(draw_activation(style));

    if (is_over_units(layer.activation)) /* likewise, after one unit */
        layer.activation = ACTIVATION_TANH;
    draw_slopes(&layer);
    return layer;
}

static layer_t draw_prelu(void)
{
    layer_t layer = layer_prelu();

    layer.alpha_initializer = initializer_constant(one_in(2) ? 0.25 : 0);
    draw_rules(&layer.alpha_regularizer, &layer.alpha_constraint);
    return layer;
}

static layer_t draw_normalization(void)
{
    layer_t layer = layer_normalization();

    layer.invert = one_in(4);
    return layer;
}

/* What training alone does, and penalties of units. */
static layer_t draw_disturbing(void)
{
    double amount = 0.5 * random_unit();

    switch (random_below(5)) {
    case 0:
        return layer_dropout(amount);
    case 1:
        return layer_gaussian_noise(0.4 * amount);
    case 2:
        return layer_gaussian_dropout(amount);
    case 3:
        return layer_alpha_dropout(amount);
    default:
        return layer_activity_regularization(one_in(2) ? 0 : 0.02 * amount, 0.02 * amount);
    }
}

static layer_t draw_other(sequence_style_t style)
{
    double scale, offset;

    switch (random_below(12)) {
    case 0:
        return draw_activation_layer(style);
    case 1:
        return layer_flatten();
    case 2:
        scale = 0.5 + random_unit();
        offset = random_normal();
        return layer_rescaling(scale, offset);
    case 3:
        return draw_normalized(layer_batch_normalization());
    case 4:
        return draw_normalized(layer_layer_normalization());
    case 5:
        return draw_normalization();
    case 6:
        return draw_normalized(layer_rms_normalization());
    case 7:
        return layer_unit_normalization();
    case 8:
        return draw_prelu();
    default:
        return draw_disturbing();
    }
}

/* What is no setting of the layer's kind must change nothing. */
static void draw_foreign(layer_t *layer)
{
    bool is_dense = layer->kind == LAYER_DENSE;
    bool is_normalized =
        layer->kind == LAYER_BATCH_NORMALIZATION || layer->kind == LAYER_LAYER_NORMALIZATION;

    if (!is_dense) {
        layer->units = 3;
        layer->use_bias = one_in(2);
        layer->kernel_regularizer = layer->bias_regularizer = regularizer_l2(0.3);
        layer->kernel_constraint = layer->bias_constraint = constraint_non_neg();
    }
    if (!is_dense && layer->kind != LAYER_ACTIVITY_REGULARIZATION)
        layer->activity_regularizer = regularizer_l2(0.5);
    if (!is_dense && layer->kind != LAYER_ACTIVATION)
        layer->activation = ACTIVATION_TANH;
    if (!is_normalized) {
        layer->center = one_in(2);
        layer->use_scale = one_in(2);
        layer->gamma_regularizer = layer->beta_regularizer = regularizer_l2(0.5);
        layer->gamma_constraint = layer->beta_constraint = constraint_non_neg();
        layer->gamma_initializer = layer->beta_initializer = initializer_constant(0.5);
    }
    layer->momentum = layer->kind == LAYER_BATCH_NORMALIZATION ? layer->momentum : 0.5;
    layer->rms_scaling = layer->kind == LAYER_LAYER_NORMALIZATION ? layer->rms_scaling : true;
    layer->invert = layer->kind == LAYER_NORMALIZATION ? layer->invert : true;
    if (layer->kind != LAYER_PRELU)
        layer->alpha_regularizer = regularizer_l2(0.5);
    if (layer->kind != LAYER_EMBEDDING)
        layer->embeddings_regularizer = regularizer_l2(0.5);
}

/* Its tables are borrowed until the next one is drawn. */
layer_t sequence_embedding(sequence_style_t style)
{
    static dlcore_embedding_t tables[DLCORE_EMBEDDINGS_MAX];
    size_t width = sequence_width(style), after = width, count = 0;
    layer_t layer;

    for (size_t c = random_below(width); c < width && count < DLCORE_EMBEDDINGS_MAX;
         c += 1 + random_below(4)) {
        uint32_t indices = 1 + (uint32_t)random_below(9), units = 1 + (uint32_t)random_below(5);

        if (after + units - 1 > SEQUENCE_WIDTH)
            units = 1;
        tables[count++] =
            (dlcore_embedding_t){.column = (uint32_t)c, .count = indices, .units = units};
        after += units - 1;
    }
    layer = layer_embedding(tables, count);
    if (one_in(3))
        layer.embeddings_regularizer = regularizer_l1_l2(one_in(2) ? 0.01 : 0, 0.02);
    if (one_in(4))
        draw_foreign(&layer);
    layer.trainable = !one_in(8);
    layer.input_width = width;
    return layer;
}

layer_t sequence_layer(sequence_style_t style)
{
    bool is_other = one_in(style == SEQUENCE_SMALL ? 10 : 3);
    layer_t layer = is_other ? draw_other(style) : draw_dense(style);

    if (one_in(4))
        draw_foreign(&layer);
    layer.trainable = !one_in(style == SEQUENCE_SMALL ? 16 : 8);
    if (one_in(4))
        layer.input_width = sequence_width(style);
    return layer;
}
