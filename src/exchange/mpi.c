/* A collective over an MPI communicator. Calls nothing of dlcore, so that its archive goes with the
 * shared library, too.
 *
 * SPDX-License-Identifier: MIT */
#include "system/compiler.h"

#include "dlcore/mpi.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mpi.h>

/* Of pairwise exchanges; the communicator is our own. */
enum { EXCHANGE_TAG = 1 };

typedef struct mpi_ranks {
    MPI_Comm communicator;
    bool funneled; /* only the main thread may call */
    /* all-reduces under way, in a ring: they end in the order in which they began */
    MPI_Request *requests;
    size_t room, first, count;
} mpi_ranks_t;

/* ---- errors ---- */

static dlcore_status mpi_fail(dlcore_error_record_t *error, dlcore_status status, const char *what,
                              const char *text)
{
    if (error != NULL) {
        error->status = status;
        snprintf(error->message, sizeof error->message, "%s: %.200s", what, text);
    }
    return status;
}

/* What an MPI function answered. */
static dlcore_status mpi_check(int code, const char *what, dlcore_error_record_t *error)
{
    char text[MPI_MAX_ERROR_STRING + 1] = "";
    int length = 0;

    if (code == MPI_SUCCESS)
        return DLCORE_OK;
    if (MPI_Error_string(code, text, &length) != MPI_SUCCESS)
        snprintf(text, sizeof text, "error %d", code);
    return mpi_fail(error, DLCORE_ERROR_IO, what, text);
}

static dlcore_status mpi_check_size(size_t count, const char *what, dlcore_error_record_t *error)
{
    if (count <= INT_MAX)
        return DLCORE_OK;
    return mpi_fail(error, DLCORE_ERROR_OVERFLOW, what, "more than MPI can count");
}

/* ---- sums ---- */

/* A place behind the last request; NULL without memory. */
static MPI_Request *mpi_next_request(mpi_ranks_t *ranks)
{
    if (ranks->count == ranks->room) {
        size_t room = ranks->room > 0 ? 2 * ranks->room : 64;
        MPI_Request *requests = malloc(room * sizeof(MPI_Request));

        if (requests == NULL)
            return NULL;
        for (size_t i = 0; i < ranks->count; i++)
            requests[i] = ranks->requests[(ranks->first + i) % ranks->room];
        free(ranks->requests);
        ranks->requests = requests;
        ranks->room = room;
        ranks->first = 0;
    }
    return &ranks->requests[(ranks->first + ranks->count) % ranks->room];
}

static dlcore_status mpi_allreduce_begin(void *user, void *numbers, size_t count,
                                         dlcore_collective_number_t type, void **request,
                                         dlcore_error_record_t *error)
{
    mpi_ranks_t *ranks = user;
    MPI_Request *next = mpi_next_request(ranks);
    dlcore_status status = mpi_check_size(count, "MPI_Iallreduce", error);

    if (next == NULL)
        return mpi_fail(error, DLCORE_ERROR_MEMORY, "MPI_Iallreduce", "no memory for a request");
    if (status == DLCORE_OK)
        status =
            mpi_check(MPI_Iallreduce(MPI_IN_PLACE, numbers, (int)count,
                                     type == DLCORE_COLLECTIVE_FLOAT64 ? MPI_DOUBLE : MPI_FLOAT,
                                     MPI_SUM, ranks->communicator, next),
                      "MPI_Iallreduce", error);
    if (status != DLCORE_OK)
        return status;
    ranks->count++;
    *request = ranks; /* any: they end in order */
    return DLCORE_OK;
}

static dlcore_status mpi_allreduce_finish(void *user, void *request, dlcore_error_record_t *error)
{
    mpi_ranks_t *ranks = user;
    MPI_Request *first = &ranks->requests[ranks->first];

    (void)request;
    ranks->first = (ranks->first + 1) % ranks->room;
    ranks->count--;
    return mpi_check(MPI_Wait(first, MPI_STATUS_IGNORE), "MPI_Wait", error);
}

/* Most implementations move data only within calls. */
static void mpi_progress(void *user)
{
    mpi_ranks_t *ranks = user;
    int flag;

    if (ranks->count > 0)
        (void)MPI_Request_get_status(ranks->requests[ranks->first], &flag, MPI_STATUS_IGNORE);
}

/* ---- the others ---- */

static dlcore_status mpi_exchange(void *user, size_t partner, const void *send, size_t send_bytes,
                                  void *receive, size_t receive_bytes, dlcore_error_record_t *error)
{
    mpi_ranks_t *ranks = user;
    dlcore_status status = mpi_check_size(send_bytes, "MPI_Sendrecv", error);

    if (status == DLCORE_OK)
        status = mpi_check_size(receive_bytes, "MPI_Sendrecv", error);
    if (status != DLCORE_OK)
        return status;
    return mpi_check(MPI_Sendrecv(send, (int)send_bytes, MPI_BYTE, (int)partner, EXCHANGE_TAG,
                                  receive, (int)receive_bytes, MPI_BYTE, (int)partner, EXCHANGE_TAG,
                                  ranks->communicator, MPI_STATUS_IGNORE),
                     "MPI_Sendrecv", error);
}

