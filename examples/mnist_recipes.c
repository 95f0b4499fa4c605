/* Two recipes for MNIST: the best that a small dense network does, and the fewest seconds to 98 %.
 *
 *     mnist_recipes [--data DIR] [--seed FIRST] [best | fast] [SEEDS]
 *
 * DIR, or DLCORE_MNIST_DIR, has the four IDX files, plain or with .gz. Shows dropout, adam with a
 * cosine schedule and early stopping; then, for each seed, the accuracy on the test images and the
 * seconds of training, loading left out.
 *
 * SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L

#include <dlcore.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "support/mnist_data.h"

enum { TRAINING = 60000, SEEDS_MAX = 100 };

static model_t *network;
static error_record_t error; /* of all calls that do not change the model */

static void check(dlcore_status status)
{
    if (status == DLCORE_OK)
        return;
    fprintf(stderr, "mnist_recipes: %s: %s\n", dlcore_status_name(status),
            error.status == status ? error.message : model_error(network));
    exit(EXIT_FAILURE);
}

static void create(uint64_t seed)
{
    model_options_t options = model_options_default();

    options.seed = seed;
    options.error = &error;
    check(model_create(&options, &network));
    model_add(network, layer_rescaling(1 / 255.0, 0));
}

/* The last batch of an epoch may be short. */
static uint64_t steps_in(size_t samples, size_t batch_size)
{
    return (samples + batch_size - 1) / batch_size;
}

static void compile(double learning_rate, uint64_t steps)
{
    compile_options_t options = compile_options_default();

    options.optimizer = optimizer_adam();
    options.optimizer.schedule = schedule_cosine_decay(learning_rate, steps);
    options.loss = loss_categorical_crossentropy();
    options.metrics[0] = metric_default(METRIC_ACCURACY);
    options.metric_count = 1;
    check(model_compile_with(network, &options));
}

/* Wide and well regularized; the epoch that did best on a twelfth of the images is kept. */
static void train_best(const mnist_images_t *training, uint64_t seed)
{
    early_stopping_t stopping = early_stopping_default();
    callback_t callback;
    fit_options_t how = fit_options_default();

    create(seed);
    model_add(network, layer_dropout(0.2));
    for (int i = 0; i < 2; i++) {
        model_add(network, layer_dense(1024, ACTIVATION_RELU));
        model_add(network, layer_dropout(0.5));
    }
    model_add(network, layer_dense(MNIST_CLASSES, ACTIVATION_SOFTMAX));
    how.epochs = 20;
    how.batch_size = 256;
    how.validation_split = 1.0 / 12;
    how.shuffle_before_split = true;
    compile(2e-3, how.epochs * steps_in(TRAINING * 11 / 12, how.batch_size));
    stopping.monitor = "val_accuracy";
    stopping.patience = 8;
    stopping.restore_best_weights = true;
    callback = early_stopping_callback(&stopping);
    how.callbacks = &callback;
    how.callback_count = 1;
    check(model_fit(network, training->images, training->one_hot, &how, NULL));
}

/* A schedule that ends where the epochs do needs few of them. */
static void train_fast(const mnist_images_t *training, uint64_t seed)
{
    fit_options_t how = fit_options_default();

    create(seed);
    model_add(network, layer_dense(192, ACTIVATION_RELU));
    model_add(network, layer_dense(MNIST_CLASSES, ACTIVATION_SOFTMAX));
    how.epochs = 3;
    how.batch_size = 128;
    compile(8e-3, how.epochs * steps_in(TRAINING, how.batch_size));
    check(model_fit(network, training->images, training->one_hot, &how, NULL));
}

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Mean, median and smallest. */
static void report(const char *what, double *values, size_t count)
{
    double sum = 0;

    qsort(values, count, sizeof *values, compare);
    for (size_t i = 0; i < count; i++)
        sum += values[i];
    printf("%s: mean %.4f, median %.4f, least %.4f\n", what, sum / (double)count,
           (values[(count - 1) / 2] + values[count / 2]) / 2, values[0]);
}

typedef struct arguments {
    const char *data;
    bool fast;
    size_t seed, seeds;
} arguments_t;

static void usage(void)
{
    fprintf(stderr,
            "usage: mnist_recipes [--data DIR] [--seed FIRST] [best | fast] [SEEDS]\n"
            "  --data DIR  folder of the four IDX files (default: $DLCORE_MNIST_DIR)\n"
            "  --seed N    the first seed, 1 or more; default 1\n"
            "  SEEDS       how often to train, 1 to %d; default 1\n",
            SEEDS_MAX);
    exit(2);
}

/* 1 or more. */
static size_t parse_count(const char *text)
{
    char *end;
    unsigned long count = strtoul(text, &end, 10);

    if (text[0] < '0' || text[0] > '9' || *end != '\0' || count == 0)
        usage();
    return (size_t)count;
}

static arguments_t parse(int argc, char **argv)
{
    arguments_t arguments = {.data = getenv("DLCORE_MNIST_DIR"), .seed = 1, .seeds = 1};

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--data") == 0 && i + 1 < argc)
            arguments.data = argv[++i];
        else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc)
            arguments.seed = parse_count(argv[++i]);
        else if (strcmp(argv[i], "best") == 0 || strcmp(argv[i], "fast") == 0)
            arguments.fast = argv[i][0] == 'f';
        else
            arguments.seeds = parse_count(argv[i]);
    }
    if (arguments.data == NULL || arguments.seeds > SEEDS_MAX)
        usage();
    return arguments;
}

int main(int argc, char **argv)
{
    arguments_t arguments = parse(argc, argv);
    double accuracies[SEEDS_MAX], seconds[SEEDS_MAX];
    evaluate_options_t tested = evaluate_options_default();
    mnist_images_t training, test;

    tested.error = &error;
    training = mnist_load(arguments.data, "train");
    test = mnist_load(arguments.data, "t10k");
    for (size_t i = 0; i < arguments.seeds; i++) {
        evaluation_t result;
        double began = now();

        (arguments.fast ? train_fast : train_best)(&training, arguments.seed + i);
        seconds[i] = now() - began;
        check(model_evaluate(network, test.images, test.one_hot, &tested, &result));
        accuracies[i] = evaluation_value(&result, "accuracy");
        printf("seed %zu: test accuracy %.4f, %.2f s\n", arguments.seed + i, accuracies[i],
               seconds[i]);
        fflush(stdout);
        model_free(network);
    }
    report("test accuracy", accuracies, arguments.seeds);
    report("seconds", seconds, arguments.seeds);
    mnist_free(&training);
    mnist_free(&test);
    return EXIT_SUCCESS;
}
