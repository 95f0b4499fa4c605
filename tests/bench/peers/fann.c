/* FANN, from the distribution's package, on the cases of dlcore_bench.
 *
 * FANN has neither RMSprop nor softmax nor relu: what stands beside a case of RMSprop are rules
 * that keep no running mean; the case of SGD at batch 1 is the one in which both do the same. It
 * trains sample by sample (incremental), which stands for batch 1, or with the sum over a batch:
 * plainly (batch), or with RPROP, which keeps as much state as RMSprop and more. Hidden units are
 * its piecewise linear ones for networks that have relu, else its stepwise tanh; outputs its
 * stepwise sigmoid or linear: its fastest forms. It uses one thread. An epoch of MNIST is measured
 * on the first images alone and scaled up.
 *
 *     peer_fann [--data DIR] [--case TEXT] [--quick] [--threads N (not used)]
 *
 * SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <floatfann.h>

#include "bench/cases.h"
#include "bench/data.h"
#include "bench/support.h"
#include "bench/timing.h"

#define SETS_MAX 128       /* batches of generated data */
#define EPOCH_SAMPLES 1000 /* of MNIST that are measured */

typedef struct fann_work {
    struct fann *network;
    struct fann_train_data *sets[SETS_MAX]; /* a batch each */
    size_t set_count;
    size_t next;
    float *input; /* for prediction */
    size_t rows;
    size_t inputs;
} fann_work_t;

static struct fann *make_network(const bench_case_t *which, enum fann_train_enum algorithm)
{
    unsigned widths[BENCH_LAYERS_MAX + 1];
    const size_t layers = bench_case_layers(which);
    struct fann *network;
    size_t l;

    for (l = 0; l <= layers; l++)
        widths[l] = (unsigned)which->widths[l];
    network = fann_create_standard_array((unsigned)layers + 1, widths);
    if (network == NULL)
        bench_fail("FANN has no memory");
    fann_set_activation_function_hidden(network, which->head == BENCH_YES_OR_NO
                                                     ? FANN_SIGMOID_SYMMETRIC_STEPWISE
                                                     : FANN_LINEAR_PIECE);
    fann_set_activation_function_output(
        network, which->head == BENCH_NUMBERS ? FANN_LINEAR : FANN_SIGMOID_STEPWISE);
    fann_set_training_algorithm(network, algorithm);
    fann_set_train_error_function(network, FANN_ERRORFUNC_LINEAR);
    fann_set_learning_rate(network, 0.001f);
    return network;
}

static void train(void *state, size_t count)
{
    fann_work_t *work = state;

    for (; count > 0; count--) {
        fann_train_epoch(work->network, work->sets[work->next]);
        work->next = work->next + 1 < work->set_count ? work->next + 1 : 0;
    }
}

static void predict(void *state, size_t count)
{
    fann_work_t *work = state;
    size_t row;

    for (; count > 0; count--)
        for (row = 0; row < work->rows; row++)
            fann_run(work->network, work->input + row * work->inputs);
}

static struct fann_train_data *make_set(size_t rows, size_t inputs, size_t outputs)
{
    struct fann_train_data *set =
        fann_create_train((unsigned)rows, (unsigned)inputs, (unsigned)outputs);

    if (set == NULL)
        bench_fail("FANN has no memory");
    return set;
}

static struct fann_train_data *generate_set(const bench_case_t *which, size_t rows, uint64_t seed)
{
    const size_t inputs = which->widths[0];
    const size_t outputs = which->widths[bench_case_layers(which)];
    struct fann_train_data *set = make_set(rows, inputs, outputs);
    size_t row;
    size_t i;

    for (row = 0; row < rows; row++) {
        bench_fill(set->input[row], inputs, 1.0f, 3 * seed + row);
        bench_fill(set->output[row], outputs, 1.0f, 5 * seed + row);
        for (i = 0; i < outputs && which->head != BENCH_NUMBERS; i++)
            set->output[row][i] = set->output[row][i] > 0 ? 1.0f : 0.0f;
    }
    return set;
}

static struct fann_train_data *mnist_set(const bench_mnist_t *mnist, size_t rows)
{
    const size_t pixels = dlcore_tensor_row_size(mnist->images);
    const size_t classes = dlcore_tensor_row_size(mnist->one_hot);
    const uint8_t *images = dlcore_tensor_data_const(mnist->images);
    const float *labels = dlcore_tensor_data_const(mnist->one_hot);
    struct fann_train_data *set = make_set(rows, pixels, classes);
    size_t row;
    size_t i;

    for (row = 0; row < rows; row++) {
        for (i = 0; i < pixels; i++)
            set->input[row][i] = (float)images[row * pixels + i] / 255.0f;
        memcpy(set->output[row], labels + row * classes, classes * sizeof *labels);
    }
    return set;
}

