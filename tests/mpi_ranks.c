/* What tests/mpi.sh runs on MPI processes:
 *
 * - mpi_ranks agree [FILE]: every case of support/ranked_cases.c against a model alone, within
 * 1e-5; then with deterministic, whose weights' bits go to FILE
 * - mpi_ranks run FOLDER EPOCHS: a training with a backup in FOLDER, deterministic; its weights go
 * to FOLDER/weights when it is done
 * - mpi_ranks fail RANK CALL: a training in which a call of the collective fails on a rank
 * - mpi_ranks traffic: a host whose own messages are under way while it trains
 * - mpi_ranks time ROWS WIDTH LAYERS STEPS [LATENCY BYTES_PER_SECOND [PIECE_BYTES THREADS SLICES]]:
 *   milliseconds a step, the best of five runs; calls and bytes. Each call waits as a network
 * would. SLICES 8: deterministic
 * - mpi_ranks gain ROWS WIDTH LAYERS PAIRS LATENCY BYTES_PER_SECOND: medians of a step that moves
 *   weights when all sums are there, and of one that moves them as they come. Sums of gradients go
 *   on beside the computation, one after the other, as in a network that needs no CPU
 *
 * SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L

#include "model/model.h"

#include <mpi.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dlcore/mpi.h"
#include "support/ranked_cases.h"

static dlcore_collective_t ranks;

static void give_up(const char *what)
{
    fprintf(stderr, "mpi_ranks: rank %zu: %s\n", ranks.rank, what);
    MPI_Abort(MPI_COMM_WORLD, 3);
}

/* ---- agreement ---- */

static ranked_result_t alone, result;

