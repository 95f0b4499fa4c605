/* The cases and their networks.
 *
 * SPDX-License-Identifier: MIT */
#include "bench/cases.h"

#include <string.h>

#include "bench/support.h"
#include "dlcore/layer.h"
#include "dlcore/loss.h"
#include "dlcore/optimizer.h"
#include "dlcore/schedule.h"

#define TRAIN_HALF(name, head, batch, batches, optimizer, ...)                                \
    {                                                                                         \
        name, BENCH_TRAIN, head, {__VA_ARGS__}, batch, batches, DLCORE_OPTIMIZER_##optimizer, \
            false, BENCH_BFLOAT16                                                             \
    }
#define TRAIN(name, head, batch, batches, optimizer, ...)                                     \
    {                                                                                         \
        name, BENCH_TRAIN, head, {__VA_ARGS__}, batch, batches, DLCORE_OPTIMIZER_##optimizer, \
            false, BENCH_FLOAT32                                                              \
    }
#define PREDICT(name, work, head, batch, digits, ...)                                              \
    {                                                                                              \
        name, work, head, {__VA_ARGS__}, batch, 0, DLCORE_OPTIMIZER_RMSPROP, digits, BENCH_FLOAT32 \
    }
#define RUN_IN(name, batch, digits, precision)                                                \
    {                                                                                         \
        "predict 784-512-10 " name, BENCH_PREDICTOR, BENCH_CLASSES, {784, 512, 10}, batch, 0, \
            DLCORE_OPTIMIZER_RMSPROP, digits, precision                                       \
    }
#define RUN(name, batch, digits) RUN_IN(name, batch, digits, BENCH_FLOAT32)

/* The samples of a training case are as many as keep a call of model_fit, which may run several
 * epochs over them, within what people have: 4,096 where the network allows it. */
