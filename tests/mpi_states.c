/* What collective_mpi does in each state that MPI may be in; tests/mpi.sh runs it.
 *
 * - mpi_states single: MPI that was asked for no threads is refused
 * - mpi_states funneled: refused before MPI_Init_thread and after MPI_Finalize; a communicator that
 *   is none is an error with MPI's text; more numbers than an int counts are refused; processes of
 *   a part of MPI_COMM_WORLD train their own model
 * - mpi_states thread: a step on another thread than the one that initialized MPI: a message, and
 *   the end of all processes
 *
 * SPDX-License-Identifier: MIT */
#include <mpi.h>

#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dlcore/mpi.h"
#include "support/ranked_cases.h"

static int failures;

static void expect(bool holds, const char *what, const char *message)
{
    if (holds)
        return;
    fprintf(stderr, "mpi_states: not so: %s; \"%s\"\n", what, message);
    failures++;
}

/* The collective is refused with that status and text, and is zero. */
static void expect_refused(const void *communicator, dlcore_status status, const char *text)
{
    dlcore_collective_t ranks = {.size = 7};
    dlcore_error_record_t error = {.message = ""};

    expect(dlcore_collective_mpi(communicator, &ranks, &error) == status && error.status == status,
           "the status", error.message);
    expect(strstr(error.message, text) != NULL, text, error.message);
    expect(ranks.size == 0 && ranks.user == NULL, "a collective of zeros", error.message);
    dlcore_collective_mpi_free(&ranks);
}

static void refuse_no_collective(void)
{
    dlcore_error_record_t error = {.message = ""};

    expect(dlcore_collective_mpi(NULL, NULL, &error) == DLCORE_ERROR_ARGUMENT &&
               error.status == DLCORE_ERROR_ARGUMENT,
           "the status without a collective", error.message);
    expect(strstr(error.message, "collective is NULL") != NULL, "its text", error.message);
    dlcore_collective_mpi_free(NULL);
}

static void expect_too_many(dlcore_status status, const dlcore_error_record_t *error,
                            const char *call)
{
    expect(status == DLCORE_ERROR_OVERFLOW && error->status == status, call, error->message);
    expect(strncmp(error->message, call, strlen(call)) == 0 &&
               strstr(error->message, "more than MPI can count") != NULL,
           "its text", error->message);
}

/* Refused before MPI is asked, and before a number is looked at. */
static void refuse_more_than_mpi_can_count(void)
{
    const size_t many = (size_t)INT_MAX + 1;
    dlcore_collective_t ranks;
    dlcore_error_record_t error = {.message = ""};
    float number = 0.0f;
    void *request;
    void *user;

    expect(dlcore_collective_mpi(NULL, &ranks, &error) == DLCORE_OK, "a collective", error.message);
    user = ranks.user;
    for (int i = 0; i < 2; i++)
        expect_too_many(
            ranks.allreduce_begin(user, &number, many,
                                  i == 0 ? DLCORE_COLLECTIVE_FLOAT32 : DLCORE_COLLECTIVE_FLOAT64,
                                  &request, &error),
            &error, "MPI_Iallreduce");
    expect_too_many(ranks.exchange(user, 0, &number, many, &number, 4, &error), &error,
                    "MPI_Sendrecv");
    expect_too_many(ranks.exchange(user, 0, &number, 4, &number, many, &error), &error,
                    "MPI_Sendrecv");
    expect_too_many(ranks.broadcast(user, 0, &number, many, &error), &error, "MPI_Bcast");
    expect_too_many(ranks.gather(user, &number, many, &number, &error), &error, "MPI_Allgather");
    dlcore_collective_mpi_free(&ranks);
}

static void refuse_no_communicator(void)
{
    MPI_Comm none = MPI_COMM_NULL;

    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    expect_refused(&none, DLCORE_ERROR_IO, "nvalid communicator");
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_ARE_FATAL);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_ARE_FATAL);
}

/* Even and odd processes, with different learning rates. */
static void train_in_parts(void)
{
    static ranked_result_t alone, result;
    ranked_case_t ranked_case = ranked_case_default();
    dlcore_collective_t ranks;
    dlcore_error_record_t error = {.message = ""};
    MPI_Comm part;
    int rank, size;

    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_split(MPI_COMM_WORLD, rank % 2, rank, &part);
    MPI_Comm_size(part, &size);
    expect(dlcore_collective_mpi(&part, &ranks, &error) == DLCORE_OK, "a part", error.message);
    expect(ranks.size == (size_t)size && ranks.rank == (size_t)rank / 2, "its ranks", "");
    ranked_case.compile.optimizer.learning_rate = rank % 2 == 0 ? 0.1 : 0.05;
    ranked_run_alone(&ranked_case, &alone);
    ranked_run_rank(&ranked_case, &ranks, &result);
    expect(result.status == DLCORE_OK && ranked_weights_error(&result, &alone) < 1e-5,
           "the weights of a part", result.message);
    dlcore_collective_mpi_free(&ranks);
    MPI_Comm_free(&part);
}

static void *train_elsewhere(void *ranks)
{
    static ranked_result_t result;
    ranked_case_t ranked_case = ranked_case_default();

    ranked_run_rank(&ranked_case, ranks, &result);
    return NULL;
}

static void train_on_another_thread(void)
{
    dlcore_collective_t ranks;
    pthread_t thread;

    if (dlcore_collective_mpi(NULL, &ranks, NULL) != DLCORE_OK ||
        pthread_create(&thread, NULL, train_elsewhere, &ranks) != 0) {
        MPI_Abort(MPI_COMM_WORLD, 3);
        return;
    }
    pthread_join(thread, NULL);
    dlcore_collective_mpi_free(&ranks);
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    bool single = strcmp(what, "single") == 0;
    int given;

    refuse_no_collective();
    expect_refused(NULL, DLCORE_ERROR_STATE, "call MPI_Init_thread first");
    MPI_Init_thread(&argc, &argv, single ? MPI_THREAD_SINGLE : MPI_THREAD_FUNNELED, &given);
    if (single) {
        expect_refused(NULL, DLCORE_ERROR_STATE, "MPI gives MPI_THREAD_SINGLE");
    } else if (strcmp(what, "thread") == 0) {
        train_on_another_thread();
    } else {
        refuse_no_communicator();
        refuse_more_than_mpi_can_count();
        train_in_parts();
    }
    MPI_Finalize();
    expect_refused(NULL, DLCORE_ERROR_STATE, "MPI is finalized");
    return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