/* Seconds of one training set, or of one prediction. */
static double time_work(fann_work_t *work, bool quick, void (*run)(void *, size_t))
{
    const bench_plan_t plan =
        quick ? (bench_plan_t){0.01, 0, 1, 1} : (bench_plan_t){0.1, 8.0, 3, 5};
    bench_contender_t contender = {.run = run, .state = work};

    bench_race(&plan, &contender, 1);
    return contender.median;
}

static void report(const bench_case_t *which, const char *variant, double seconds)
{
    printf("{\"case\": \"%s\", \"peer\": \"FANN\", \"version\": \"%s\", \"threads\": 1, "
           "\"seconds\": %.6g, \"variant\": \"%s\"}\n",
           which->name, DLCORE_FANN_VERSION, seconds, variant);
    fflush(stdout);
}

static void measure_training(const bench_case_t *which, const bench_mnist_t *mnist, bool quick,
                             enum fann_train_enum algorithm, const char *variant)
{
    const size_t samples = quick ? EPOCH_SAMPLES / 10 : EPOCH_SAMPLES;
    fann_work_t work = {.network = make_network(which, algorithm)};
    double scale = 1;
    size_t i;

    if (which->work == BENCH_EPOCH) {
        work.set_count = 1;
        work.sets[0] = mnist_set(mnist, samples);
        scale = (double)dlcore_tensor_length(mnist->images, 0) / (double)samples;
    } else if (algorithm == FANN_TRAIN_INCREMENTAL) {
        work.set_count = 1;
        work.sets[0] = generate_set(which, which->batches, 1);
        scale = 1 / (double)which->batches;
    } else {
        work.set_count = which->batches < SETS_MAX ? which->batches : SETS_MAX;
        for (i = 0; i < work.set_count; i++)
            work.sets[i] = generate_set(which, which->batch, i);
    }
    report(which, variant, scale * time_work(&work, quick, train));
    for (i = 0; i < work.set_count; i++)
        fann_destroy_train(work.sets[i]);
    fann_destroy(work.network);
}

static void measure_prediction(const bench_case_t *which, bool quick)
{
    fann_work_t work = {.network = make_network(which, FANN_TRAIN_INCREMENTAL),
                        .rows = which->batch,
                        .inputs = which->widths[0]};

    work.input = bench_allocate(work.rows * work.inputs, sizeof(float));
    bench_fill(work.input, work.rows * work.inputs, 1.0f, 1);
    report(which, "run", time_work(&work, quick, predict));
    bench_release(work.input);
    fann_destroy(work.network);
}

static void measure(const bench_case_t *which, const bench_mnist_t *mnist, bool quick)
{
    if (which->work == BENCH_PREDICTOR || which->work == BENCH_PREDICT) {
        measure_prediction(which, quick);
        return;
    }
    if (which->batch == 1 || which->work == BENCH_EPOCH)
        measure_training(which, mnist, quick, FANN_TRAIN_INCREMENTAL, "incremental");
    if (which->work == BENCH_TRAIN) {
        measure_training(which, mnist, quick, FANN_TRAIN_BATCH, "batch");
        if (which->optimizer != DLCORE_OPTIMIZER_SGD)
            measure_training(which, mnist, quick, FANN_TRAIN_RPROP, "rprop");
    }
}

typedef struct arguments {
    const char *data;
    const char *text; /* of the cases' names */
    bool quick;
} arguments_t;

static arguments_t parse_arguments(int argc, char **argv)
{
    arguments_t arguments = {getenv("DLCORE_MNIST_DIR"), "", false};
    const char *ignored;
    const struct {
        const char *name;
        const char **value;
    } options[] = {
        {"--data", &arguments.data}, {"--case", &arguments.text}, {"--threads", &ignored}};
    int i;

    for (i = 1; i < argc; i++) {
        size_t o = 0;

        if (strcmp(argv[i], "--quick") == 0) {
            arguments.quick = true;
            continue;
        }
        while (o < 3 && strcmp(argv[i], options[o].name) != 0)
            o++;
        if (o == 3 || i + 1 == argc)
            bench_fail("usage: peer_fann [--data DIR] [--case TEXT] [--quick]");
        *options[o].value = argv[++i];
    }
    return arguments;
}

int main(int argc, char **argv)
{
    const arguments_t arguments = parse_arguments(argc, argv);
    bench_mnist_t mnist;
    const bool has_mnist = bench_mnist_load(arguments.data, &mnist);
    size_t c;

    for (c = 0; c < bench_case_count; c++)
        if (bench_case_has_peers(&bench_cases[c]) &&
            strstr(bench_cases[c].name, arguments.text) != NULL &&
            (has_mnist || bench_cases[c].work != BENCH_EPOCH))
            measure(&bench_cases[c], &mnist, arguments.quick);
    bench_mnist_free(&mnist);
    return 0;
}