const bench_case_t bench_cases[] = {
    TRAIN("train 784-512-10 b128 rmsprop", BENCH_CLASSES, 128, 32, RMSPROP, 784, 512, 10),
    TRAIN("train 784-512-10 b128 sgd", BENCH_CLASSES, 128, 32, SGD, 784, 512, 10),
    TRAIN("train 784-512-10 b96 rmsprop", BENCH_CLASSES, 96, 32, RMSPROP, 784, 512, 10),
    TRAIN("train 784-512-512-10 b128 rmsprop", BENCH_CLASSES, 128, 16, RMSPROP, 784, 512, 512, 10),
    TRAIN("train 784-512-512-10 b128 sgd", BENCH_CLASSES, 128, 16, SGD, 784, 512, 512, 10),
    TRAIN("train 1024-1024-1024-1024 b256 rmsprop", BENCH_NUMBERS, 256, 2, RMSPROP, 1024, 1024,
          1024, 1024),
    TRAIN("train 1024-1024-1024-1024 b256 sgd", BENCH_NUMBERS, 256, 2, SGD, 1024, 1024, 1024, 1024),
    TRAIN("train 4096-4096-4096 b1024 rmsprop", BENCH_NUMBERS, 1024, 1, RMSPROP, 4096, 4096, 4096),
    TRAIN("train 4096-4096-4096 b1024 sgd", BENCH_NUMBERS, 1024, 1, SGD, 4096, 4096, 4096),
    TRAIN_HALF("bfloat16 train 784-512-10 b128 rmsprop", BENCH_CLASSES, 128, 32, RMSPROP, 784, 512,
               10),
    TRAIN_HALF("bfloat16 train 1024-1024-1024-1024 b256 rmsprop", BENCH_NUMBERS, 256, 2, RMSPROP,
               1024, 1024, 1024, 1024),
    TRAIN("train 64-64-64-10 b32 rmsprop", BENCH_CLASSES, 32, 128, RMSPROP, 64, 64, 64, 10),
    TRAIN("train 64-64-64-10 b32 sgd", BENCH_CLASSES, 32, 128, SGD, 64, 64, 64, 10),
    TRAIN("train 2-8-1 b1 rmsprop", BENCH_YES_OR_NO, 1, 4096, RMSPROP, 2, 8, 1),
    TRAIN("train 2-8-1 b1 sgd", BENCH_YES_OR_NO, 1, 4096, SGD, 2, 8, 1),
    TRAIN("train 2-8-1 b32 rmsprop", BENCH_YES_OR_NO, 32, 128, RMSPROP, 2, 8, 1),
    TRAIN("train 2-8-1 b32 sgd", BENCH_YES_OR_NO, 32, 128, SGD, 2, 8, 1),
    {"epoch mnist",
     BENCH_EPOCH,
     BENCH_CLASSES,
     {784, 512, 10},
     128,
     0,
     DLCORE_OPTIMIZER_RMSPROP,
     true,
     BENCH_FLOAT32},
    {"bfloat16 epoch mnist",
     BENCH_EPOCH,
     BENCH_CLASSES,
     {784, 512, 10},
     128,
     0,
     DLCORE_OPTIMIZER_RMSPROP,
     true,
     BENCH_BFLOAT16},
    /* units, batch, rate and epochs are those of train_fast in examples/mnist_recipes.c */
    {"recipe mnist",
     BENCH_RECIPE,
     BENCH_CLASSES,
     {784, 192, 10},
     128,
     0,
     DLCORE_OPTIMIZER_ADAM,
     true,
     BENCH_FLOAT32},
    RUN("b1 digits", 1, true),
    RUN("b1 dense", 1, false),
    RUN("b2 dense", 2, false),
    RUN("b4 dense", 4, false),
    RUN("b8 dense", 8, false),
    RUN("b16 dense", 16, false),
    RUN("b128 dense, predictor", 128, false),
    RUN_IN("b1 digits bfloat16", 1, true, BENCH_BFLOAT16),
    RUN_IN("b1 dense bfloat16", 1, false, BENCH_BFLOAT16),
    RUN_IN("b128 dense bfloat16", 128, false, BENCH_BFLOAT16),
    RUN_IN("b1 digits int8", 1, true, BENCH_INT8),
    RUN_IN("b1 dense int8", 1, false, BENCH_INT8),
    RUN_IN("b128 dense int8", 128, false, BENCH_INT8),
    PREDICT("predict 784-512-10 b128 dense", BENCH_PREDICT, BENCH_CLASSES, 128, false, 784, 512,
            10),
    PREDICT("predict 784-512-10 b10000 dense", BENCH_PREDICT, BENCH_CLASSES, 10000, false, 784, 512,
            10),
    PREDICT("predict 2-8-1 b1", BENCH_PREDICTOR, BENCH_YES_OR_NO, 1, false, 2, 8, 1),
    PREDICT("predict 16-32-32-4 b1", BENCH_PREDICTOR, BENCH_CLASSES, 1, false, 16, 32, 32, 4),
    PREDICT("predict 3x1024 b1", BENCH_PREDICTOR, BENCH_NUMBERS, 1, false, 1024, 1024, 1024, 1024),
    PREDICT("predict 3x1024 b128", BENCH_PREDICT, BENCH_NUMBERS, 128, false, 1024, 1024, 1024,
            1024),
};
const size_t bench_case_count = sizeof bench_cases / sizeof bench_cases[0];

bool bench_case_has_peers(const bench_case_t *which)
{
    static const char *const names[] = {
        "train 784-512-10 b128 rmsprop",
        "train 1024-1024-1024-1024 b256 rmsprop",
        "train 64-64-64-10 b32 rmsprop",
        "train 2-8-1 b1 rmsprop",
        "train 2-8-1 b1 sgd", /* FANN's own rule */
        "train 2-8-1 b32 rmsprop",
        "epoch mnist",
        "predict 784-512-10 b1 dense",
        "predict 784-512-10 b128 dense",
        "predict 2-8-1 b1",
        "predict 16-32-32-4 b1",
    };
    size_t i;

    for (i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(names[i], which->name) == 0)
            return true;
    return false;
}

