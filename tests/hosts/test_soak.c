/* Mixed work over threads for as long as DLCORE_SOAK_SECONDS says (1): models are loaded, trained
 * under callbacks, saved, judged, cloned, asked by predictors of each precision, tables are read.
 * From the first rounds to the last, memory, threads and descriptors stay what they are; what a
 * thread had allocated is given back; and predictors allocate nothing.
 *
 * SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include <dlcore.h>

#include "support/any_network.h"
#include "support/folder.h"
#include "support/models.h"
#include "support/sanitizers.h"

enum { THREADS = 4, NETWORKS = 24, ROWS = 40, NUMBERS = ROWS * 100, WORK = 6, WARM = 3 };

/* A network as bytes, compiled, with samples of its own. */
typedef struct network {
    void *bytes;
    size_t size, inputs, units;
    float x[NUMBERS], y[NUMBERS];
} network_t;

static network_t networks[NETWORKS];

/* An allocator of one thread's models, whose own threads may use it, too. */
typedef struct counted {
    pthread_mutex_t lock;
    size_t live, calls;
} counted_t;

static void count(counted_t *counted, size_t allocated, size_t released)
{
    pthread_mutex_lock(&counted->lock);
    counted->calls += allocated;
    counted->live += allocated - released;
    pthread_mutex_unlock(&counted->lock);
}

static void *allocate(void *user, size_t size)
{
    count(user, 1, 0);
    return malloc(size);
}

static void release(void *user, void *memory)
{
    if (memory != NULL)
        count(user, 0, 1);
    free(memory);
}

typedef struct worker {
    pthread_t thread;
    counted_t counted;
    uint64_t random;
    size_t number, failed_line; /* 0: nothing failed */
    char path[256];
} worker_t;

/* Off the main thread cmocka cannot fail: the first line that failed is told afterwards. */
#define CHECK(worker, holds)                        \
    do {                                            \
        if (!(holds) && (worker)->failed_line == 0) \
            (worker)->failed_line = __LINE__;       \
    } while (0)

static size_t draw(worker_t *worker, size_t n)
{
    worker->random = worker->random * 6364136223846793005u + 1442695040888963407u;
    return (size_t)(worker->random >> 33) % n;
}

static tensor_t *rows_of(worker_t *worker, const float *data, size_t width)
{
    tensor_t *tensor = NULL;
    CHECK(worker, tensor_borrow_const(NULL, DTYPE_FLOAT32, 2, (size_t[]){ROWS, width}, data, 0,
                                      &tensor, NULL) == DLCORE_OK);
    return tensor;
}

static void train(worker_t *worker, model_t *model, const tensor_t *x, const tensor_t *y)
{
    early_stopping_t stopping = early_stopping_default();
    callback_t callbacks[1];
    fit_options_t how = fit_options_default();
    history_t *history = NULL;
    stopping.restore_best_weights = draw(worker, 2) == 0;
    callbacks[0] = early_stopping_callback(&stopping);
    how.epochs = 1 + draw(worker, 3);
    how.batch_size = 1 + draw(worker, 16);
    how.validation_split = 0.2;
    how.callbacks = callbacks;
    how.callback_count = 1;
    dlcore_status status = model_fit(model, x, y, &how, &history);
    CHECK(worker, status == DLCORE_OK || status == DLCORE_ERROR_NOT_FINITE);
    history_free(history);
}

static void ask(worker_t *worker, const model_t *model, const network_t *network)
{
    const predictor_precision_t *precisions[] = {NULL, predictor_bfloat16(), predictor_int8()};
    predictor_options_t how = predictor_options_default();
    float outputs[100];
    for (size_t i = 0; i < 3; i++) {
        predictor_t *predictor = NULL;
        how.precision = precisions[i];
        CHECK(worker, predictor_create(model, &how, &predictor) == DLCORE_OK);
        size_t calls = worker->counted.calls;
        for (size_t row = 0; row < ROWS; row++)
            CHECK(worker, predictor_run(predictor, network->x + row * network->inputs, 1,
                                        outputs) == DLCORE_OK);
        CHECK(worker, predictor_refresh(predictor) == DLCORE_OK);
        CHECK(worker, worker->counted.calls == calls);
        predictor_free(predictor);
    }
}

static void keep(worker_t *worker, const model_t *model, const load_options_t *how)
{
    model_t *again = NULL, *clone = NULL;
    save_options_t save = save_options_default();
    save.sync = false;
    CHECK(worker, model_save(model, worker->path, &save) == DLCORE_OK);
    CHECK(worker, model_load(worker->path, how, &again) == DLCORE_OK);
    CHECK(worker, model_clone(again, &clone) == DLCORE_OK);
    model_free(again);
    model_free(clone);
}

static void read_table(worker_t *worker, const allocator_t *allocator)
{
    static const char text[] = "size,kind,day\n1.5,oak,2026-01-02\n,elm,2026-02-03\n2,,\n";
    table_t *table = NULL;
    schema_t *schema = NULL;
    tensor_t *x = NULL;
    CHECK(worker, table_parse(text, sizeof text - 1, NULL, allocator, &table, NULL) == DLCORE_OK);
    CHECK(worker, schema_fit(table, NULL, NULL, &schema, NULL) == DLCORE_OK);
    CHECK(worker, schema_apply(schema, table, NULL, &x, NULL, NULL) == DLCORE_OK);
    tensor_free(x);
    schema_free(schema);
    table_free(table);
}

