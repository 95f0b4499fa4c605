/* dlcore_bench_layers: what a layer or an option adds to a training step of 784-512-512-10 at batch
 * 128, relu, softmax, RMSprop. Each case runs in turn with the plain network, several times over,
 * so that both meet the same machine; the ratio is that of the medians.
 *
 *     build/tests/bench/dlcore_bench_layers [--threads N] [--quick]
 *
 * SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/cases.h"
#include "bench/subject.h"
#include "bench/support.h"
#include "bench/timing.h"
#include "dlcore/activation.h"
#include "dlcore/model.h"

static const bench_case_t step = {.name = "784-512-512-10 b128",
                                  .work = BENCH_TRAIN,
                                  .head = BENCH_CLASSES,
                                  .widths = {784, 512, 512, 10},
                                  .batch = 128,
                                  .batches = 16,
                                  .optimizer = DLCORE_OPTIMIZER_RMSPROP};
static const bench_plan_t thorough = {0.05, 2.5, 5, 15}, hasty = {0.001, 0.0, 1, 1};

/* What a case changes: hidden layers, what follows each of them, the optimizer, the metrics. */
typedef struct variant {
    const char *name;
    dlcore_layer_kind_t after; /* UNKNOWN: nothing */
    void (*hidden)(dlcore_layer_t *layer);
    void (*compile)(dlcore_compile_options_t *options);
} variant_t;

static void gelu(dlcore_layer_t *layer)
{
    layer->activation = DLCORE_ACTIVATION_GELU;
}

static void l2(dlcore_layer_t *layer)
{
    layer->kernel_regularizer = dlcore_regularizer_l2(1e-4);
}

static void activity(dlcore_layer_t *layer)
{
    layer->activity_regularizer = dlcore_regularizer_l2(1e-4);
}

static void max_norm(dlcore_layer_t *layer)
{
    layer->kernel_constraint = dlcore_constraint_max_norm(3);
}

static void adam(dlcore_compile_options_t *options)
{
    options->optimizer = dlcore_optimizer_adam();
}

static void decay(dlcore_compile_options_t *options)
{
    options->optimizer.weight_decay = 0.004;
}

static void clipvalue(dlcore_compile_options_t *options)
{
    options->optimizer.clipvalue = 1;
}

static void global_clipnorm(dlcore_compile_options_t *options)
{
    options->optimizer.global_clipnorm = 1;
}

static void average(dlcore_compile_options_t *options)
{
    options->optimizer.use_ema = true;
}

static void accumulate(dlcore_compile_options_t *options)
{
    options->optimizer.gradient_accumulation_steps = 4;
}

static void schedule(dlcore_compile_options_t *options)
{
    options->optimizer.schedule = dlcore_schedule_cosine_decay(1e-3, 100000);
}

static void metrics(dlcore_compile_options_t *options)
{
    options->metrics[0] = dlcore_metric_default(DLCORE_METRIC_ACCURACY);
    options->metrics[1] = dlcore_metric_default(DLCORE_METRIC_AUC);
    options->metric_count = 2;
}

static const variant_t variants[] = {
    {.name = "the same again"},
    {.name = "dropout(0.5) twice", .after = DLCORE_LAYER_DROPOUT},
    {.name = "batch_normalization twice", .after = DLCORE_LAYER_BATCH_NORMALIZATION},
    {.name = "layer_normalization twice", .after = DLCORE_LAYER_LAYER_NORMALIZATION},
    {.name = "gaussian_noise(1) twice", .after = DLCORE_LAYER_GAUSSIAN_NOISE},
    {.name = "prelu twice", .after = DLCORE_LAYER_PRELU},
    {.name = "gelu instead of relu", .hidden = gelu},
    {.name = "kernel_regularizer l2", .hidden = l2},
    {.name = "activity_regularizer l2", .hidden = activity},
    {.name = "kernel_constraint max_norm", .hidden = max_norm},
    {.name = "adam instead of rmsprop", .compile = adam},
    {.name = "weight_decay", .compile = decay},
    {.name = "clipvalue", .compile = clipvalue},
    {.name = "global_clipnorm", .compile = global_clipnorm},
    {.name = "use_ema", .compile = average},
    {.name = "gradient_accumulation_steps 4", .compile = accumulate},
    {.name = "cosine schedule", .compile = schedule},
    {.name = "accuracy and AUC", .compile = metrics},
};

/* By its Keras name, with Keras's defaults. */
static dlcore_layer_t layer_of(dlcore_layer_kind_t kind)
{
    return dlcore_layer_from_name(dlcore_layer_kind_name(kind));
}

static dlcore_model_t *model_of(const variant_t *variant, size_t threads)
{
    dlcore_compile_options_t options = dlcore_compile_options_default();
    dlcore_model_options_t how = dlcore_model_options_default();
    dlcore_model_t *model = NULL;

    how.threads = threads;
    options.loss = dlcore_loss_categorical_crossentropy();
    if (variant->compile != NULL)
        variant->compile(&options);
    bench_check(dlcore_model_create(&how, &model), "no model");
    for (size_t i = 1; i < 3; i++) {
        dlcore_layer_t hidden = dlcore_layer_dense(step.widths[i], DLCORE_ACTIVATION_RELU);

        if (variant->hidden != NULL)
            variant->hidden(&hidden);
        dlcore_model_add(model, hidden);
        if (variant->after != DLCORE_LAYER_UNKNOWN)
            dlcore_model_add(model, layer_of(variant->after));
    }
    dlcore_model_add(model, dlcore_layer_dense(step.widths[3], DLCORE_ACTIVATION_SOFTMAX));
    bench_check(dlcore_model_build(model, step.widths[0]), dlcore_model_error(model));
    bench_check(dlcore_model_compile_with(model, &options), dlcore_model_error(model));
    return model;
}

static void measure(const variant_t *variant, size_t threads, bool quick)
{
    static const variant_t plain = {.name = "plain"};
    bench_subject_t subjects[2] = {
        bench_subject_train_model(&step, model_of(&plain, threads), quick),
        bench_subject_train_model(&step, model_of(variant, threads), quick)};
    bench_contender_t contenders[2] = {subjects[0].contender, subjects[1].contender};

    bench_race(quick ? &hasty : &thorough, contenders, 2);
    printf("%-32s %8.3f %8.3f %8.3f %8.3f\n", variant->name,
           1e3 * contenders[0].median / (double)subjects[0].steps,
           1e3 * contenders[1].median / (double)subjects[1].steps,
           contenders[1].median / contenders[0].median, contenders[1].best / contenders[0].best);
    fflush(stdout);
    for (size_t i = 0; i < 2; i++)
        subjects[i].free(subjects[i].contender.state);
}

int main(int argc, char **argv)
{
    size_t threads = 1;
    bool quick = false;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--quick") == 0)
            quick = true;
        else if (strcmp(argv[i], "--threads") == 0 && i + 1 < argc)
            threads = strtoul(argv[++i], NULL, 10);
        else
            bench_fail("usage: dlcore_bench_layers [--threads N] [--quick]");
    }
    printf("%-32s %8s %8s %8s %8s\n", "added to 784-512-512-10 b128", "plain ms", "with ms",
           "ratio", "of bests");
    for (size_t i = 0; i < sizeof variants / sizeof variants[0]; i++)
        measure(&variants[i], threads, quick);
    return 0;
}
