/* dlcore_bench_files: what saving and loading costs, from the page cache, beside memcpy of as many
 * bytes in the same run; and beside what the system takes alone: for loading, memcpy into memory
 * that is new each time, for saving, write() of as many bytes to a new file, with fsync where that
 * is done, and rename.
 *
 *     build/tests/bench/dlcore_bench_files [--large] [--quick] [--folder DIR]
 *
 * --large adds a model of 1 GB, of which it also tells how much memory loading takes; it needs
 * 4 GB of memory and 1 GB in DIR (/tmp). The program starts itself as `--first FILE` to time a
 * whole process from its start to the first prediction, as `--nothing FILE` to time what of that is
 * not dlcore's, and as `--load FILE`.
 *
 * SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE

#include <fcntl.h>
#include <math.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/support.h"
#include "bench/timing.h"
#include "dlcore/data.h"
#include "dlcore/file.h"
#include "dlcore/predictor.h"
#include "dlcore/schema.h"

#define GIGABYTE ((size_t)1 << 30)

extern char **environ;

static const bench_plan_t thorough = {0.05, 2.0, 5, 15}, hasty = {0.001, 0.0, 1, 1};

static char folder[256];
static const char *program;
static bool quick;

/* One thing that is read or written. */
typedef struct work {
    char path[320];
    size_t bytes;
    const dlcore_model_t *model;
    const dlcore_tensor_t *tensor;
    dlcore_save_options_t save;
    char *from, *to; /* of memcpy */
} work_t;

static work_t work_on(const char *name)
{
    work_t work = {.save = dlcore_save_options_default()};

    snprintf(work.path, sizeof work.path, "%s/%s", folder, name);
    return work;
}

static size_t size_of(const char *path)
{
    struct stat status;

    if (stat(path, &status) != 0)
        bench_fail("a file is gone");
    return (size_t)status.st_size;
}

/* ---- what is timed ---- */

static void copy(void *state, size_t count)
{
    work_t *work = state;

    for (size_t i = 0; i < count; i++)
        memcpy(work->to, work->from, work->bytes);
}

static void copy_to_new(void *state, size_t count)
{
    work_t *work = state;

    for (size_t i = 0; i < count; i++) {
        /* malloc may give back what it had */
        char *to =
            mmap(NULL, work->bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        if (to == MAP_FAILED)
            bench_fail("no memory");
        memcpy(to, work->from, work->bytes);
        work->to[0] = to[work->bytes / 2]; /* or the compiler leaves it out */
        munmap(to, work->bytes);
    }
}

static void write_plainly(void *state, size_t count)
{
    work_t *work = state;
    char temporary[340], path[340];

    snprintf(temporary, sizeof temporary, "%s.plain.tmp", work->path);
    snprintf(path, sizeof path, "%s.plain", work->path);
    for (size_t i = 0; i < count; i++) {
        int file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC, 0666);
        ssize_t wanted = (ssize_t)work->bytes;

        if (file < 0 || write(file, work->from, work->bytes) != wanted ||
            (work->save.sync && fsync(file) != 0) || close(file) != 0 ||
            rename(temporary, path) != 0)
            bench_fail("cannot write to the folder");
    }
}

static void save_model(void *state, size_t count)
{
    work_t *work = state;

    for (size_t i = 0; i < count; i++)
        bench_check(dlcore_model_save(work->model, work->path, &work->save), "model_save");
}

static void load_model(void *state, size_t count)
{
    work_t *work = state;

    for (size_t i = 0; i < count; i++) {
        dlcore_model_t *model = NULL;

        bench_check(dlcore_model_load(work->path, NULL, &model), "model_load");
        dlcore_model_free(model);
    }
}

