/* Training from a file that is larger than the memory there is.
 *
 *     larger_than_memory [FILE [MEGABYTES]]
 *     (ulimit -v 200000; larger_than_memory data.bin 400)     with 200 MB of memory for 400 of data
 *
 * Shows a dataset: two functions that yield a file's records batch by batch, read ahead on a thread
 * while the network trains, and begun anywhere, so that a run could resume. The file is made here,
 * of measurements of sensors and the mean of two of them, which the network learns; it
 * is removed at the end. Without arguments it is small; tests/test_larger_than_memory.sh runs it
 * with less memory than file.
 *
 * SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L

#include <dlcore.h>

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { SENSORS = 24, BATCH = 2048 };

/* A record of the file. */
typedef struct record {
    float sensors[SENSORS];
    float mean; /* of the first and the last */
} record_t;

/* The open file, and the batch that was read last. */
typedef struct stream {
    FILE *file;
    record_t records[BATCH];
    float x[BATCH * SENSORS], y[BATCH];
    tensor_t *x_tensor, *y_tensor; /* over x and y */
} stream_t;

static model_t *network;
static error_record_t error; /* of all calls that do not change the model */

static void check(dlcore_status status)
{
    if (status == DLCORE_OK)
        return;
    fprintf(stderr, "larger_than_memory: %s: %s\n", dlcore_status_name(status),
            error.status == status ? error.message : model_error(network));
    exit(EXIT_FAILURE);
}

/* ---- the file ---- */

static float next_number(uint64_t *state)
{
    *state = *state * 6364136223846793005U + 1442695040888963407U;
    return (float)(*state >> 40) / 8388608.0F - 1.0F;
}

static void make_file(const char *path, size_t megabytes)
{
    static record_t records[BATCH];
    FILE *file = fopen(path, "wb");
    size_t batches = (megabytes << 20) / sizeof records;
    uint64_t state = 3;
    int good = file != NULL;

    for (size_t batch = 0; good && batch < batches; batch++) {
        for (size_t i = 0; i < BATCH; i++) {
            for (size_t s = 0; s < SENSORS; s++)
                records[i].sensors[s] = next_number(&state);
            records[i].mean = (records[i].sensors[0] + records[i].sensors[SENSORS - 1]) / 2;
        }
        good = fwrite(records, sizeof records, 1, file) == 1;
    }
    if (file == NULL || fclose(file) != 0 || !good) {
        fprintf(stderr, "larger_than_memory: %s: %s\n", path, strerror(errno));
        exit(EXIT_FAILURE);
    }
}

/* ---- the dataset ---- */

/* The next batch is number `batch`: that many are skipped. */
static dlcore_status begin(void *user, size_t pass, size_t batch, error_record_t *problem)
{
    stream_t *stream = user;

    (void)pass; /* every pass is alike */
    if (fseek(stream->file, (long)(batch * sizeof stream->records), SEEK_SET) == 0)
        return DLCORE_OK;
    snprintf(problem->message, sizeof problem->message, "cannot seek: %s", strerror(errno));
    return DLCORE_ERROR_IO;
}

static dlcore_status next(void *user, dataset_batch_t *batch, error_record_t *problem)
{
    stream_t *stream = user;

    if (fread(stream->records, sizeof stream->records, 1, stream->file) != 1) {
        if (!ferror(stream->file))
            return DLCORE_OK; /* the end of the pass */
        snprintf(problem->message, sizeof problem->message, "cannot read: %s", strerror(errno));
        return DLCORE_ERROR_IO;
    }
    for (size_t i = 0; i < BATCH; i++) {
        memcpy(stream->x + i * SENSORS, stream->records[i].sensors, SENSORS * sizeof(float));
        stream->y[i] = stream->records[i].mean;
    }
    batch->x = stream->x_tensor;
    batch->y = stream->y_tensor;
    return DLCORE_OK;
}

/* What the process may have at most, as `ulimit -v` sets it, next to the file's size. */
static void print_limit(const char *path, size_t megabytes)
{
    struct rlimit limit;

    printf("%s: %zu MB, of which %zu KB are in memory at a time\n", path, megabytes,
           (sizeof(record_t) * BATCH) >> 10);
    if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        printf("memory: no limit; try (ulimit -v 200000; larger_than_memory data.bin 400)\n");
    else
        printf("memory: limited to %zu MB for program, libraries and data: the file %s\n",
               (size_t)(limit.rlim_cur >> 20),
               (size_t)(limit.rlim_cur >> 20) < megabytes ? "would not fit" : "would fit");
}

static size_t size_of(const char *text)
{
    char *end;
    unsigned long megabytes = strtoul(text, &end, 10);

    if (text[0] < '0' || text[0] > '9' || *end != '\0' || megabytes < 1 || megabytes > 1000000) {
        fprintf(stderr, "usage: larger_than_memory [FILE [MEGABYTES]]\n");
        exit(EXIT_FAILURE);
    }
    return megabytes;
}

int main(int argc, char **argv)
{
    static stream_t stream;
    const char *path = argc > 1 ? argv[1] : "larger_than_memory.bin";
    size_t megabytes = argc > 2 ? size_of(argv[2]) : 16;
    const size_t shape[2] = {BATCH, SENSORS};
    dataset_t dataset = {.user = &stream, .begin = begin, .next = next, .prefetch = true};
    optimizer_t rmsprop = optimizer_rmsprop();
    fit_options_t how = fit_options_default();
    evaluate_options_t tested = evaluate_options_default();
    evaluation_t result;

    print_limit(path, megabytes);
    make_file(path, megabytes);
    stream.file = fopen(path, "rb");
    if (stream.file == NULL) {
        fprintf(stderr, "larger_than_memory: %s: %s\n", path, strerror(errno));
        return EXIT_FAILURE;
    }
    check(
        tensor_borrow_const(NULL, DTYPE_FLOAT32, 2, shape, stream.x, 0, &stream.x_tensor, &error));
    check(
        tensor_borrow_const(NULL, DTYPE_FLOAT32, 1, shape, stream.y, 0, &stream.y_tensor, &error));

    check(model_create(NULL, &network));
    check(model_add(network, layer_dense(32, ACTIVATION_RELU)));
    check(model_add(network, layer_dense(1, ACTIVATION_LINEAR)));
    check(model_compile(network, &rmsprop, LOSS_MEAN_SQUARED_ERROR, METRIC_MEAN_ABSOLUTE_ERROR));
    how.epochs = 2;
    how.verbose = 2;
    check(model_fit_dataset(network, &dataset, &how, NULL));
    tested.error = &error;
    check(model_evaluate_dataset(network, &dataset, &tested, &result));
    printf("mean absolute error %.4f\n", evaluation_value(&result, "mean_absolute_error"));

    tensor_free(stream.x_tensor);
    tensor_free(stream.y_tensor);
    fclose(stream.file);
    remove(path);
    model_free(network);
    return evaluation_value(&result, "mean_absolute_error") < 0.1 ? EXIT_SUCCESS : EXIT_FAILURE;
}
