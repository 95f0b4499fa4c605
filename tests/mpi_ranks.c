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
 * would. SLICES 8: deterministic.
 *
 * SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L

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

static dlcore_status wait_as_network(size_t bytes)
{
    double seconds = latency + (bytes_per_second > 0.0 ? (double)bytes / bytes_per_second : 0.0);
    struct timespec time = {.tv_nsec = (long)(seconds * 1e9)};

    sent += (double)bytes;
    if (seconds > 0.0)
        nanosleep(&time, NULL);
    return DLCORE_OK;
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

    if (count(error) != DLCORE_OK || wait_as_network(bytes) != DLCORE_OK)
        return DLCORE_ERROR_IO;
    return inner.allreduce_begin(user, numbers, numbers_count, type, request, error);
}

static dlcore_status outer_exchange(void *user, size_t partner, const void *send, size_t send_bytes,
                                    void *receive, size_t receive_bytes,
                                    dlcore_error_record_t *error)
{
    if (count(error) != DLCORE_OK || wait_as_network(send_bytes) != DLCORE_OK)
        return DLCORE_ERROR_IO;
    return inner.exchange(user, partner, send, send_bytes, receive, receive_bytes, error);
}

static dlcore_status outer_gather(void *user, const void *record, size_t bytes, void *records,
                                  dlcore_error_record_t *error)
{
    if (count(error) != DLCORE_OK || wait_as_network(bytes * ranks.size) != DLCORE_OK)
        return DLCORE_ERROR_IO;
    return inner.gather(user, record, bytes, records, error);
}

static void wrap(void)
{
    inner = ranks;
    ranks.allreduce_begin = outer_begin;
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

static int time_steps(char **arguments, int given)
{
    enum { REPEATS = 5 };
    size_t rows = strtoul(arguments[0], NULL, 10), width = strtoul(arguments[1], NULL, 10);
    size_t layers = strtoul(arguments[2], NULL, 10), steps = strtoul(arguments[3], NULL, 10);
    size_t shape[2] = {rows, width};
    dlcore_model_options_t options = dlcore_model_options_default();
    dlcore_optimizer_t adam = dlcore_optimizer_adam();
    dlcore_tensor_t *x = NULL, *y = NULL;
    dlcore_model_t *model = NULL;
    double best = 0.0;

    latency = given > 4 ? strtod(arguments[4], NULL) : 0.0;
    bytes_per_second = given > 5 ? strtod(arguments[5], NULL) : 0.0;
    ranks.piece_bytes = given > 6 ? strtoul(arguments[6], NULL, 10) : 0;
    options.threads = given > 7 ? strtoul(arguments[7], NULL, 10) : 1;
    ranks.deterministic = given > 8 && strcmp(arguments[8], "8") == 0;
    wrap();
    if (dlcore_model_create(&options, &model) != DLCORE_OK)
        give_up("no model");
    for (size_t i = 0; i < layers; i++)
        dlcore_model_add(model, dlcore_layer_dense(width, DLCORE_ACTIVATION_TANH));
    dlcore_model_compile(model, &adam, DLCORE_LOSS_MEAN_SQUARED_ERROR, DLCORE_METRIC_NONE);
    dlcore_tensor_create(NULL, DLCORE_DTYPE_FLOAT32, 2, shape, &x, NULL);
    dlcore_tensor_create(NULL, DLCORE_DTYPE_FLOAT32, 2, shape, &y, NULL);
    dlcore_tensor_fill(x, 0.3, NULL);
    dlcore_tensor_fill(y, 0.1, NULL);
    if (dlcore_model_set_collective(model, &ranks) != DLCORE_OK)
        give_up(dlcore_model_error(model));
    for (size_t i = 0; i < 3; i++) /* and the comparison of models */
        if (dlcore_model_train_on_batch(model, x, y, NULL) != DLCORE_OK)
            give_up(dlcore_model_error(model));
    calls = 0;
    sent = 0.0;
    for (size_t repeat = 0; repeat < REPEATS; repeat++) {
        double begin;

        MPI_Barrier(MPI_COMM_WORLD);
        begin = MPI_Wtime();
        for (size_t i = 0; i < steps; i++)
            (void)dlcore_model_train_on_batch(model, x, y, NULL);
        begin = MPI_Wtime() - begin;
        best = repeat == 0 || begin < best ? begin : best;
    }
    if (ranks.rank == 0)
        printf("%zu ranks, %zu rows, %zu x %zu, %zu parameters: %.3f ms, %.1f calls, %.0f bytes a "
               "step\n",
               ranks.size, rows, layers, width, dlcore_model_parameter_count(model),
               1e3 * best / (double)steps, (double)calls / (double)(steps * REPEATS),
               sent / (double)(steps * REPEATS));
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
    dlcore_model_free(model);
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
    else
        fprintf(stderr, "mpi_ranks: agree, run, fail, traffic or time\n");
    dlcore_collective_mpi_free(&made);
    MPI_Finalize();
    return status;
}
