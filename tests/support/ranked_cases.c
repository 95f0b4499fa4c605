/* Cases of training that ranks and a model alone must agree on.
 *
 * SPDX-License-Identifier: MIT */
#include "support/ranked_cases.h"

#include <stdio.h>

static const float class_weights[] = {0.5f, 1.0f, 3.0f};

static void clip_global(ranked_case_t *c)
{
    c->compile.optimizer.global_clipnorm = 0.2;
}

static void clip_arrays(ranked_case_t *c)
{
    c->compile.optimizer.clipnorm = 0.1;
}

static void clip_values(ranked_case_t *c)
{
    c->compile.optimizer.clipvalue = 0.01;
}

static void accumulate(ranked_case_t *c)
{
    c->compile.optimizer.gradient_accumulation_steps = 3;
}

static void average(ranked_case_t *c)
{
    c->compile.optimizer.use_ema = true;
    c->compile.optimizer.ema_momentum = 0.8;
}

static void decay(ranked_case_t *c)
{
    c->compile.optimizer.weight_decay = 0.05;
    c->compile.optimizer.schedule = dlcore_schedule_exponential_decay(0.1, 2, 0.7);
}

static void normalize(ranked_case_t *c)
{
    c->hidden[c->hidden_count++] = dlcore_layer_batch_normalization();
}

static void drop(ranked_case_t *c)
{
    c->hidden[c->hidden_count++] = dlcore_layer_dropout(0.3);
}

static void both_and_clip(ranked_case_t *c)
{
    normalize(c);
    drop(c);
    clip_global(c);
}

static void odd_batches(ranked_case_t *c)
{
    c->samples = 50;
    c->fit.batch_size = 13;
}

static void few_rows(ranked_case_t *c)
{
    normalize(c);
    c->samples = 11;
    c->fit.batch_size = 5;
}

static void weigh_classes(ranked_case_t *c)
{
    c->fit.class_weight = class_weights;
    c->fit.class_count = 3;
}

static void weigh_samples(ranked_case_t *c)
{
    c->sample_weights = true;
    c->compile.loss.reduction = DLCORE_REDUCTION_MEAN_WITH_SAMPLE_WEIGHT;
}

static void penalize(ranked_case_t *c)
{
    c->hidden[0].kernel_regularizer.l2 = 0.05;
    c->hidden[0].activity_regularizer.l2 = 0.02;
    c->hidden[0].kernel_constraint = dlcore_constraint_max_norm(0.5);
}

static void freeze(ranked_case_t *c)
{
    c->hidden[0].trainable = false;
}

static void validate(ranked_case_t *c)
{
    c->validation = 33;
    c->fit.validation_batch_size = 5;
}

static void regress(ranked_case_t *c)
{
    c->regression = true;
    c->compile.loss = dlcore_loss_mean_squared_error();
    c->compile.metrics[0] = dlcore_metric_default(DLCORE_METRIC_R2_SCORE);
    c->compile.metrics[1] = dlcore_metric_default(DLCORE_METRIC_PEARSON_CORRELATION);
    c->compile.metrics[2] = dlcore_metric_default(DLCORE_METRIC_ROOT_MEAN_SQUARED_ERROR);
    c->compile.metric_count = 3;
    c->validation = 21;
}

static void rank_scores(ranked_case_t *c)
{
    c->regression = c->binary = true;
    c->compile.loss = dlcore_loss_binary_crossentropy();
    c->compile.metrics[0] = dlcore_metric_default(DLCORE_METRIC_AUC);
    c->compile.metrics[0].num_thresholds = 20; /* few: none is near a score but for rounding */
    c->compile.metrics[1] = dlcore_metric_default(DLCORE_METRIC_F1_SCORE);
    c->compile.metrics[2] = dlcore_metric_default(DLCORE_METRIC_PRECISION);
    c->compile.metrics[3] = dlcore_metric_default(DLCORE_METRIC_RECALL);
    c->compile.metric_count = 4;
    c->validation = 21;
}

static void overlap(ranked_case_t *c)
{
    regress(c);
    c->compile.loss = dlcore_loss_dice();
}

static void line_search(ranked_case_t *c)
{
    c->lbfgs = 4;
    c->hidden[0].kernel_regularizer.l2 = 0.05;
}

static const struct {
    const char *name;
    void (*change)(ranked_case_t *ranked_case);
} cases[] = {
    {"global_clipnorm", clip_global},
    {"clipnorm", clip_arrays},
    {"clipvalue", clip_values},
    {"accumulation", accumulate},
    {"averages", average},
    {"decay and schedule", decay},
    {"batch normalization", normalize},
    {"dropout", drop},
    {"both and clipping", both_and_clip},
    {"batches of 13", odd_batches},
    {"few rows", few_rows},
    {"class_weight", weigh_classes},
    {"sample_weight", weigh_samples},
    {"regularizers, constraint", penalize},
    {"a frozen layer", freeze},
    {"validation", validate},
    {"r2, pearson, rmse", regress},
    {"auc, f1, precision, recall", rank_scores},
    {"dice", overlap},
    {"lbfgs", line_search},
};

bool ranked_case_at(size_t index, ranked_case_t *ranked_case, char name[64])
{
    enum { OPTIMIZERS = DLCORE_OPTIMIZER_FTRL };

    *ranked_case = ranked_case_default();
    if (index < OPTIMIZERS) {
        const char *optimizer = dlcore_optimizer_name((dlcore_optimizer_kind_t)(index + 1));

        ranked_case->compile.optimizer = dlcore_optimizer_from_name(optimizer);
        ranked_case->compile.optimizer.learning_rate = 0.01;
        snprintf(name, 64, "%s", optimizer);
        return true;
    }
    index -= OPTIMIZERS;
    if (index >= sizeof cases / sizeof cases[0])
        return false;
    cases[index].change(ranked_case);
    snprintf(name, 64, "%s", cases[index].name);
    return true;
}