#define TENSOR_WORK(format)                                                                       \
    static void load_##format(void *state, size_t count)                                          \
    {                                                                                             \
        work_t *work = state;                                                                     \
        for (size_t i = 0; i < count; i++) {                                                      \
            dlcore_tensor_t *tensor = NULL;                                                       \
            bench_check(dlcore_##format##_load(work->path, NULL, &tensor, NULL), "load");         \
            dlcore_tensor_free(tensor);                                                           \
        }                                                                                         \
    }                                                                                             \
    static void save_##format(void *state, size_t count)                                          \
    {                                                                                             \
        work_t *work = state;                                                                     \
        for (size_t i = 0; i < count; i++)                                                        \
            bench_check(dlcore_##format##_save(work->path, work->tensor, NULL), #format "_save"); \
    }

TENSOR_WORK(npy)
TENSOR_WORK(idx)

static void load_csv(void *state, size_t count)
{
    work_t *work = state;
    dlcore_csv_options_t options = dlcore_csv_options_default();

    for (size_t i = 0; i < count; i++) {
        dlcore_csv_t *csv = NULL;

        bench_check(dlcore_csv_load(work->path, &options, NULL, &csv, NULL), "csv_load");
        dlcore_csv_free(csv);
    }
}

/* Reads a table of words, gaps and dates from its file, learns a schema, streams all rows. */
typedef struct stream_work {
    work_t work;
    dlcore_table_t *table;
    dlcore_schema_t *schema;
    dlcore_schema_options_t options;
} stream_work_t;

static void load_words(void *state, size_t count)
{
    stream_work_t *of = (stream_work_t *)state;
    dlcore_table_options_t options = dlcore_table_options_default();

    options.in_memory = false;
    for (size_t i = 0; i < count; i++) {
        dlcore_table_free(of->table);
        bench_check(dlcore_table_load(of->work.path, &options, NULL, &of->table, NULL),
                    "table_load");
    }
}

static void fit_words(void *state, size_t count)
{
    stream_work_t *of = (stream_work_t *)state;

    for (size_t i = 0; i < count; i++) {
        dlcore_schema_free(of->schema);
        bench_check(dlcore_schema_fit(of->table, NULL, &of->options, &of->schema, NULL),
                    "schema_fit");
    }
}

static void stream_words(void *state, size_t count)
{
    stream_work_t *of = (stream_work_t *)state;
    dlcore_table_stream_options_t options = dlcore_table_stream_options_default();

    options.batch_size = 1024;
    for (size_t i = 0; i < count; i++) {
        dlcore_table_stream_t *stream = NULL;
        dlcore_dataset_batch_t batch;
        dlcore_dataset_t dataset;

        bench_check(
            dlcore_table_stream_create(of->schema, of->table, NULL, &options, &stream, NULL),
            "table_stream_create");
        dataset = dlcore_table_stream_dataset(stream);
        bench_check(dataset.begin(dataset.user, i, 0, NULL), "begin");
        do {
            batch.x = NULL;
            bench_check(dataset.next(dataset.user, &batch, NULL), "next");
        } while (batch.x != NULL);
        dlcore_table_stream_free(stream);
    }
}

/* ---- processes ---- */

static void run_self(const char *mode, const char *path)
{
    char *arguments[] = {(char *)(size_t)program, (char *)(size_t)mode, (char *)(size_t)path, NULL};
    pid_t child;
    int status;

    if (posix_spawn(&child, program, NULL, NULL, arguments, environ) != 0 ||
        waitpid(child, &status, 0) != child || status != 0)
        bench_fail("a process of its own failed");
}

static void start_and_predict(void *state, size_t count)
{
    work_t *work = state;

    for (size_t i = 0; i < count; i++)
        run_self("--first", work->path);
}

static void only_start(void *state, size_t count)
{
    work_t *work = state;

    for (size_t i = 0; i < count; i++)
        run_self("--nothing", work->path);
}

/* Bytes that this process has had at once; Linux tells it, elsewhere 0. (getrusage would count its
 * parent's, too.) */
static double peak_memory(void)
{
    FILE *file = fopen("/proc/self/status", "r");
    double kilobytes = 0;
    char line[256];

    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "VmHWM:", 6) == 0)
            kilobytes = strtod(line + 6, NULL);
    }
    if (file != NULL)
        fclose(file);
    return 1024.0 * kilobytes;
}

/* What that process does. */
static int predict_first(const char *path)
{
    dlcore_model_t *model = NULL;
    dlcore_predictor_t *predictor = NULL;
    static float x[784];
    float y[10];

    bench_check(dlcore_model_load(path, NULL, &model), "model_load");
    bench_check(dlcore_predictor_create(model, NULL, &predictor), "predictor_create");
    bench_check(dlcore_predictor_run(predictor, x, 1, y), "predictor_run");
    dlcore_predictor_free(predictor);
    dlcore_model_free(model);
    return 0;
}

/* ---- races ---- */

/* Beside memcpy of the work's bytes, and what the system takes; the latter not for gigabytes: what
 * one contender gives back, a virtual machine's host may take, and the next waits for it. */
