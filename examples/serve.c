/* A host application that answers requests from a model file: several threads, each with a
 * predictor of its own over one model, and how fast that is.
 *
 *     serve                                 trains a small model, saves it, and serves that
 *     serve FILE [THREADS [SECONDS]]        a model file, such as mnist --save FILE writes; "-" is
 *                                           the small one; 4 threads and 1 second for each line
 *
 * Every request is one sample. The threads share nothing but the model, which nobody writes. The
 * clock runs when all of them have their predictors.
 *
 * SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L

#include <dlcore.h>

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define THREADS_MAX 64
#define INPUTS 16

#define LATENCIES ((size_t)1 << 18) /* kept by each thread: the last ones */

typedef enum phase { PREPARE, SERVE, STOP } phase_t;

/* What the threads of a run have in common. */
typedef struct run {
    const model_t *network;
    atomic_int phase;    /* a phase_t */
    atomic_size_t ready; /* threads that have their predictor */
} run_t;

typedef struct server {
    run_t *run;
    size_t requests;
    float *latencies; /* of requests, in microseconds */
    float checksum;   /* of the answers, so that they are used for something */
    bool failed;
} server_t;

static void fail(const char *message)
{
    fprintf(stderr, "serve: %s\n", message);
    exit(EXIT_FAILURE);
}

static double microseconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec * 1e-3;
}

/* ---- a model, when none is given ---- */

/* Tells whether the first half of a sample is larger than the second. */
static void train(model_t *network)
{
    const size_t shape[2] = {256, INPUTS}, labels_shape[1] = {256};
    optimizer_t rmsprop = optimizer_rmsprop();
    fit_options_t how = fit_options_default();
    tensor_t *x = NULL, *y = NULL;
    unsigned random = 1;
    size_t i, j;

    if (tensor_create(NULL, DTYPE_FLOAT32, 2, shape, &x, NULL) != DLCORE_OK ||
        tensor_create(NULL, DTYPE_INT32, 1, labels_shape, &y, NULL) != DLCORE_OK)
        fail("out of memory");
    for (i = 0; i < 256; i++) {
        float *sample = (float *)tensor_data(x) + i * INPUTS, sum = 0;

        for (j = 0; j < INPUTS; j++) {
            random = random * 1664525u + 1013904223u;
            sample[j] = (float)(random >> 8) / (float)(1 << 24);
            sum += j < INPUTS / 2 ? sample[j] : -sample[j];
        }
        ((int *)tensor_data(y))[i] = sum > 0;
    }
    model_add(network, layer_dense(64, ACTIVATION_RELU));
    model_add(network, layer_dense(2, ACTIVATION_SOFTMAX));
    how.epochs = 10;
    if (model_compile(network, &rmsprop, LOSS_SPARSE_CATEGORICAL_CROSSENTROPY, METRIC_ACCURACY) !=
            DLCORE_OK ||
        model_fit(network, x, y, &how, NULL) != DLCORE_OK)
        fail(model_error(network));
    tensor_free(y);
    tensor_free(x);
}

/* Trains a model and saves it to a new file, whose name goes into `path`. */
static void make_model(char *path)
{
    save_options_t how = save_options_default();
    model_t *network = NULL;
    error_record_t error;
    int file = mkstemp(path);

    if (file < 0)
        fail(strerror(errno));
    close(file);
    if (model_create(NULL, &network) != DLCORE_OK)
        fail("out of memory");
    train(network);
    how.training_state = false; /* for predicting alone */
    how.error = &error;
    if (model_save(network, path, &how) != DLCORE_OK)
        fail(error.message);
    model_free(network);
}

static model_t *load(const char *path)
{
    load_options_t how = load_options_default();
    load_report_t report;
    error_record_t error;
    model_t *network = NULL;
    double begin = microseconds();

    how.self_test = true; /* the file says what the model should answer here */
    how.report = &report;
    how.error = &error;
    if (model_load(path, &how, &network) != DLCORE_OK)
        fail(error.message);
    printf("%s: %zu inputs, %zu outputs, %zu parameters, loaded in %.2f ms\n", path,
           model_input_width(network), model_output_width(network), model_parameter_count(network),
           (microseconds() - begin) / 1000);
    if (report.checksum == CHECKSUM_DIFFERS)
        printf("its tensors were changed after it was saved\n");
    if (report.self_tested)
        printf("self-test: answers are within %.1e of those it was saved with\n",
               report.self_test_difference);
    return network;
}

/* ---- serving ---- */

static void rest(double seconds)
{
    struct timespec time = {.tv_sec = (time_t)seconds};

    time.tv_nsec = (long)((seconds - (double)time.tv_sec) * 1e9);
    nanosleep(&time, NULL);
}