static dlcore_status mpi_broadcast(void *user, size_t root, void *bytes, size_t count,
                                   dlcore_error_record_t *error)
{
    mpi_ranks_t *ranks = user;
    dlcore_status status = mpi_check_size(count, "MPI_Bcast", error);

    if (status != DLCORE_OK)
        return status;
    return mpi_check(MPI_Bcast(bytes, (int)count, MPI_BYTE, (int)root, ranks->communicator),
                     "MPI_Bcast", error);
}

/* The first call of every call of dlcore's is one of these: here the thread is looked at. */
static dlcore_status mpi_gather(void *user, const void *record, size_t bytes, void *records,
                                dlcore_error_record_t *error)
{
    mpi_ranks_t *ranks = user;
    dlcore_status status = mpi_check_size(bytes, "MPI_Allgather", error);
    int is_main = 1;

    if (status == DLCORE_OK && ranks->funneled)
        status = mpi_check(MPI_Is_thread_main(&is_main), "MPI_Is_thread_main", error);
    if (status != DLCORE_OK)
        return status;
    if (!is_main)
        return mpi_fail(error, DLCORE_ERROR_STATE, "MPI_THREAD_FUNNELED",
                        "call dlcore on the thread that initialized MPI, or initialize it with "
                        "MPI_THREAD_SERIALIZED");
    return mpi_check(MPI_Allgather(record, (int)bytes, MPI_BYTE, records, (int)bytes, MPI_BYTE,
                                   ranks->communicator),
                     "MPI_Allgather", error);
}

static void mpi_revoke(void *user, const char *message)
{
    mpi_ranks_t *ranks = user;

    fprintf(stderr, "dlcore: %s\n", message);
    (void)MPI_Abort(ranks->communicator, 1);
}

/* ---- making and freeing ---- */

static dlcore_status mpi_check_state(mpi_ranks_t *ranks, dlcore_error_record_t *error)
{
    int initialized = 0, finalized = 0, level = MPI_THREAD_SINGLE;

    (void)MPI_Initialized(&initialized);
    (void)MPI_Finalized(&finalized);
    if (!initialized || finalized)
        return mpi_fail(error, DLCORE_ERROR_STATE, "collective_mpi",
                        finalized ? "MPI is finalized" : "call MPI_Init_thread first");
    (void)MPI_Query_thread(&level);
    ranks->funneled = level == MPI_THREAD_FUNNELED;
    if (level >= MPI_THREAD_FUNNELED)
        return DLCORE_OK;
    return mpi_fail(error, DLCORE_ERROR_STATE, "collective_mpi",
                    "MPI gives MPI_THREAD_SINGLE, and a model has threads: initialize it with "
                    "MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &given)");
}

static dlcore_status mpi_open(mpi_ranks_t *ranks, const MPI_Comm *communicator,
                              dlcore_collective_t *collective, dlcore_error_record_t *error)
{
    int rank = 0, size = 0;
    dlcore_status status = mpi_check(
        MPI_Comm_dup(communicator != NULL ? *communicator : MPI_COMM_WORLD, &ranks->communicator),
        "MPI_Comm_dup", error);

    if (status == DLCORE_OK)
        status = mpi_check(MPI_Comm_set_errhandler(ranks->communicator, MPI_ERRORS_RETURN),
                           "MPI_Comm_set_errhandler", error);
    if (status == DLCORE_OK)
        status = mpi_check(MPI_Comm_rank(ranks->communicator, &rank), "MPI_Comm_rank", error);
    if (status == DLCORE_OK)
        status = mpi_check(MPI_Comm_size(ranks->communicator, &size), "MPI_Comm_size", error);
    *collective = (dlcore_collective_t){.rank = (size_t)rank,
                                        .size = (size_t)size,
                                        .user = ranks,
                                        .allreduce_begin = mpi_allreduce_begin,
                                        .allreduce_finish = mpi_allreduce_finish,
                                        .exchange = mpi_exchange,
                                        .broadcast = mpi_broadcast,
                                        .gather = mpi_gather,
                                        .progress = mpi_progress,
                                        .revoke = mpi_revoke,
                                        .early_update = true};
    return status;
}

dlcore_status dlcore_collective_mpi(const void *communicator, dlcore_collective_t *collective,
                                    dlcore_error_record_t *error)
{
    int number = errno;
    mpi_ranks_t *ranks;
    dlcore_status status;

    if (collective == NULL)
        return mpi_fail(error, DLCORE_ERROR_ARGUMENT, "collective_mpi", "collective is NULL");
    *collective = (dlcore_collective_t){0};
    ranks = calloc(1, sizeof *ranks);
    if (ranks == NULL)
        return mpi_fail(error, DLCORE_ERROR_MEMORY, "collective_mpi", "no memory");
    status = mpi_check_state(ranks, error);
    if (status == DLCORE_OK)
        status = mpi_open(ranks, communicator, collective, error);
    if (status != DLCORE_OK) {
        *collective = (dlcore_collective_t){0};
        free(ranks);
    }
    errno = number;
    return status;
}

void dlcore_collective_mpi_free(dlcore_collective_t *collective)
{
    int number = errno;
    mpi_ranks_t *ranks = collective != NULL ? collective->user : NULL;

    if (ranks == NULL)
        return;
    (void)MPI_Comm_free(&ranks->communicator);
    free(ranks->requests);
    free(ranks);
    *collective = (dlcore_collective_t){0};
    errno = number;
}