/* Every rank compares its own; answers the largest error of all. */
static double error_of_all(const char *name)
{
    double weights = ranked_weights_error(&result, &alone), values, most[2], error[2];

    values = ranked_history_error(&result, &alone);
    error[0] = result.status == DLCORE_OK ? weights : 1.0;
    error[1] = values;
    MPI_Allreduce(error, most, 2, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
    if (!(most[0] < 1e-5) || !(most[1] < 2e-5)) {
        if (ranks.rank == 0)
            fprintf(stderr, "%s on %zu ranks: weights differ by %g, values by %g; %s\n", name,
                    ranks.size, most[0], most[1], result.message);
        return 1.0;
    }
    return most[0];
}

static int agree(const char *file)
{
    ranked_case_t ranked_case;
    char name[64];
    double most = 0.0;
    FILE *bits = file != NULL && ranks.rank == 0 ? fopen(file, "wb") : NULL;
    size_t count = 0;

    for (; ranked_case_at(count, &ranked_case, name); count++) {
        dlcore_collective_t same_bits = ranks;
        double error;

        ranked_run_alone(&ranked_case, &alone);
        ranked_run_rank(&ranked_case, &ranks, &result);
        error = error_of_all(name);
        most = error > most ? error : most;
        if (DLCORE_COLLECTIVE_SLICES % ranks.size != 0)
            continue;
        same_bits.deterministic = true;
        ranked_run_rank(&ranked_case, &same_bits, &result);
        error = error_of_all(name);
        most = error > most ? error : most;
        if (bits != NULL && fwrite(result.weights, sizeof result.weights, 1, bits) != 1)
            give_up("cannot write the weights");
    }
    if (bits != NULL && fclose(bits) != 0)
        give_up("cannot write the weights");
    if (ranks.rank == 0)
        printf("%zu cases on %zu ranks: weights differ by %.1e at most\n", count, ranks.size, most);
    return most < 1.0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ---- a run that may be killed ---- */

static int run(const char *folder, size_t epochs)
{
    static dlcore_backup_and_restore_t backup;
    static dlcore_callback_t callback;
    char path[512];
    ranked_case_t ranked_case;
    dlcore_collective_t same_bits = ranks;

    snprintf(path, sizeof path, "%s/backup", folder);
    backup = dlcore_backup_and_restore_default(path);
    backup.save_freq = 2;
    backup.save.sync = false;
    callback = dlcore_backup_and_restore_callback(&backup);
    ranked_case = ranked_case_default();
    ranked_case.compile.optimizer = dlcore_optimizer_adam();
    ranked_case.hidden[1] = dlcore_layer_batch_normalization();
    ranked_case.hidden[2] = dlcore_layer_dropout(0.2);
    ranked_case.hidden_count = 3;
    ranked_case.fit.epochs = epochs;
    ranked_case.validation = 20;
    ranked_case.fit.callbacks = &callback;
    ranked_case.fit.callback_count = 1;
    same_bits.deterministic = true;
    ranked_run_rank(&ranked_case, &same_bits, &result);
    if (result.status != DLCORE_OK)
        give_up(result.message);
    if (ranks.rank == 0) {
        FILE *file;

        snprintf(path, sizeof path, "%s/weights", folder);
        file = fopen(path, "wb");
        if (file == NULL || fwrite(result.weights, sizeof result.weights, 1, file) != 1 ||
            fclose(file) != 0)
            give_up("cannot write the weights");
    }
    return EXIT_SUCCESS;
}

/* ---- calls of the collective that fail, or take time ---- */

static dlcore_collective_t inner;
static size_t calls, failing_call = SIZE_MAX;
static double latency, bytes_per_second;
static double sent;

static double seconds_of(size_t bytes)
{
    sent += (double)bytes;
    return latency + (bytes_per_second > 0.0 ? (double)bytes / bytes_per_second : 0.0);
}

static void wait_as_network(size_t bytes)
{
    double seconds = seconds_of(bytes);
    struct timespec time = {.tv_nsec = (long)(seconds * 1e9)};

    if (seconds > 0.0)
        nanosleep(&time, NULL);
}

/* A network that works beside the CPU: when it is done with each sum that is under way. */
enum { SUMS = 1024 };
static bool beside;
static double due[SUMS], busy_until;
static size_t begun, finished;

static void take_its_time(size_t bytes)
{
    double now = MPI_Wtime();

    busy_until = (busy_until > now ? busy_until : now) + seconds_of(bytes);
    due[begun++ % SUMS] = busy_until;
}

static dlcore_status outer_finish(void *user, void *request, dlcore_error_record_t *error)
{
    while (beside && MPI_Wtime() < due[finished % SUMS])
        inner.progress(user);
    finished++;
    return inner.allreduce_finish(user, request, error);
}

static dlcore_status count(dlcore_error_record_t *error)
{
    if (calls++ != failing_call)
        return DLCORE_OK;
    snprintf(error->message, sizeof error->message, "this call was to fail");
    return DLCORE_ERROR_IO;
}

static dlcore_status outer_begin(void *user, void *numbers, size_t numbers_count,
                                 dlcore_collective_number_t type, void **request,
                                 dlcore_error_record_t *error)
{
    size_t bytes = numbers_count * (type == DLCORE_COLLECTIVE_FLOAT64 ? 8 : 4);

    if (count(error) != DLCORE_OK)
        return DLCORE_ERROR_IO;
    if (beside)
        take_its_time(bytes);
    else
        wait_as_network(bytes);
    return inner.allreduce_begin(user, numbers, numbers_count, type, request, error);
}

static dlcore_status outer_exchange(void *user, size_t partner, const void *send, size_t send_bytes,
                                    void *receive, size_t receive_bytes,
                                    dlcore_error_record_t *error)
{
    if (count(error) != DLCORE_OK)
        return DLCORE_ERROR_IO;
    wait_as_network(send_bytes);
    return inner.exchange(user, partner, send, send_bytes, receive, receive_bytes, error);
}

static dlcore_status outer_gather(void *user, const void *record, size_t bytes, void *records,
                                  dlcore_error_record_t *error)
{
    if (count(error) != DLCORE_OK)
        return DLCORE_ERROR_IO;
    wait_as_network(bytes * ranks.size);
    return inner.gather(user, record, bytes, records, error);
}

static void wrap(void)
{
    inner = ranks;
    ranks.allreduce_begin = outer_begin;
    ranks.allreduce_finish = outer_finish;
    ranks.exchange = outer_exchange;
    ranks.gather = outer_gather;
}

static int fail(size_t rank, size_t call)
{
    ranked_case_t ranked_case = ranked_case_default();

    wrap();
    failing_call = rank == ranks.rank ? call : SIZE_MAX;
    ranked_run_rank(&ranked_case, &ranks, &result);
    return result.status == DLCORE_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ---- a host with messages of its own ---- */

static int traffic(void)
{
    enum { NUMBERS = 1000, TAG = 1 }; /* the tag that dlcore uses, too */
    static int sent_numbers[NUMBERS], received[NUMBERS];
    int next = (int)((ranks.rank + 1) % ranks.size);
    int before = (int)((ranks.rank + ranks.size - 1) % ranks.size);
    ranked_case_t ranked_case = ranked_case_default();
    dlcore_collective_t same_bits = ranks;
    MPI_Request requests[2];
    MPI_Status statuses[2];

    for (int i = 0; i < NUMBERS; i++)
        sent_numbers[i] = (int)ranks.rank * NUMBERS + i;
    MPI_Irecv(received, NUMBERS, MPI_INT, before, TAG, MPI_COMM_WORLD, &requests[0]);
    MPI_Isend(sent_numbers, NUMBERS, MPI_INT, next, TAG, MPI_COMM_WORLD, &requests[1]);
    ranked_run_alone(&ranked_case, &alone);
    ranked_run_rank(&ranked_case, &ranks, &result);
    if (error_of_all("beside other messages") == 1.0)
        return EXIT_FAILURE;
    same_bits.deterministic = DLCORE_COLLECTIVE_SLICES % ranks.size == 0;
    ranked_run_rank(&ranked_case, &same_bits, &result);
    MPI_Waitall(2, requests, statuses);
    for (int i = 0; i < NUMBERS; i++)
        if (received[i] != before * NUMBERS + i)
            give_up("the host's own message is damaged");
    return error_of_all("beside other messages") < 1.0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ---- time ---- */

/* A model of `layers` dense layers, which has made its first steps, and its batch. */
typedef struct timed {
    dlcore_model_t *model;
    dlcore_tensor_t *x, *y;
} timed_t;

static timed_t make_timed(size_t rows, size_t width, size_t layers, size_t threads)
{
    size_t shape[2] = {rows, width};
    dlcore_model_options_t options = dlcore_model_options_default();
    dlcore_optimizer_t adam = dlcore_optimizer_adam();
    timed_t made = {0};

    options.threads = threads;
    if (dlcore_model_create(&options, &made.model) != DLCORE_OK)
        give_up("no model");
    for (size_t i = 0; i < layers; i++)
        dlcore_model_add(made.model, dlcore_layer_dense(width, DLCORE_ACTIVATION_TANH));
    dlcore_model_compile(made.model, &adam, DLCORE_LOSS_MEAN_SQUARED_ERROR, DLCORE_METRIC_NONE);
    dlcore_tensor_create(NULL, DLCORE_DTYPE_FLOAT32, 2, shape, &made.x, NULL);
    dlcore_tensor_create(NULL, DLCORE_DTYPE_FLOAT32, 2, shape, &made.y, NULL);
    dlcore_tensor_fill(made.x, 0.3, NULL);
    dlcore_tensor_fill(made.y, 0.1, NULL);
    if (dlcore_model_set_collective(made.model, &ranks) != DLCORE_OK)
        give_up(dlcore_model_error(made.model));
    for (size_t i = 0; i < 3; i++) /* and the comparison of models */
        if (dlcore_model_train_on_batch(made.model, made.x, made.y, NULL) != DLCORE_OK)
            give_up(dlcore_model_error(made.model));
    calls = 0;
    sent = 0.0;
    return made;
}

static void free_timed(timed_t *timed)
{
    dlcore_tensor_free(timed->x);
    dlcore_tensor_free(timed->y);
    dlcore_model_free(timed->model);
}

/* Seconds of that many steps, begun together. */
static double time_of(const timed_t *timed, size_t steps)
{
    double begin;

    MPI_Barrier(MPI_COMM_WORLD);
    begin = MPI_Wtime();
    for (size_t i = 0; i < steps; i++)
        (void)dlcore_model_train_on_batch(timed->model, timed->x, timed->y, NULL);
    return MPI_Wtime() - begin;
}

static size_t number_at(char **arguments, int given, int index, size_t otherwise)
{
    return given > index ? strtoul(arguments[index], NULL, 10) : otherwise;
}

static void read_network(char **arguments, int given)
{
    latency = given > 4 ? strtod(arguments[4], NULL) : 0.0;
    bytes_per_second = given > 5 ? strtod(arguments[5], NULL) : 0.0;
}

static int time_steps(char **arguments, int given)
{
    enum { REPEATS = 5 };
    size_t rows = number_at(arguments, given, 0, 1), width = number_at(arguments, given, 1, 1);
    size_t layers = number_at(arguments, given, 2, 1), steps = number_at(arguments, given, 3, 1);
    double best = 0.0;
    timed_t timed;

    read_network(arguments, given);
    ranks.piece_bytes = number_at(arguments, given, 6, 0);
    ranks.deterministic = number_at(arguments, given, 8, 1) == 8;
    wrap();
    timed = make_timed(rows, width, layers, number_at(arguments, given, 7, 1));
    for (size_t repeat = 0; repeat < REPEATS; repeat++) {
        double seconds = time_of(&timed, steps);

        best = repeat == 0 || seconds < best ? seconds : best;
    }
    if (ranks.rank == 0)
        printf("%zu ranks, %zu rows, %zu x %zu, %zu parameters: %.3f ms, %.1f calls, %.0f bytes a "
               "step\n",
               ranks.size, rows, layers, width, dlcore_model_parameter_count(timed.model),
               1e3 * best / (double)steps, (double)calls / (double)(steps * REPEATS),
               sent / (double)(steps * REPEATS));
    free_timed(&timed);
    return EXIT_SUCCESS;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *numbers, size_t count)
{
    qsort(numbers, count, sizeof *numbers, compare_doubles);
    return numbers[count / 2];
}

/* Steps in pairs, of which one moves weights when all sums are there, one as they come. */
static int gain(char **arguments, int given)
{
    enum { PAIRS = 2000 };
    static double late[PAIRS], early[PAIRS], less[PAIRS];
    size_t rows = number_at(arguments, given, 0, 1), width = number_at(arguments, given, 1, 1);
    size_t layers = number_at(arguments, given, 2, 1), pairs = number_at(arguments, given, 3, 1);
    timed_t timed;
    bool *sooner;

    read_network(arguments, given);
    beside = true;
    wrap();
    timed = make_timed(rows, width, layers, 1);
    sooner = &timed.model->ranks->collective.early_update;
    for (size_t i = 0; i < pairs && i < PAIRS; i++) {
        *sooner = i % 2 == 0;
        (*sooner ? early : late)[i] = time_of(&timed, 1);
        *sooner = !*sooner;
        (*sooner ? early : late)[i] = time_of(&timed, 1);
        less[i] = 1 - early[i] / late[i];
    }
    if (ranks.rank == 0)
        printf(
            "%zu ranks, %zu rows, %zu x %zu: %.3f ms, %.3f ms with early updates: %.1f %% less\n",
            ranks.size, rows, layers, width, 1e3 * median(late, pairs), 1e3 * median(early, pairs),
            100 * median(less, pairs));
    free_timed(&timed);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    dlcore_error_record_t error = {0};
    int level, status = EXIT_FAILURE;
    dlcore_collective_t made;

    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &level);
    if (dlcore_collective_mpi(NULL, &made, &error) != DLCORE_OK)
        give_up(error.message);
    if (!made.early_update)
        give_up("collective_mpi has not set early_update");
    ranks = made;
    if (strcmp(what, "agree") == 0)
        status = agree(argc > 2 ? argv[2] : NULL);
    else if (strcmp(what, "run") == 0 && argc > 3)
        status = run(argv[2], strtoul(argv[3], NULL, 10));
    else if (strcmp(what, "fail") == 0 && argc > 3)
        status = fail(strtoul(argv[2], NULL, 10), strtoul(argv[3], NULL, 10));
    else if (strcmp(what, "traffic") == 0)
        status = traffic();
    else if (strcmp(what, "time") == 0 && argc > 5)
        status = time_steps(argv + 2, argc - 2);
    else if (strcmp(what, "gain") == 0 && argc > 7)
        status = gain(argv + 2, argc - 2);
    else
        fprintf(stderr, "mpi_ranks: agree, run, fail, traffic, time or gain\n");
    dlcore_collective_mpi_free(&made);
    MPI_Finalize();
    return status;
}