static void race(const char *name, work_t *work, void (*run)(void *state, size_t count))
{
    bool saves = run == save_model || run == save_npy || run == save_idx;
    bench_contender_t contenders[3] = {{.run = run, .state = work},
                                       {.run = copy, .state = work},
                                       {.run = saves ? write_plainly : copy_to_new, .state = work}};
    size_t count = work->bytes < GIGABYTE ? 3 : 2;
    char path[340];

    work->from = bench_allocate(work->bytes, 1);
    work->to = bench_allocate(work->bytes, 1);
    memset(work->from, 1, work->bytes);
    memset(work->to, 1, work->bytes);
    bench_race(quick ? &hasty : &thorough, contenders, count);
    printf("%-44s %9.1f KB %8.3f ms %6.0f MB/s %5.2f of memcpy", name, 1e-3 * (double)work->bytes,
           1e3 * contenders[0].median, 1e-6 * (double)work->bytes / contenders[0].median,
           contenders[1].median / contenders[0].median);
    if (count == 3)
        printf(" %5.2f of %s", contenders[2].median / contenders[0].median,
               saves ? "plain writing" : "memcpy to new memory");
    printf("\n");
    fflush(stdout);
    bench_release(work->from);
    bench_release(work->to);
    snprintf(path, sizeof path, "%s.plain", work->path);
    (void)unlink(path);
}

static dlcore_model_t *trained(size_t inputs, size_t hidden, size_t outputs)
{
    dlcore_optimizer_t rmsprop = dlcore_optimizer_rmsprop();
    dlcore_model_t *model = NULL;

    bench_check(dlcore_model_create(NULL, &model), "model_create");
    dlcore_model_add(model, dlcore_layer_dense(hidden, DLCORE_ACTIVATION_RELU));
    dlcore_model_add(model, dlcore_layer_dense(outputs, DLCORE_ACTIVATION_SOFTMAX));
    bench_check(dlcore_model_build(model, inputs), dlcore_model_error(model));
    bench_check(dlcore_model_compile(model, &rmsprop, DLCORE_LOSS_CATEGORICAL_CROSSENTROPY,
                                     DLCORE_METRIC_ACCURACY),
                dlcore_model_error(model));
    return model;
}

static dlcore_tensor_t *tensor_of(dlcore_dtype_t dtype, size_t rows, size_t columns)
{
    dlcore_tensor_t *tensor = NULL;

    bench_check(dlcore_tensor_create(NULL, dtype, 2, (size_t[]){rows, columns}, &tensor, NULL),
                "no memory");
    return tensor;
}

static void step_once(dlcore_model_t *model, size_t inputs, size_t outputs)
{
    dlcore_tensor_t *x = tensor_of(DLCORE_DTYPE_FLOAT32, 32, inputs);
    dlcore_tensor_t *y = tensor_of(DLCORE_DTYPE_FLOAT32, 32, outputs);

    bench_fill(dlcore_tensor_data(x), 32 * inputs, 1.0f, 1);
    for (size_t row = 0; row < 32; row++)
        ((float *)dlcore_tensor_data(y))[row * outputs] = 1.0f;
    bench_check(dlcore_model_train_on_batch(model, x, y, NULL), dlcore_model_error(model));
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
}

static void small_model(void)
{
    work_t work = work_on("784-512-10.safetensors");
    dlcore_model_t *model = trained(784, 512, 10);

    step_once(model, 784, 10);
    work.model = model;
    for (size_t state = 0; state < 2; state++) {
        char name[64];
        const char *what = state ? "with training state" : "weights and settings";

        work.save.training_state = state != 0;
        save_model(&work, 1);
        work.bytes = size_of(work.path);
        snprintf(name, sizeof name, "save 784-512-10, %s", what);
        race(name, &work, save_model);
        work.save.sync = false;
        snprintf(name, sizeof name, "the same without sync");
        race(name, &work, save_model);
        work.save.sync = true;
        snprintf(name, sizeof name, "load 784-512-10, %s", what);
        race(name, &work, load_model);
        snprintf(name, sizeof name, "start to prediction, %s", what);
        race(name, &work, start_and_predict);
    }
    race("start alone, with the BLAS it is linked with", &work, only_start);
    unlink(work.path);
    dlcore_model_free(model);
}

static void arrays(void)
{
    const size_t rows = quick ? 100 : 60000;
    dlcore_tensor_t *floats = tensor_of(DLCORE_DTYPE_FLOAT32, rows, 784);
    dlcore_tensor_t *bytes = tensor_of(DLCORE_DTYPE_UINT8, rows, 784);
    work_t npy = work_on("array.npy"), idx = work_on("array.idx");

    bench_fill(dlcore_tensor_data(floats), rows * 784, 1.0f, 1);
    memset(dlcore_tensor_data(bytes), 7, rows * 784);
    npy.tensor = floats;
    idx.tensor = bytes;
    npy.save.sync = idx.save.sync = false; /* nor do these */
    save_npy(&npy, 1);
    save_idx(&idx, 1);
    npy.bytes = size_of(npy.path);
    idx.bytes = size_of(idx.path);
    race("npy_save, float32", &npy, save_npy);
    race("npy_load, float32", &npy, load_npy);
    race("idx_save, uint8", &idx, save_idx);
    race("idx_load, uint8", &idx, load_idx);
    unlink(npy.path);
    unlink(idx.path);
    dlcore_tensor_free(floats);
    dlcore_tensor_free(bytes);
}

