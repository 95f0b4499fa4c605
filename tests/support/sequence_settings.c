/* Settings of compile of random sequences.
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

static schedule_t draw_schedule(void)
{
    const uint64_t boundaries[2] = {2, 5};
    const double values[3] = {0.01, 0.002, 0.005};

    switch (random_below(7)) {
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
    case 5:
        return schedule_one_cycle(0.01, 8);
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

/* Settings that adafactor and ftrl alone have. */
static void draw_newer(optimizer_t *optimizer)
{
    if (one_in(2))
        optimizer->initial_accumulator_value = 0.05 + 0.2 * random_unit();
    if (!one_in(4)) /* likewise: else 1e-30 */
        optimizer->epsilon_1 = pow(10.0, -3.0 - random_unit());
    optimizer->clip_threshold = 0.5 + random_unit();
    optimizer->beta_2_decay = one_in(2) ? -0.8 : -0.5;
    if (one_in(2))
        optimizer->l1_regularization_strength = 0.01 * random_unit();
    if (one_in(2))
        optimizer->l2_regularization_strength = 0.1 * random_unit();
    if (one_in(2))
        optimizer->l2_shrinkage_regularization_strength = 0.1 * random_unit();
    if (one_in(2))
        optimizer->beta = random_unit();
    if (one_in(2))
        optimizer->learning_rate_power = -0.7 * random_unit();
}

static optimizer_t draw_optimizer(sequence_style_t style)
{
    static optimizer_t (*const kinds[])(void) = {
        optimizer_sgd,     optimizer_rmsprop,   optimizer_adam,   optimizer_adamw,
        optimizer_adagrad, optimizer_adadelta,  optimizer_adamax, optimizer_nadam,
        optimizer_lion,    optimizer_adafactor, optimizer_ftrl};
    optimizer_t optimizer = kinds[random_below(sizeof kinds / sizeof *kinds)]();

    optimizer.learning_rate = pow(10.0, -1.5 - 2.0 * random_unit());
    if (!one_in(4)) /* else 1e-7, under which noise moves weights as far as a gradient */
        optimizer.epsilon = pow(10.0, -1.0 - random_unit());
    optimizer.momentum = one_in(2) ? 0.9 * random_unit() : 0;
    optimizer.nesterov = one_in(2);
    optimizer.centered = one_in(2);
    optimizer.amsgrad = one_in(2);
    draw_newer(&optimizer);
    if (style == SEQUENCE_SMALL && one_in(2))
        return optimizer; /* nothing but the rule */
    draw_clipping(&optimizer);
    if (one_in(5))
        optimizer.weight_decay = 0.05;
    optimizer.weight_decay_excludes_bias = one_in(2);
    optimizer.use_ema = one_in(3);
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
                                            LOSS_QUANTILE,
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
        return loss_default((loss_kind_t)(1 + random_below(LOSS_QUANTILE)));
    if (!one_in(3))
        return loss_default(of_values[random_below(sizeof of_values / sizeof *of_values)]);
    loss = loss_default(of_logits[random_below(sizeof of_logits / sizeof *of_logits)]);
    loss.from_logits = true;
    return loss;
}

/* Those of its kind: others are refused. */
static void draw_loss_settings(loss_t *loss)
{
    bool is_focal = loss->kind == LOSS_BINARY_FOCAL_CROSSENTROPY ||
                    loss->kind == LOSS_CATEGORICAL_FOCAL_CROSSENTROPY;

    if (loss->kind == LOSS_HUBER)
        loss->delta = 0.5 + random_unit();
    if (is_focal || loss->kind == LOSS_TVERSKY)
        loss->alpha = 0.2 + 0.6 * random_unit();
    if (is_focal)
        loss->gamma = 1 + random_unit();
    if (loss->kind == LOSS_TVERSKY)
        loss->beta = 0.2 + 0.6 * random_unit();
    if (loss->kind == LOSS_TVERSKY || loss->kind == LOSS_DICE)
        loss->per_sample = one_in(2);
    if (loss->kind == LOSS_BINARY_FOCAL_CROSSENTROPY)
        loss->apply_class_balancing = one_in(2);
    if (is_focal || loss->kind == LOSS_CATEGORICAL_CROSSENTROPY ||
        loss->kind == LOSS_BINARY_CROSSENTROPY)
        loss->label_smoothing = one_in(4) ? 0.1 : 0;
}

/* Of any kind: settings of others are not looked at. */
static metric_t draw_metric(void)
{
    metric_t metric =
        metric_default((metric_kind_t)(1 + random_below(METRIC_CONCORDANCE_CORRELATION)));

    metric.num_thresholds = 7;
    metric.at = 0.5;
    if (one_in(2))
        return metric_default(METRIC_ACCURACY);
    if (one_in(2)) {
        metric.threshold = 0.4;
        metric.class_id = one_in(3) ? 0 : -1;
        metric.top_k = 1;
        metric.average = (average_t)random_below(3);
        metric.multi_label = one_in(2);
        metric.num_regressors = random_below(3);
        metric.beta = 0.5 + random_unit();
        metric.label_smoothing = one_in(2) ? 0.1 : 0;
        metric.from_logits = one_in(2);
    }
    return metric;
}

compile_options_t sequence_settings(const layer_t *last, sequence_style_t style)
{
    compile_options_t settings = compile_options_default();

    settings.optimizer = draw_optimizer(style);
    settings.loss = draw_loss(last != NULL ? last->activation : ACTIVATION_LINEAR);
    if (style == SEQUENCE_SMALL && one_in(2))
        settings.loss = loss_mean_squared_error();
    settings.loss.reduction = one_in(3) ? (reduction_t)random_below(3) : settings.loss.reduction;
    draw_loss_settings(&settings.loss);
    for (size_t i = random_below(4); i > 0; i--) {
        metric_t metric = draw_metric();

        if (one_in(3))
            settings.weighted_metrics[settings.weighted_metric_count++] = metric;
        else
            settings.metrics[settings.metric_count++] = metric;
    }
    return settings;
}

void sequence_change_setting(compile_options_t *settings)
{
    optimizer_t *optimizer = &settings->optimizer;
    bool clips = optimizer->clipnorm > 0 || optimizer->global_clipnorm > 0;

    switch (random_below(7)) {
    case 0:
        optimizer->use_ema = !optimizer->use_ema;
        break;
    case 1:
        optimizer->weight_decay = optimizer->weight_decay > 0 ? 0 : 0.05;
        break;
    case 2:
        optimizer->clipvalue = clips || optimizer->clipvalue > 0 ? 0 : 0.05;
        break;
    case 3:
        optimizer->clipnorm = clips || optimizer->clipvalue > 0 ? 0 : 0.1;
        optimizer->global_clipnorm = 0;
        break;
    case 4:
        optimizer->gradient_accumulation_steps = optimizer->gradient_accumulation_steps > 0 ? 0 : 2;
        break;
    case 5:
        settings->loss.reduction = (reduction_t)random_below(3);
        break;
    default:
        optimizer->learning_rate *= 0.5;
        break;
    }
}
