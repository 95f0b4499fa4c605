/* Multi-hot texts, sparse and dense: the time of an epoch of 10,000 words - 16 relu - 16 relu - 1
 * sigmoid, batch 512, RMSprop, the first example of texts in the textbooks.
 *
 *     build/tests/bench/dlcore_bench_texts [--texts N] [--epochs N] [--threads N] [--quick]
 *                                          [--write FOLDER]
 *
 * The texts are made by a generator that never changes: about 100 of 10,000 words each, frequent
 * words more often, and a label that some of the words tell. Sparse and dense epochs (uint8, as the
 * dense path likes it best) take turns, so that both see the same machine; the first of each is
 * shown apart. Both models must have the same weights in the end. --write leaves the lists as .npy
 * files for peers/keras_texts.py.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/support.h"
#include "bench/timing.h"
#include "dlcore.h"

enum { WORDS = 10000, LENGTH = 118, EPOCHS_MAX = 256, BATCH = 512 };

typedef struct texts {
    size_t count;
    int32_t *numbers; /* (count, LENGTH): words, in the order of the text */
    const int32_t **lists;
    size_t *lengths;
    float *labels;
    dlcore_tensor_t *sparse, *dense, *y;
} texts_t;

typedef struct arguments {
    size_t texts, epochs, threads;
    const char *folder;
} arguments_t;

static void *take(size_t count, size_t size)
{
    void *memory = calloc(count, size);

    if (memory == NULL)
        bench_fail("no memory");
    return memory;
}

/* ---- the texts ---- */

static double unit(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(*seed >> 11) * 0x1p-53;
}

/* Words by rank: a third as frequent at thrice the rank, or so. Every seventh speaks for a label,
 * every 14th for the other. */
static void write_text(texts_t *texts, size_t text, uint64_t *seed)
{
    double tells = 0.0;

    for (size_t i = 0; i < LENGTH; i++) {
        size_t word = (size_t)(WORDS * pow(unit(seed), 2.0));

        texts->numbers[text * LENGTH + i] = (int32_t)word;
        if (word % 7 == 0)
            tells += word % 14 == 0 ? 1.0 : -1.0;
    }
    texts->lists[text] = texts->numbers + text * LENGTH;
    texts->lengths[text] = LENGTH;
    texts->labels[text] = tells + 2.0 * (unit(seed) - 0.5) > 0.0 ? 1.0f : 0.0f;
}

static texts_t make_texts(size_t count)
{
    texts_t texts = {.count = count,
                     .numbers = take(count * LENGTH, sizeof *texts.numbers),
                     .lists = take(count, sizeof *texts.lists),
                     .lengths = take(count, sizeof *texts.lengths),
                     .labels = take(count, sizeof *texts.labels)};
    uint64_t seed = 20240229;
    uint8_t *bytes;

    for (size_t text = 0; text < count; text++)
        write_text(&texts, text, &seed);
    bench_check(dlcore_sparse_from_lists(NULL, count, WORDS, texts.lists, texts.lengths,
                                         &texts.sparse, NULL),
                "sparse_from_lists");
    bench_check(dlcore_tensor_create(NULL, DLCORE_DTYPE_UINT8, 2, (size_t[]){count, WORDS},
                                     &texts.dense, NULL),
                "no memory for dense texts");
    bytes = dlcore_tensor_data(texts.dense);
    for (size_t i = 0; i < count * LENGTH; i++)
        bytes[i / LENGTH * WORDS + (size_t)texts.numbers[i]] = 1;
    bench_check(dlcore_tensor_borrow(NULL, DLCORE_DTYPE_FLOAT32, 1, &count, texts.labels, 0,
                                     &texts.y, NULL),
                "labels");
    return texts;
}

static size_t entries_of(const texts_t *texts)
{
    return dlcore_sparse_of(texts->sparse)->starts[texts->count];
}

