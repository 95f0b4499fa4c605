/* Predictors in float32, bfloat16 and int8: how long a run takes, and what rounding does to
 * answers.
 *
 *     build/tests/bench/dlcore_bench_precision [--data DIR] [--seeds N] [--quick]
 *
 * Time: of the CPU, for 784-512-10 over numbers none of which is zero; the three take turns, so
 * that all see the same machine, and what counts is the ratio in a round. Accuracy: networks are
 * trained in float32 from N seeds (10), and answer in all three; and trained in bfloat16, and
 * answer in float32. With the folder of MNIST (or of
 * Fashion-MNIST, whose files have the same names): 784-512-10 as in the README, and 784-256-10 with
 * batch normalization; always: a regression of 20 numbers, 64-64-1.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/data.h"
#include "bench/support.h"
#include "bench/timing.h"
#include "dlcore.h"

enum {
    PRECISIONS = 3,
    TRAINED_LOW = PRECISIONS,
    WAYS,
    SEEDS_MAX = 100,
    ROUNDS = 31,
    INPUTS = 784,
    POOL = 1024
};
enum { CASES = 20, KNOWN = 4000, NEW = 2000 }; /* of the regression: inputs, and samples */

static dlcore_error_record_t error;

static const dlcore_predictor_precision_t *precision(size_t i)
{
    return i == 0 ? NULL : i == 1 ? dlcore_predictor_bfloat16() : dlcore_predictor_int8();
}

static const char *const names[WAYS] = {"float32", "bfloat16", "int8", "trained in bfloat16"};

static dlcore_predictor_t *predictor(const dlcore_model_t *model, size_t i, size_t rows)
{
    dlcore_predictor_options_t how = dlcore_predictor_options_default();
    dlcore_predictor_t *made = NULL;

    how.batch_size = rows;
    how.precision = precision(i);
    how.error = &error;
    bench_check(dlcore_predictor_create(model, &how, &made), error.message);
    return made;
}

static dlcore_model_t *empty_model(uint64_t seed, bool trains_low)
{
    dlcore_model_options_t how = dlcore_model_options_default();
    dlcore_model_t *model = NULL;

    how.seed = seed;
    how.precision = trains_low ? dlcore_model_bfloat16() : NULL;
    how.error = &error;
    bench_check(dlcore_model_create(&how, &model), error.message);
    return model;
}

static void add_dense(dlcore_model_t *model, size_t units, dlcore_activation_t activation)
{
    dlcore_model_add(model, dlcore_layer_dense(units, activation));
}

/* ---- time ---- */

static void time_rows(const dlcore_model_t *model, const float *pool, size_t rows, size_t rounds)
{
    static float y[128 * 10];
    dlcore_predictor_t *predictors[PRECISIONS];
    double best[PRECISIONS], ratios[PRECISIONS][ROUNDS];
    size_t runs = POOL / rows;

    for (size_t k = 0; k < PRECISIONS; k++) {
        predictors[k] = predictor(model, k, rows);
        best[k] = HUGE_VAL;
    }
    for (size_t round = 0; round < rounds; round++) {
        double seconds[PRECISIONS];
        for (size_t k = 0; k < PRECISIONS; k++) {
            double began = bench_cpu_now();
            for (size_t i = 0; i < runs; i++)
                bench_check(dlcore_predictor_run(predictors[k], pool + i * rows * INPUTS, rows, y),
                            "predictor_run");
            seconds[k] = (bench_cpu_now() - began) / (double)runs;
            best[k] = fmin(best[k], seconds[k]);
            ratios[k][round] = seconds[k] / seconds[0];
        }
    }
    printf("%4zu row%s", rows, rows == 1 ? " " : "s");
    for (size_t k = 0; k < PRECISIONS; k++) {
        printf("  %s %7.2f us", names[k], best[k] * 1e6);
        if (k > 0)
            printf(" (%.2f)", bench_median(ratios[k], rounds));
        dlcore_predictor_free(predictors[k]);
    }
    printf("\n");
}

static void time_predictors(bool quick)
{
    static const size_t rows[] = {1, 4, 16, 128};
    float *pool = bench_allocate((size_t)POOL * INPUTS, sizeof *pool);
    dlcore_model_t *model = empty_model(1, false);

    add_dense(model, 512, DLCORE_ACTIVATION_RELU);
    add_dense(model, 10, DLCORE_ACTIVATION_SOFTMAX);
    bench_check(dlcore_model_build(model, INPUTS), dlcore_model_error(model));
    bench_fill(pool, (size_t)POOL * INPUTS, 0.5f, 1);
    for (size_t i = 0; i < (size_t)POOL * INPUTS; i++)
        pool[i] += pool[i] < 0 ? -0.5f : 0.5f;
    printf("784-512-10, dense rows: best time of a run (median ratio to float32's)\n");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        time_rows(model, pool, rows[i], quick ? 1 : ROUNDS);
    dlcore_model_free(model);
    bench_release(pool);
}

/* ---- accuracy ---- */

