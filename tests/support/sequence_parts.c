/* Layers and settings of random sequences.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
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

/* ---- layers ---- */

static dlcore_activation_t draw_activation(sequence_style_t style)
{
    static const dlcore_activation_t usual[] = {ACTIVATION_LINEAR, ACTIVATION_RELU, ACTIVATION_TANH,
                                                ACTIVATION_SIGMOID, ACTIVATION_SOFTMAX};

    if (style != SEQUENCE_SMALL && one_in(3)) /* all but exponential, which overflows */
        return (dlcore_activation_t)(1 + random_below(ACTIVATION_MISH));
    return usual[random_below(sizeof usual / sizeof *usual)];
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

static layer_t draw_dense(sequence_style_t style)
{
    activation_t activation = draw_activation(style);
    layer_t layer = layer_dense(sequence_width(style), activation);
    bool over_units =
        layer.activation == ACTIVATION_SOFTMAX || layer.activation == ACTIVATION_LOG_SOFTMAX;

    if (over_units && layer.units == 1) /* which would be a constant */
        layer.units = 2;
    layer.use_bias = !one_in(5);
    if (style == SEQUENCE_SMALL && !one_in(5))
        return layer;
    layer.kernel_initializer = one_in(3) ? initializer_he_normal() : layer.kernel_initializer;
    layer.bias_initializer = one_in(3) ? initializer_constant(0.1) : layer.bias_initializer;
    if (one_in(6))
        layer.kernel_regularizer = regularizer_l1_l2(one_in(2) ? 0.01 : 0, 0.02);
    if (one_in(8))
        layer.bias_regularizer = regularizer_l2(0.02);
    if (one_in(10))
        layer.activity_regularizer = regularizer_l2(0.01);
    if (one_in(8))
        layer.kernel_constraint = draw_constraint();
    if (one_in(12))
        layer.bias_constraint = draw_constraint();
    return layer;
}

static layer_t draw_normalized(layer_t layer)
{
    layer.epsilon = one_in(2) ? 1e-3 : 0.1;
    layer.center = !one_in(5);
    layer.use_scale = !one_in(5);
    layer.momentum = one_in(2) ? 0.9 : 0.99;
    return layer;
}

static layer_t draw_other(sequence_style_t style)
{
    layer_t layer = layer_activation(ACTIVATION_LINEAR);
    double offset;

    switch (random_below(9)) {
    case 0:
        layer.activation = draw_activation(style); /* likewise, after one unit */
        if (layer.activation == ACTIVATION_SOFTMAX || layer.activation == ACTIVATION_LOG_SOFTMAX)
            layer.activation = ACTIVATION_TANH;
        return layer;
    case 1:
        return layer_flatten();
    case 2:
        offset = random_normal();
        return layer_rescaling(0.5 + random_unit(), offset);
    case 3:
        return layer_dropout(0.5 * random_unit());
    case 4:
        return layer_gaussian_noise(0.2 * random_unit());
    case 5:
        return draw_normalized(layer_batch_normalization());
    case 6:
        return draw_normalized(layer_layer_normalization());
    case 7:
        return layer_normalization();
    default:
        return layer_prelu();
    }
}

layer_t sequence_layer(sequence_style_t style)
{
    bool is_other = one_in(style == SEQUENCE_SMALL ? 10 : 3);
    layer_t layer = is_other ? draw_other(style) : draw_dense(style);

    layer.trainable = !one_in(style == SEQUENCE_SMALL ? 16 : 8);
    if (one_in(4))
        layer.input_width = sequence_width(style);
    return layer;
}

/* ---- settings ---- */

static schedule_t draw_schedule(void)
{
    const uint64_t boundaries[2] = {2, 5};
    const double values[3] = {0.01, 0.002, 0.005};

    switch (random_below(6)) {
    case 0:
        return schedule_exponential_decay(0.01, 3, 0.7);
    case 1:
        return schedule_piecewise_constant_decay(boundaries, values, 2);
    case 2:
        return schedule_polynomial_decay(0.01, 6);
    case 3:
        return schedule_inverse_time_decay(0.01, 2, 0.5);
    case 4:
        return schedule_cosine_decay(0.01, 8);
    default:
        return schedule_cosine_decay_restarts(0.01, 3);
    }
}

static void draw_clipping(optimizer_t *optimizer)
{
    switch (random_below(6)) {
    case 0:
        optimizer->clipnorm = 0.05 + random_unit();
        break;
    case 1:
        optimizer->global_clipnorm = 0.05 + random_unit();
        break;
    case 2:
        optimizer->clipvalue = 0.01 + 0.2 * random_unit();
        break;
    default:
        break;
    }
}

static optimizer_t draw_optimizer(sequence_style_t style)
{
    static optimizer_t (*const kinds[])(void) = {
        optimizer_sgd,     optimizer_rmsprop,  optimizer_adam,   optimizer_adamw,
        optimizer_adagrad, optimizer_adadelta, optimizer_adamax, optimizer_nadam};
    optimizer_t optimizer = kinds[random_below(sizeof kinds / sizeof *kinds)]();

    optimizer.learning_rate = pow(10.0, -1.5 - 2.0 * random_unit());
    if (!one_in(4)) /* else 1e-7, under which noise moves weights as far as a gradient */
        optimizer.epsilon = pow(10.0, -1.0 - random_unit());
    optimizer.momentum = one_in(2) ? 0.9 * random_unit() : 0;
    optimizer.nesterov = one_in(2);
    optimizer.centered = one_in(2);
    optimizer.amsgrad = one_in(2);
    if (style == SEQUENCE_SMALL && one_in(2))
        return optimizer; /* nothing but the rule */
    draw_clipping(&optimizer);
    if (one_in(5))
        optimizer.weight_decay = 0.05;
    optimizer.weight_decay_excludes_bias = one_in(2);
    optimizer.use_ema = one_in(4);
    optimizer.ema_momentum = 0.8;
    optimizer.ema_overwrite_frequency = one_in(2) ? random_below(4) : 0;
    if (one_in(5))
        optimizer.gradient_accumulation_steps = 2 + random_below(2);
    if (one_in(6))
        optimizer.schedule = draw_schedule();
    return optimizer;
}

static loss_t draw_loss(dlcore_activation_t last)
{
    static const loss_kind_t of_values[] = {LOSS_MEAN_SQUARED_ERROR,
                                            LOSS_MEAN_SQUARED_ERROR,
                                            LOSS_MEAN_ABSOLUTE_ERROR,
                                            LOSS_HUBER,
                                            LOSS_LOG_COSH,
                                            LOSS_HINGE,
                                            LOSS_SQUARED_HINGE,
                                            LOSS_CATEGORICAL_HINGE,
                                            LOSS_COSINE_SIMILARITY};
    static const loss_kind_t of_logits[] = {
        LOSS_CATEGORICAL_CROSSENTROPY, LOSS_SPARSE_CATEGORICAL_CROSSENTROPY,
        LOSS_BINARY_CROSSENTROPY, LOSS_BINARY_FOCAL_CROSSENTROPY,
        LOSS_CATEGORICAL_FOCAL_CROSSENTROPY};
    static const loss_kind_t of_parts[] = {LOSS_CATEGORICAL_CROSSENTROPY,
                                           LOSS_SPARSE_CATEGORICAL_CROSSENTROPY,
                                           LOSS_BINARY_CROSSENTROPY,
                                           LOSS_KL_DIVERGENCE,
                                           LOSS_POISSON,
                                           LOSS_MEAN_SQUARED_LOGARITHMIC_ERROR,
                                           LOSS_BINARY_FOCAL_CROSSENTROPY,
                                           LOSS_CATEGORICAL_FOCAL_CROSSENTROPY,
                                           LOSS_DICE,
                                           LOSS_TVERSKY};
    loss_t loss;

    if (last == ACTIVATION_SOFTMAX && !one_in(3))
        return loss_default(of_parts[random_below(2)]);
    if (last == ACTIVATION_SIGMOID && !one_in(3))
        return loss_binary_crossentropy();
    if ((last == ACTIVATION_SOFTMAX || last == ACTIVATION_SIGMOID) && one_in(2))
        return loss_default(of_parts[random_below(sizeof of_parts / sizeof *of_parts)]);
    if (one_in(20))
        return loss_default((loss_kind_t)(1 + random_below(LOSS_TVERSKY)));
    if (!one_in(3))
        return loss_default(of_values[random_below(sizeof of_values / sizeof *of_values)]);
    loss = loss_default(of_logits[random_below(sizeof of_logits / sizeof *of_logits)]);
    loss.from_logits = true;
    return loss;
}

compile_options_t sequence_settings(const layer_t *last, sequence_style_t style)
{
    compile_options_t settings = compile_options_default();

    settings.optimizer = draw_optimizer(style);
    settings.loss = draw_loss(last != NULL ? last->activation : ACTIVATION_LINEAR);
    if (style == SEQUENCE_SMALL && one_in(2))
        settings.loss = loss_mean_squared_error();
    settings.loss.reduction = one_in(3) ? (reduction_t)random_below(3) : settings.loss.reduction;
    if (one_in(4) && (settings.loss.kind == LOSS_CATEGORICAL_CROSSENTROPY ||
                      settings.loss.kind == LOSS_BINARY_CROSSENTROPY))
        settings.loss.label_smoothing = 0.1;
    for (size_t i = random_below(4); i > 0; i--) {
        metric_t metric = metric_default((metric_kind_t)(1 + random_below(METRIC_FBETA_SCORE)));

        metric.num_thresholds = 7;
        metric.at = 0.5;
        if (one_in(2))
            metric = metric_default(METRIC_ACCURACY);
        if (one_in(3))
            settings.weighted_metrics[settings.weighted_metric_count++] = metric;
        else
            settings.metrics[settings.metric_count++] = metric;
    }
    return settings;
}
