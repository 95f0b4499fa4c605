/* Two recipes for MNIST: the best that a small dense network does, and the fewest seconds to 98 %.
 *
 *     mnist_recipes DIR [best | fast] [SEEDS]
 *
 * DIR has the four IDX files, plain or with .gz. Shows dropout, adam with a cosine schedule, label
 * smoothing and early stopping; then, for each seed, the accuracy on the test images and the
 * seconds of training, loading left out.
 *
 * SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L

#include <dlcore.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { CLASSES = 10, TRAINING = 60000, SEEDS_MAX = 100 };

typedef struct digits {
    tensor_t *images, *labels; /* uint8; labels one-hot, float32 */
} digits_t;

static model_t *network;

static void check(dlcore_status status, const error_record_t *error)
{
    if (status == DLCORE_OK)
        return;
    fprintf(stderr, "mnist_recipes: %s\n",
            error != NULL && error->message[0] != '\0' ? error->message : model_error(network));
    exit(EXIT_FAILURE);
}

static tensor_t *load_file(const char *folder, const char *name)
{
    char path[4096];
    error_record_t error = {0};
    tensor_t *tensor = NULL;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (idx_load(path, NULL, &tensor, &error) != DLCORE_OK) {
        snprintf(path, sizeof path, "%s/%s.gz", folder, name);
        check(idx_load(path, NULL, &tensor, &error), &error);
    }
    return tensor;
}

static digits_t load(const char *folder, const char *prefix)
{
    char name[64];
    error_record_t error = {0};
    tensor_t *classes;
    digits_t digits;

    snprintf(name, sizeof name, "%s-images-idx3-ubyte", prefix);
    digits.images = load_file(folder, name);
    snprintf(name, sizeof name, "%s-labels-idx1-ubyte", prefix);
    classes = load_file(folder, name);
    check(tensor_one_hot(classes, CLASSES, &digits.labels, &error), &error);
    tensor_free(classes);
    return digits;
}

static void create(uint64_t seed)
{
    model_options_t options = model_options_default();

    options.seed = seed;
    check(model_create(&options, &network), NULL);
    model_add(network, layer_rescaling(1 / 255.0, 0));
}

static void compile(double learning_rate, uint64_t steps, double smoothing)
{
    compile_options_t options = compile_options_default();

    options.optimizer = optimizer_adam();
    options.optimizer.schedule = schedule_cosine_decay(learning_rate, steps);
    options.loss = loss_categorical_crossentropy();
    options.loss.label_smoothing = smoothing;
    options.metrics[0] = metric_default(METRIC_ACCURACY);
    options.metric_count = 1;
    check(model_compile_with(network, &options), NULL);
}

/* Wide and well regularized; the epoch that did best on a twelfth of the images is kept. */
static void train_best(const digits_t *training, uint64_t seed)
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
    model_add(network, layer_dense(CLASSES, ACTIVATION_SOFTMAX));
    how.epochs = 30;
    how.batch_size = 128;
    how.validation_split = 1.0 / 12;
    how.shuffle_before_split = true;
    compile(1e-3, how.epochs * (TRAINING * 11 / 12 / how.batch_size), 0);
    stopping.monitor = "val_accuracy";
    stopping.patience = 10;
    stopping.restore_best_weights = true;
    callback = early_stopping_callback(&stopping);
    how.callbacks = &callback;
    how.callback_count = 1;
    check(model_fit(network, training->images, training->labels, &how, NULL), NULL);
}

/* A schedule that ends where the epochs do needs few of them. */
static void train_fast(const digits_t *training, uint64_t seed)
{
    fit_options_t how = fit_options_default();

    create(seed);
    model_add(network, layer_dense(224, ACTIVATION_RELU));
    model_add(network, layer_dense(CLASSES, ACTIVATION_SOFTMAX));
    how.epochs = 5;
    how.batch_size = 128;
    compile(3e-3, how.epochs * (TRAINING / how.batch_size), 0);
    check(model_fit(network, training->images, training->labels, &how, NULL), NULL);
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

int main(int argc, char **argv)
{
    bool fast = argc > 2 && strcmp(argv[2], "fast") == 0;
    size_t seeds = argc > 3 ? (size_t)strtoul(argv[3], NULL, 10) : 1;
    double accuracies[SEEDS_MAX], seconds[SEEDS_MAX];
    digits_t training, test;

    if (argc < 2 || seeds == 0 || seeds > SEEDS_MAX) {
        fprintf(stderr, "usage: mnist_recipes DIR [best | fast] [SEEDS]\n");
        return EXIT_FAILURE;
    }
    training = load(argv[1], "train");
    test = load(argv[1], "t10k");
    for (size_t i = 0; i < seeds; i++) {
        evaluation_t result;
        double began = now();

        (fast ? train_fast : train_best)(&training, i + 1);
        seconds[i] = now() - began;
        check(model_evaluate(network, test.images, test.labels, NULL, &result), NULL);
        accuracies[i] = evaluation_value(&result, "accuracy");
        printf("seed %zu: test accuracy %.4f, %.2f s\n", i + 1, accuracies[i], seconds[i]);
        fflush(stdout);
        model_free(network);
    }
    report("test accuracy", accuracies, seeds);
    report("seconds", seconds, seeds);
    tensor_free(training.images);
    tensor_free(training.labels);
    tensor_free(test.images);
    tensor_free(test.labels);
    return EXIT_SUCCESS;
}