static void save(const char *folder, const char *name, dlcore_dtype_t dtype, size_t count,
                 const void *numbers)
{
    char path[1024];
    dlcore_tensor_t *tensor = NULL;

    snprintf(path, sizeof path, "%s/%s.npy", folder, name);
    bench_check(dlcore_tensor_borrow_const(NULL, dtype, 1, &count, numbers, 0, &tensor, NULL),
                name);
    bench_check(dlcore_npy_save(path, tensor, NULL), path);
    dlcore_tensor_free(tensor);
}

static void write_texts(const texts_t *texts, const char *folder)
{
    const dlcore_sparse_t *sparse = dlcore_sparse_of(texts->sparse);
    int32_t *starts = take(texts->count + 1, sizeof *starts);

    for (size_t i = 0; i <= texts->count; i++)
        starts[i] = (int32_t)sparse->starts[i];
    save(folder, "starts", DLCORE_DTYPE_INT32, texts->count + 1, starts);
    save(folder, "indices", DLCORE_DTYPE_INT32, entries_of(texts), sparse->indices);
    save(folder, "labels", DLCORE_DTYPE_FLOAT32, texts->count, texts->labels);
    free(starts);
}

static void free_texts(texts_t *texts)
{
    dlcore_tensor_free(texts->sparse);
    dlcore_tensor_free(texts->dense);
    dlcore_tensor_free(texts->y);
    free(texts->numbers);
    free((void *)texts->lists);
    free(texts->lengths);
    free(texts->labels);
}

/* ---- training ---- */

typedef struct side {
    dlcore_model_t *model;
    const dlcore_tensor_t *x;
    double seconds[EPOCHS_MAX], cpu[EPOCHS_MAX];
} side_t;

static dlcore_model_t *make_model(size_t threads)
{
    dlcore_model_options_t options = dlcore_model_options_default();
    dlcore_optimizer_t rmsprop = dlcore_optimizer_rmsprop();
    dlcore_model_t *model = NULL;

    options.threads = threads;
    bench_check(dlcore_model_create(&options, &model), "model_create");
    dlcore_model_add(model, dlcore_layer_dense(16, DLCORE_ACTIVATION_RELU));
    dlcore_model_add(model, dlcore_layer_dense(16, DLCORE_ACTIVATION_RELU));
    dlcore_model_add(model, dlcore_layer_dense(1, DLCORE_ACTIVATION_SIGMOID));
    bench_check(dlcore_model_compile(model, &rmsprop, DLCORE_LOSS_BINARY_CROSSENTROPY,
                                     DLCORE_METRIC_ACCURACY),
                "model_compile");
    return model;
}

/* One epoch; answers its accuracy. */
static double run_epoch(side_t *side, const texts_t *texts, size_t epoch)
{
    dlcore_fit_options_t options = dlcore_fit_options_default();
    dlcore_history_t *history = NULL;
    double wall = bench_now(), cpu = bench_cpu_now(), accuracy;

    options.batch_size = BATCH;
    options.initial_epoch = epoch;
    options.epochs = epoch + 1;
    bench_check(dlcore_model_fit(side->model, side->x, texts->y, &options, &history), "model_fit");
    side->seconds[epoch] = bench_now() - wall;
    side->cpu[epoch] = bench_cpu_now() - cpu;
    accuracy = dlcore_history_value(history, "accuracy", 0);
    dlcore_history_free(history);
    return accuracy;
}

static bool have_same_weights(const side_t sides[2])
{
    size_t count = dlcore_model_parameter_count(sides[0].model);
    float *weights = take(2 * count, sizeof *weights);
    bool same = true;

    for (size_t i = 0; i < 2; i++)
        bench_check(dlcore_model_get_weights(sides[i].model, weights + i * count, count),
                    "model_get_weights");
    for (size_t i = 0; i < count; i++)
        same &= weights[i] == weights[count + i];
    free(weights);
    return same;
}