typedef struct figures {
    double score[WAYS][SEEDS_MAX];      /* accuracy in percent; or the mean squared error */
    double same[PRECISIONS][SEEDS_MAX]; /* percent of the rows with the class of float32 */
    double difference[PRECISIONS];      /* the largest of all seeds */
} figures_t;

static void note_report(const dlcore_model_t *model, const dlcore_tensor_t *x, size_t seed,
                        figures_t *figures)
{
    for (size_t k = 0; k < PRECISIONS; k++) {
        dlcore_predictor_t *made = predictor(model, k, 100);
        dlcore_predictor_report_t report;

        bench_check(dlcore_predictor_report(made, x, &report, &error), error.message);
        figures->same[k][seed] = 100.0 * (double)report.same_class_rows / (double)report.rows;
        figures->difference[k] = fmax(figures->difference[k], report.difference);
        dlcore_predictor_free(made);
    }
}

static void print_figures(const char *what, figures_t *figures, size_t seeds, bool classes)
{
    printf("%s\n", what);
    for (size_t k = 0; k < WAYS; k++) {
        double mean = 0.0, square = 0.0, same = 0.0, least = 100.0;

        for (size_t i = 0; i < seeds; i++) {
            mean += figures->score[k][i] / (double)seeds;
            same += k < PRECISIONS ? figures->same[k][i] / (double)seeds : 0.0;
            least = k < PRECISIONS ? fmin(least, figures->same[k][i]) : 0.0;
        }
        for (size_t i = 0; i < seeds; i++)
            square += (figures->score[k][i] - mean) * (figures->score[k][i] - mean);
        printf("    %-19s  mean %.*f  spread %.*f", names[k], classes ? 3 : 6, mean,
               classes ? 3 : 6, sqrt(square / (double)(seeds > 1 ? seeds - 1 : 1)));
        if (classes && k < PRECISIONS)
            printf("  same class %.3f %% (least %.3f)", same, least);
        if (k < PRECISIONS)
            printf("  largest difference %.2g", figures->difference[k]);
        printf("\n");
    }
}

static void predict(const dlcore_model_t *model, size_t k, const float *x, size_t rows, float *y)
{
    dlcore_predictor_t *made = predictor(model, k, rows);

    bench_check(dlcore_predictor_run(made, x, rows, y), "predictor_run");
    dlcore_predictor_free(made);
}

/* ---- digits ---- */

static double accuracy(const dlcore_model_t *model, size_t k, const bench_mnist_t *test)
{
    size_t rows = dlcore_tensor_length(test->images, 0), right = 0;
    const uint8_t *pixels = dlcore_tensor_data_const(test->images);
    const float *one_hot = dlcore_tensor_data_const(test->one_hot);
    dlcore_predictor_t *made = predictor(model, k, 1);

    for (size_t r = 0; r < rows; r++) {
        size_t best = 0;
        float y[10];

        bench_check(dlcore_predictor_run_uint8(made, pixels + r * INPUTS, 1, y), "predictor_run");
        for (size_t c = 1; c < 10; c++)
            best = y[c] > y[best] ? c : best;
        right += one_hot[r * 10 + best] == 1.0f;
    }
    dlcore_predictor_free(made);
    return 100.0 * (double)right / (double)rows;
}

static dlcore_model_t *digits_model(uint64_t seed, bool normalized, bool trains_low)
{
    dlcore_model_t *model = empty_model(seed, trains_low);

    dlcore_model_add(model, dlcore_layer_rescaling(1 / 255.0, 0));
    if (normalized) {
        add_dense(model, 256, DLCORE_ACTIVATION_LINEAR);
        dlcore_model_add(model, dlcore_layer_batch_normalization());
        dlcore_model_add(model, dlcore_layer_activation(DLCORE_ACTIVATION_RELU));
    } else {
        add_dense(model, 512, DLCORE_ACTIVATION_RELU);
    }
    add_dense(model, 10, DLCORE_ACTIVATION_SOFTMAX);
    return model;
}

static dlcore_model_t *trained_digits(const bench_mnist_t *training, uint64_t seed, bool normalized,
                                      bool trains_low)
{
    dlcore_model_t *model = digits_model(seed, normalized, trains_low);
    dlcore_optimizer_t rmsprop = dlcore_optimizer_rmsprop();
    dlcore_fit_options_t how = dlcore_fit_options_default();

    how.epochs = 5;
    how.batch_size = 128;
    bench_check(dlcore_model_compile(model, &rmsprop, DLCORE_LOSS_CATEGORICAL_CROSSENTROPY,
                                     DLCORE_METRIC_NONE),
                dlcore_model_error(model));
    bench_check(dlcore_model_fit(model, training->images, training->one_hot, &how, NULL),
                dlcore_model_error(model));
    return model;
}