static void *work(void *user)
{
    worker_t *worker = user;
    for (size_t i = 0; i < WORK; i++) {
        const network_t *network = &networks[draw(worker, NETWORKS)];
        load_options_t how = load_options_default();
        evaluation_t result;
        model_t *model = NULL;
        how.model.allocator = (allocator_t){allocate, release, &worker->counted};
        how.model.threads = 1 + draw(worker, 2);
        CHECK(worker, model_load_memory(network->bytes, network->size, &how, &model) == DLCORE_OK);
        tensor_t *x = rows_of(worker, network->x, network->inputs);
        tensor_t *y = rows_of(worker, network->y, network->units);
        if (worker->failed_line == 0) {
            train(worker, model, x, y);
            CHECK(worker, model_evaluate(model, x, y, NULL, &result) == DLCORE_OK);
            ask(worker, model, network);
            keep(worker, model, &how);
            read_table(worker, &how.model.allocator);
        }
        tensor_free(x);
        tensor_free(y);
        model_free(model);
        CHECK(worker, worker->counted.live == 0);
    }
    return NULL;
}

/* ---- what the process has ---- */

static size_t entries(const char *folder)
{
    DIR *listing = opendir(folder);
    size_t found = 0;
    if (listing == NULL)
        return 0; /* no such system */
    while (readdir(listing) != NULL)
        found++;
    closedir(listing);
    return found;
}

/* Kilobytes of memory that are there, 0 where the system does not tell. */
static size_t resident(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    size_t pages = 0;
    if (file == NULL)
        return 0;
    if (fscanf(file, "%*u %zu", &pages) != 1)
        pages = 0;
    fclose(file);
    return pages * (size_t)sysconf(_SC_PAGESIZE) / 1024;
}

static void make_networks(void)
{
    for (size_t i = 0; i < NETWORKS; i++) {
        network_t *network = &networks[i];
        model_t *model = any_network(i, NULL);
        network->inputs = model_input_width(model);
        network->units = model_output_width(model);
        assert_true(network->inputs <= 100 && network->units <= 100);
        any_network_samples(model, ROWS, network->x);
        for (size_t k = 0; k < ROWS * network->units; k++)
            network->y[k] = (float)(k % 7) / 7;
        optimizer_t adam = optimizer_adam();
        assert_accepted(model, model_compile(model, &adam, LOSS_MEAN_SQUARED_ERROR, METRIC_NONE));
        assert_int_equal(model_save_memory(model, NULL, &network->bytes, &network->size),
                         DLCORE_OK);
        model_free(model);
    }
}

static void work_together(worker_t *workers)
{
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(workers[i].thread, NULL);
    for (size_t i = 0; i < THREADS; i++)
        if (workers[i].failed_line != 0)
            fail_msg("thread %zu: the check of line %zu does not hold", i, workers[i].failed_line);
}

/* A thread that was joined is there for a moment longer; under an emulator the moment is long. */
static size_t threads_left(size_t wanted)
{
    const struct timespec moment = {.tv_nsec = 10000000};
    size_t found = entries("/proc/self/task");

    for (int i = 0; i < 100 && found > wanted; i++) {
        nanosleep(&moment, NULL);
        found = entries("/proc/self/task");
    }
    return found;
}

static void test_soak_memory_threads_and_descriptors_stay_what_they_are(void **state)
{
    const char *text = getenv("DLCORE_SOAK_SECONDS");
    double seconds = text != NULL ? strtod(text, NULL) : 1;
    worker_t workers[THREADS] = {0};
    size_t rounds = 0, files = 0, threads = entries("/proc/self/task"), first = 0, now = 0;
    time_t begin = time(NULL);
    (void)state;
    make_networks();
    for (size_t i = 0; i < THREADS; i++) {
        char name[32];
        snprintf(name, sizeof name, "soak%zu.safetensors", i);
        snprintf(workers[i].path, sizeof workers[i].path, "%s", folder_path(name));
        pthread_mutex_init(&workers[i].counted.lock, NULL);
        workers[i].number = i;
        workers[i].random = i;
    }
    while (rounds < 2 * WARM || difftime(time(NULL), begin) < seconds) {
        work_together(workers);
        rounds++;
        now = resident();
        if (rounds <= WARM) {
            files = entries("/proc/self/fd");
            threads = threads_left(threads);
            first = now > first ? now : first;
        }
        assert_int_equal(entries("/proc/self/fd"), files);
        assert_int_equal(threads_left(threads), threads);
    }
    print_message("%zu rounds of %d threads in %.0f s; %zu KB, after the first %d %zu KB\n", rounds,
                  THREADS, difftime(time(NULL), begin), now, WARM, first);
    /* Arenas of malloc for as many threads are not all made in the first rounds. */
    if (!(ADDRESS_SANITIZER || THREAD_SANITIZER))
        assert_true(now <= first + 8192);
    for (size_t i = 0; i < THREADS; i++)
        pthread_mutex_destroy(&workers[i].counted.lock);
    for (size_t i = 0; i < NETWORKS; i++)
        free(networks[i].bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_soak_memory_threads_and_descriptors_stay_what_they_are),
    };

    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