static void table(const char *name, const char *format)
{
    const size_t rows = quick ? 100 : 100000, columns = 20;
    work_t work = work_on("table.csv");
    FILE *file = fopen(work.path, "w");
    float values[20];

    if (file == NULL)
        bench_fail("cannot write to the folder");
    for (size_t row = 0; row < rows; row++) {
        bench_fill(values, columns, 100.0f, row);
        for (size_t column = 0; column < columns; column++) {
            fprintf(file, format, (double)values[column]);
            fputc(column + 1 < columns ? ',' : '\n', file);
        }
    }
    if (fclose(file) != 0)
        bench_fail("cannot write to the folder");
    work.bytes = size_of(work.path);
    race(name, &work, load_csv);
    unlink(work.path);
}

static void words(void)
{
    static const char *const ports[] = {"Southampton", "Cherbourg", "Queenstown", "NA"};
    const size_t rows = quick ? 100 : 1000000;
    stream_work_t of = {.work = work_on("words.csv"), .options = dlcore_schema_options_default()};
    FILE *file = fopen(of.work.path, "w");
    float values[4];

    if (file == NULL)
        bench_fail("cannot write to the folder");
    fputs("age,fare,port,when,survived\n", file);
    for (size_t row = 0; row < rows; row++) {
        bench_fill(values, 4, 1.0f, row);
        if (row % 9 != 0)
            fprintf(file, "%.0f", (double)(90 * fabsf(values[0])));
        fprintf(file, ",%.2f,%s,%d-%02d-%02d,%s\n", (double)(500 * fabsf(values[1])),
                ports[(int)(3.9f * fabsf(values[2]))], 1990 + (int)(row % 37), 1 + (int)(row % 12),
                1 + (int)(row % 28), values[3] > 0 ? "yes" : "no");
    }
    if (fclose(file) != 0)
        bench_fail("cannot write to the folder");
    of.work.bytes = size_of(of.work.path);
    of.options.target = "survived";
    race("table_load, numbers, words, gaps, dates", &of.work, load_words);
    race("schema_fit of it, with medians", &of.work, fit_words);
    race("table_stream of it", &of.work, stream_words);
    dlcore_schema_free(of.schema);
    dlcore_table_free(of.table);
    unlink(of.work.path);
}

static void large_model(void)
{
    work_t work = work_on("large.safetensors");
    dlcore_model_t *model = trained(16384, 16384, 8);

    work.model = model;
    work.save.training_state = work.save.self_test = work.save.sync = false;
    save_model(&work, 1);
    work.bytes = size_of(work.path);
    dlcore_model_free(model);
    race("load a model of 1 GB", &work, load_model);
    run_self("--load", work.path);
    unlink(work.path);
}

int main(int argc, char **argv)
{
    const char *parent = "/tmp";
    bool large = false;

    program = argv[0];
    if (argc == 3 && strcmp(argv[1], "--first") == 0)
        return predict_first(argv[2]);
    if (argc == 3 && strcmp(argv[1], "--nothing") == 0)
        return 0;
    if (argc == 3 && strcmp(argv[1], "--load") == 0) {
        work_t work = {0};

        snprintf(work.path, sizeof work.path, "%s", argv[2]);
        work.bytes = size_of(work.path);
        load_model(&work, 1);
        printf("%-44s %9.3f of the file\n", "peak memory of a process that loads it",
               peak_memory() / (double)work.bytes);
        return 0;
    }
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--quick") == 0)
            quick = true;
        else if (strcmp(argv[i], "--large") == 0)
            large = true;
        else if (strcmp(argv[i], "--folder") == 0 && i + 1 < argc)
            parent = argv[++i];
        else
            bench_fail("usage: dlcore_bench_files [--large] [--quick] [--folder DIR]");
    }
    snprintf(folder, sizeof folder, "%.200s/dlcore-bench-XXXXXX", parent);
    if (mkdtemp(folder) == NULL)
        bench_fail("cannot make a folder");
    small_model();
    arrays();
    table("csv_load, 20 columns of 6 digits", "%.6g");
    table("csv_load, 20 columns of 17 digits", "%.17g");
    words();
    if (large)
        large_model();
    rmdir(folder);
    return 0;
}