size_t bench_case_layers(const bench_case_t *which)
{
    size_t layers = 0;

    while (layers < BENCH_LAYERS_MAX && which->widths[layers + 1] != 0)
        layers++;
    return layers;
}

size_t bench_case_epochs(const bench_case_t *which)
{
    return which->work == BENCH_RECIPE ? BENCH_RECIPE_EPOCHS : which->work == BENCH_EPOCH;
}

double bench_case_operations(const bench_case_t *which, size_t rows)
{
    const bool trains = which->work == BENCH_TRAIN || bench_case_epochs(which) > 0;
    double sum = 0;
    size_t l;

    for (l = 0; l < bench_case_layers(which); l++) {
        double products = !trains ? 1 : l == 0 ? 2 : 3;

        sum += 2 * products * (double)which->widths[l] * (double)which->widths[l + 1];
    }
    return sum * (double)rows;
}

static const struct {
    dlcore_activation_t hidden, last;
    dlcore_loss_kind_t loss;
} heads[] = {
    [BENCH_CLASSES] = {DLCORE_ACTIVATION_RELU, DLCORE_ACTIVATION_SOFTMAX,
                       DLCORE_LOSS_CATEGORICAL_CROSSENTROPY},
    [BENCH_NUMBERS] = {DLCORE_ACTIVATION_RELU, DLCORE_ACTIVATION_LINEAR,
                       DLCORE_LOSS_MEAN_SQUARED_ERROR},
    [BENCH_YES_OR_NO] = {DLCORE_ACTIVATION_TANH, DLCORE_ACTIVATION_SIGMOID,
                         DLCORE_LOSS_BINARY_CROSSENTROPY},
};

static dlcore_optimizer_t optimizer_of(const bench_case_t *which)
{
    const size_t steps = (BENCH_MNIST_IMAGES + which->batch - 1) / which->batch;
    dlcore_optimizer_t optimizer = which->optimizer == DLCORE_OPTIMIZER_SGD ? dlcore_optimizer_sgd()
                                   : which->optimizer == DLCORE_OPTIMIZER_ADAM
                                       ? dlcore_optimizer_adam()
                                       : dlcore_optimizer_rmsprop();

    if (which->work == BENCH_RECIPE)
        optimizer.schedule = dlcore_schedule_cosine_decay(8e-3, BENCH_RECIPE_EPOCHS * steps);
    return optimizer;
}

dlcore_model_t *bench_case_model(const bench_case_t *which, dlcore_engine_t engine, size_t threads)
{
    const size_t layers = bench_case_layers(which);
    dlcore_model_options_t options = dlcore_model_options_default();
    dlcore_optimizer_t optimizer = optimizer_of(which);
    dlcore_error_record_t error = {0};
    dlcore_model_t *model = NULL;
    size_t l;

    options.engine = engine;
    options.threads = threads;
    if (which->work != BENCH_PREDICTOR && which->precision == BENCH_BFLOAT16)
        options.precision = DLCORE_PRECISION_BFLOAT16;
    options.error = &error;
    bench_check(dlcore_model_create(&options, &model), error.message);
    if (bench_case_epochs(which) > 0)
        dlcore_model_add(model, dlcore_layer_rescaling(1 / 255.0, 0));
    for (l = 0; l < layers; l++)
        dlcore_model_add(model, dlcore_layer_dense(which->widths[l + 1],
                                                   l + 1 < layers ? heads[which->head].hidden
                                                                  : heads[which->head].last));
    bench_check(
        dlcore_model_compile(model, &optimizer, heads[which->head].loss, DLCORE_METRIC_NONE),
        dlcore_model_error(model));
    bench_check(dlcore_model_build(model, which->widths[0]), dlcore_model_error(model));
    return model;
}
