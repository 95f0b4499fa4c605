/* A host application that answers requests from a model file: several threads, each with a
 * predictor of its own over one model, and how fast that is.
 *
 *     serve                                  trains a small model, saves it, and serves that
 *     serve FILE [THREADS [REQUESTS]]        a model file, such as mnist --save FILE writes
 *
 * Every request is one sample. The threads share nothing but the model, which nobody writes.
 *
 * SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L

#include <dlcore.h>

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define THREADS_MAX 64
#define INPUTS 16

typedef struct server {
    const model_t *network;
    size_t requests;
    double *latencies; /* of each request, in microseconds */
    float checksum;    /* of the answers, so that they are used for something */
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

static void *serve(void *argument)
{
    server_t *server = argument;
    const size_t inputs = model_input_width(server->network);
    const size_t outputs = model_output_width(server->network);
    predictor_t *predictor = NULL;
    float *x = calloc(inputs, sizeof *x);
    float *y = calloc(outputs, sizeof *y);
    size_t i;

    server->failed =
        x == NULL || y == NULL || predictor_create(server->network, NULL, &predictor) != DLCORE_OK;
    for (i = 0; i < server->requests && !server->failed; i++) {
        double begin = microseconds();

        x[i % inputs] = (float)(i % 7) / 7.0f; /* where a request would be read */
        server->failed = predictor_run(predictor, x, 1, y) != DLCORE_OK;
        server->latencies[i] = microseconds() - begin;
        server->checksum += y[i % outputs];
    }
    predictor_free(predictor);
    free(y);
    free(x);
    return NULL;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* `threads` servers at once, and what they took. */
static void run(const model_t *network, size_t threads, size_t requests)
{
    static const double shares[] = {0.5, 0.9, 0.99, 0.999};
    pthread_t handles[THREADS_MAX];
    server_t servers[THREADS_MAX];
    double *latencies = calloc(threads * requests, sizeof *latencies);
    double begin = microseconds(), seconds;
    size_t i;

    if (latencies == NULL)
        fail("out of memory");
    for (i = 0; i < threads; i++) {
        servers[i] = (server_t){network, requests, latencies + i * requests, 0, false};
        if (pthread_create(&handles[i], NULL, serve, &servers[i]) != 0)
            fail("no thread can be made");
    }
    for (i = 0; i < threads; i++) {
        pthread_join(handles[i], NULL);
        if (servers[i].failed)
            fail("a predictor failed");
    }
    seconds = (microseconds() - begin) / 1e6;
    qsort(latencies, threads * requests, sizeof *latencies, compare);
    printf("%3zu thread%s %10.0f requests/s   latency", threads,
           threads == 1 ? ": " : "s:", (double)(threads * requests) / seconds);
    for (i = 0; i < sizeof shares / sizeof shares[0]; i++)
        printf("   %g %%: %.1f us", 100 * shares[i],
               latencies[(size_t)((double)(threads * requests - 1) * shares[i])]);
    printf("\n");
    free(latencies);
}

static size_t number(const char *text, size_t most)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);

    if (text[0] < '0' || text[0] > '9' || *end != '\0' || value < 1 || value > most)
        fail("usage: serve [FILE [THREADS [REQUESTS]]]");
    return value;
}

int main(int argc, char **argv)
{
    char path[] = "/tmp/dlcore-serve-XXXXXX";
    size_t most = argc > 2 ? number(argv[2], THREADS_MAX) : 4;
    size_t requests = argc > 3 ? number(argv[3], 10000000) : 2000;
    model_t *network;
    size_t threads;

    if (argc < 2)
        make_model(path);
    network = load(argc > 1 ? argv[1] : path);
    if (argc < 2)
        remove(path);
    for (threads = 1; threads < most; threads *= 2)
        run(network, threads, requests);
    run(network, most, requests);
    model_free(network);
    return EXIT_SUCCESS;
}