/* Answers requests until the run ends, and one in any case: on a busy machine a short run is over
 * before the thread has had its turn. */
static void answer(server_t *server, predictor_t *predictor, float *x, float *y)
{
    const size_t inputs = model_input_width(server->run->network);
    const size_t outputs = model_output_width(server->run->network);
    size_t i;

    for (i = 0; i == 0 || (atomic_load(&server->run->phase) == SERVE && !server->failed); i++) {
        double begin = microseconds();

        x[i % inputs] = (float)(i % 7) / 7.0f; /* where a request would be read */
        server->failed = predictor_run(predictor, x, 1, y) != DLCORE_OK;
        server->latencies[i % LATENCIES] = (float)(microseconds() - begin);
        server->checksum += y[i % outputs];
    }
    server->requests = i;
}

static void *serve(void *argument)
{
    server_t *server = argument;
    const model_t *network = server->run->network;
    predictor_t *predictor = NULL;
    float *x = calloc(model_input_width(network), sizeof *x);
    float *y = calloc(model_output_width(network), sizeof *y);

    server->failed =
        x == NULL || y == NULL || predictor_create(network, NULL, &predictor) != DLCORE_OK;
    atomic_fetch_add(&server->run->ready, 1);
    while (atomic_load(&server->run->phase) == PREPARE)
        rest(1e-4);
    if (!server->failed)
        answer(server, predictor, x, y);
    predictor_free(predictor);
    free(y);
    free(x);
    return NULL;
}

static int compare(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;

    return (x > y) - (x < y);
}

static void print(server_t *servers, size_t threads, float *latencies, double seconds)
{
    static const double shares[] = {0.5, 0.9, 0.99, 0.999};
    size_t requests = 0, kept = 0, i;

    for (i = 0; i < threads; i++) {
        size_t count = servers[i].requests < LATENCIES ? servers[i].requests : LATENCIES;

        memmove(latencies + kept, servers[i].latencies, count * sizeof *latencies);
        kept += count;
        requests += servers[i].requests;
    }
    qsort(latencies, kept, sizeof *latencies, compare);
    printf("%3zu thread%s %10.0f requests/s   latency", threads,
           threads == 1 ? ": " : "s:", (double)requests / seconds);
    for (i = 0; i < sizeof shares / sizeof shares[0]; i++)
        printf("   %g %%: %.1f us", 100 * shares[i],
               (double)latencies[(size_t)((double)(kept - 1) * shares[i])]);
    printf("\n");
}

/* `threads` servers at once for that long, and what they did. */
static void serve_for(const model_t *network, size_t threads, double seconds)
{
    run_t run = {.network = network};
    pthread_t handles[THREADS_MAX];
    server_t servers[THREADS_MAX];
    float *latencies = calloc(threads * LATENCIES, sizeof *latencies);
    double begin, end;
    size_t i;

    if (latencies == NULL)
        fail("out of memory");
    for (i = 0; i < threads; i++) {
        servers[i] = (server_t){.run = &run, .latencies = latencies + i * LATENCIES};
        if (pthread_create(&handles[i], NULL, serve, &servers[i]) != 0)
            fail("no thread can be made");
    }
    while (atomic_load(&run.ready) < threads)
        rest(1e-4);
    begin = microseconds();
    atomic_store(&run.phase, SERVE);
    rest(seconds);
    atomic_store(&run.phase, STOP);
    end = microseconds();
    for (i = 0; i < threads; i++) {
        pthread_join(handles[i], NULL);
        if (servers[i].failed)
            fail("a predictor failed");
    }
    print(servers, threads, latencies, (end - begin) / 1e6);
    free(latencies);
}

static double number(const char *text, double least, double most)
{
    char *end;
    double value = strtod(text, &end);

    if (end == text || *end != '\0' || !(value >= least && value <= most))
        fail("usage: serve [FILE|- [THREADS [SECONDS]]]");
    return value;
}

int main(int argc, char **argv)
{
    char path[] = "/tmp/dlcore-serve-XXXXXX";
    bool own = argc < 2 || strcmp(argv[1], "-") == 0;
    size_t most = argc > 2 ? (size_t)number(argv[2], 1, THREADS_MAX) : 4;
    double seconds = argc > 3 ? number(argv[3], 0.001, 3600) : 1;
    model_t *network;
    size_t threads;

    if (own)
        make_model(path);
    network = load(own ? path : argv[1]);
    if (own)
        remove(path);
    for (threads = 1; threads < most; threads *= 2)
        serve_for(network, threads, seconds);
    serve_for(network, most, seconds);
    model_free(network);
    return EXIT_SUCCESS;
}