static void measure_threads(const texts_t *texts, size_t threads, size_t epochs)
{
    side_t sides[2] = {{.x = texts->sparse}, {.x = texts->dense}};
    static const char *const names[2] = {"sparse", "dense uint8"};
    double accuracy = 0.0, typical[2];
    bool same;

    for (size_t i = 0; i < 2; i++)
        sides[i].model = make_model(threads);
    for (size_t epoch = 0; epoch < epochs; epoch++)
        for (size_t i = 0; i < 2; i++)
            accuracy = run_epoch(&sides[i], texts, epoch);
    same = have_same_weights(sides);
    for (size_t i = 0; i < 2; i++) {
        double first = sides[i].seconds[0], cpu;

        typical[i] = bench_median(sides[i].seconds + (epochs > 1), epochs - (epochs > 1));
        cpu = bench_median(sides[i].cpu + (epochs > 1), epochs - (epochs > 1));
        printf("%6zu texts  %zu thread%s  %-11s  epoch %8.2f ms (CPU %8.2f, first %8.2f)\n",
               texts->count, threads, threads > 1 ? "s" : " ", names[i], 1e3 * typical[i],
               1e3 * cpu, 1e3 * first);
    }
    printf("%6zu texts  %zu thread%s  dense / sparse %.1f, accuracy %.3f, weights %s (%s)\n",
           texts->count, threads, threads > 1 ? "s" : " ", typical[1] / typical[0], accuracy,
           same ? "equal" : "equal up to rounding", dlcore_model_engine(sides[0].model));
    for (size_t i = 0; i < 2; i++)
        dlcore_model_free(sides[i].model);
}

static arguments_t parse(int argc, char **argv)
{
    arguments_t arguments = {.epochs = 11};

    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;

        if (strcmp(argv[i], "--quick") == 0) {
            arguments.texts = 1000;
            arguments.epochs = 2;
            continue;
        }
        if (value != NULL && strcmp(argv[i], "--texts") == 0)
            arguments.texts = strtoul(value, NULL, 10);
        else if (value != NULL && strcmp(argv[i], "--epochs") == 0)
            arguments.epochs = strtoul(value, NULL, 10);
        else if (value != NULL && strcmp(argv[i], "--threads") == 0)
            arguments.threads = strtoul(value, NULL, 10);
        else if (value != NULL && strcmp(argv[i], "--write") == 0)
            arguments.folder = value;
        else
            bench_fail("usage: dlcore_bench_texts [--texts N] [--epochs N] [--threads N] [--quick] "
                       "[--write FOLDER]");
        i++;
    }
    if (arguments.epochs == 0 || arguments.epochs > EPOCHS_MAX)
        bench_fail("--epochs: 1 to 256");
    return arguments;
}

int main(int argc, char **argv)
{
    static const size_t counts[2] = {15000, 25000};
    arguments_t arguments = parse(argc, argv);
    size_t sizes = arguments.texts > 0 ? 1 : 2;

    for (size_t i = 0; i < sizes; i++) {
        texts_t texts = make_texts(arguments.texts > 0 ? arguments.texts : counts[i]);
        double lists = 4.0 * (double)texts.count * LENGTH, entries = (double)entries_of(&texts);

        printf("%6zu texts  %.0f entries, %.2f %% of the numbers; index lists %.1f MB, sparse %.1f "
               "MB, dense %.1f MB\n",
               texts.count, entries, 100.0 * entries / ((double)texts.count * WORDS), lists / 1e6,
               (4.0 * entries + 8.0 * (double)texts.count) / 1e6,
               (double)texts.count * WORDS / 1e6);
        if (arguments.folder != NULL)
            write_texts(&texts, arguments.folder);
        for (size_t threads = 1; threads <= 2; threads++) {
            if (arguments.threads == 0 || arguments.threads == threads)
                measure_threads(&texts, threads, arguments.epochs);
        }
        if (arguments.threads > 2)
            measure_threads(&texts, arguments.threads, arguments.epochs);
        free_texts(&texts);
    }
    return 0;
}