static void check_digits(const bench_mnist_t *training, const bench_mnist_t *test, size_t seeds,
                         bool normalized)
{
    figures_t *figures = bench_allocate(1, sizeof *figures);

    for (size_t seed = 0; seed < seeds; seed++) {
        dlcore_model_t *model = trained_digits(training, seed + 1, normalized, false);

        for (size_t k = 0; k < PRECISIONS; k++)
            figures->score[k][seed] = accuracy(model, k, test);
        note_report(model, test->images, seed, figures);
        dlcore_model_free(model);
        model = trained_digits(training, seed + 1, normalized, true);
        figures->score[TRAINED_LOW][seed] = accuracy(model, 0, test);
        dlcore_model_free(model);
    }
    print_figures(normalized ? "784-256-10 with batch normalization, 5 epochs: test accuracy, %"
                             : "784-512-10, 5 epochs: test accuracy, %",
                  figures, seeds, true);
    bench_release(figures);
}

/* ---- numbers ---- */

/* Samples of a smooth function of 20 numbers. */
static void make_samples(float *x, float *y, size_t count, uint64_t seed)
{
    bench_fill(x, count * CASES, 1.0f, seed);
    for (size_t r = 0; r < count; r++) {
        const float *of = x + r * CASES;

        y[r] = sinf(2.0f * of[0]) + of[1] * of[2] + 0.5f * fabsf(of[3]) - of[4];
    }
}

static dlcore_tensor_t *borrow(float *values, size_t rows, size_t columns)
{
    dlcore_tensor_t *tensor = NULL;

    bench_check(dlcore_tensor_borrow(NULL, DLCORE_DTYPE_FLOAT32, 2, (size_t[]){rows, columns},
                                     values, 0, &tensor, &error),
                error.message);
    return tensor;
}

static dlcore_model_t *trained_numbers(const dlcore_tensor_t *known, const dlcore_tensor_t *targets,
                                       uint64_t seed, bool trains_low)
{
    dlcore_model_t *model = empty_model(seed, trains_low);
    dlcore_optimizer_t adam = dlcore_optimizer_adam();
    dlcore_fit_options_t how = dlcore_fit_options_default();

    how.epochs = 20;
    add_dense(model, 64, DLCORE_ACTIVATION_TANH);
    add_dense(model, 64, DLCORE_ACTIVATION_RELU);
    add_dense(model, 1, DLCORE_ACTIVATION_LINEAR);
    bench_check(
        dlcore_model_compile(model, &adam, DLCORE_LOSS_MEAN_SQUARED_ERROR, DLCORE_METRIC_NONE),
        dlcore_model_error(model));
    bench_check(dlcore_model_fit(model, known, targets, &how, NULL), dlcore_model_error(model));
    return model;
}

/* The mean squared error of precision k. */
static double squared_error(const dlcore_model_t *model, size_t k, const float *x, const float *y)
{
    static float answers[NEW];
    double sum = 0.0;

    predict(model, k, x, NEW, answers);
    for (size_t r = 0; r < NEW; r++)
        sum += pow((double)answers[r] - (double)y[r], 2.0) / (double)NEW;
    return sum;
}

static void check_numbers(size_t seeds)
{
    static float x[KNOWN * CASES], y[KNOWN], new_x[NEW * CASES], new_y[NEW];
    figures_t *figures = bench_allocate(1, sizeof *figures);
    dlcore_tensor_t *known, *targets, *asked;

    make_samples(x, y, KNOWN, 1);
    make_samples(new_x, new_y, NEW, 2);
    known = borrow(x, KNOWN, CASES);
    targets = borrow(y, KNOWN, 1);
    asked = borrow(new_x, NEW, CASES);
    for (size_t seed = 0; seed < seeds; seed++) {
        dlcore_model_t *model = trained_numbers(known, targets, seed + 1, false);

        for (size_t k = 0; k < PRECISIONS; k++)
            figures->score[k][seed] = squared_error(model, k, new_x, new_y);
        note_report(model, asked, seed, figures);
        dlcore_model_free(model);
        model = trained_numbers(known, targets, seed + 1, true);
        figures->score[TRAINED_LOW][seed] = squared_error(model, 0, new_x, new_y);
        dlcore_model_free(model);
    }
    print_figures("regression 20-64-64-1: mean squared error", figures, seeds, false);
    dlcore_tensor_free(known);
    dlcore_tensor_free(targets);
    dlcore_tensor_free(asked);
    bench_release(figures);
}

/* ---- the program ---- */

int main(int argc, char **argv)
{
    const char *data = NULL;
    bench_mnist_t training, test;
    bool quick = false;
    size_t seeds = 10;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--data") == 0 && i + 1 < argc)
            data = argv[++i];
        else if (strcmp(argv[i], "--seeds") == 0 && i + 1 < argc)
            seeds = strtoul(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--quick") == 0)
            quick = true;
        else
            bench_fail("usage: dlcore_bench_precision [--data DIR] [--seeds N] [--quick]");
    }
    if (seeds == 0 || seeds > SEEDS_MAX)
        bench_fail("--seeds is 1 to 100");
    seeds = quick ? 1 : seeds;
    time_predictors(quick);
    if (bench_mnist_load(data, &training)) {
        bench_mnist_load_test(data, &test);
        check_digits(&training, &test, seeds, false);
        check_digits(&training, &test, seeds, true);
        bench_mnist_free(&training);
        bench_mnist_free(&test);
    }
    check_numbers(seeds);
    return 0;
}
