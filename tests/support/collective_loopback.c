/* A collective over memory.
 *
 * SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L

#include "support/collective_loopback.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { REQUESTS = 1024, LEFT = 64 };

/* What a rank has laid out for the others to read. */
typedef struct mail {
    const void *bytes;
    size_t count;
    bool full;
} mail_t;

typedef struct request {
    void *numbers;
    size_t count;
    dlcore_collective_number_t type;
} request_t;

typedef struct member {
    loopback_t *loopback;
    size_t rank, calls;
    size_t fail_first;
    bool fails, forever;
    request_t requests[REQUESTS]; /* in a ring */
    size_t begun;
    void *shown; /* in a round of all: a copy, for this rank may be gone while others read it */
    void *left[LEFT]; /* copies that are still read, perhaps, when this rank has given up */
    size_t left_count;
} member_t;

struct loopback {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    size_t size, arrived, rounds;
    bool revoked;
    char reason[DLCORE_ERROR_MESSAGE_SIZE];
    double latency, bytes_per_second;
    member_t members[LOOPBACK_RANKS_MAX];
    mail_t mail[LOOPBACK_RANKS_MAX][LOOPBACK_RANKS_MAX]; /* from, to */
};

loopback_t *loopback_create(size_t size)
{
    loopback_t *loopback = calloc(1, sizeof *loopback);

    if (loopback == NULL)
        return NULL;
    pthread_mutex_init(&loopback->mutex, NULL);
    pthread_cond_init(&loopback->changed, NULL);
    loopback->size = size;
    for (size_t rank = 0; rank < size; rank++)
        loopback->members[rank] = (member_t){.loopback = loopback, .rank = rank};
    return loopback;
}

void loopback_free(loopback_t *loopback)
{
    if (loopback == NULL)
        return;
    for (size_t rank = 0; rank < loopback->size; rank++)
        for (size_t i = 0; i < loopback->members[rank].left_count; i++)
            free(loopback->members[rank].left[i]);
    pthread_cond_destroy(&loopback->changed);
    pthread_mutex_destroy(&loopback->mutex);
    free(loopback);
}

void loopback_fail(loopback_t *loopback, size_t rank, size_t first, bool forever)
{
    member_t *member = &loopback->members[rank];

    member->fail_first = first;
    member->fails = true;
    member->forever = forever;
}

void loopback_delay(loopback_t *loopback, double latency, double bytes_per_second)
{
    loopback->latency = latency;
    loopback->bytes_per_second = bytes_per_second;
}

size_t loopback_calls(const loopback_t *loopback, size_t rank)
{
    return loopback->members[rank].calls;
}

/* ---- one call ---- */

static dlcore_status say(dlcore_error_record_t *error, const char *text)
{
    snprintf(error->message, sizeof error->message, "%s", text);
    return DLCORE_ERROR_IO;
}

/* Whether this call is one that fails. */
static bool is_failing(member_t *member)
{
    size_t call = member->calls++;

    return member->fails &&
           (member->forever ? call >= member->fail_first : call == member->fail_first);
}

static void wait_for(const loopback_t *loopback, size_t bytes)
{
    double seconds = loopback->latency;
    struct timespec time;

    if (loopback->bytes_per_second > 0.0)
        seconds += (double)bytes / loopback->bytes_per_second;
    if (seconds <= 0.0)
        return;
    time.tv_sec = (time_t)seconds;
    time.tv_nsec = (long)((seconds - (double)time.tv_sec) * 1e9);
    nanosleep(&time, NULL);
}

/* All ranks come here; false when one will not. */
static bool meet_all(loopback_t *loopback)
{
    size_t round;
    bool met;

    pthread_mutex_lock(&loopback->mutex);
    round = loopback->rounds;
    if (!loopback->revoked && ++loopback->arrived == loopback->size) {
        loopback->arrived = 0;
        loopback->rounds++;
        pthread_cond_broadcast(&loopback->changed);
    }
    while (round == loopback->rounds && !loopback->revoked)
        pthread_cond_wait(&loopback->changed, &loopback->mutex);
    met = round != loopback->rounds;
    pthread_mutex_unlock(&loopback->mutex);
    return met;
}

static void *copy_of(const void *bytes, size_t count)
{
    void *copy = malloc(count + 1);

    if (copy == NULL)
        abort();
    memcpy(copy, bytes, count);
    return copy;
}

/* A copy that all have read, or, where one has given up, that some may read still. */
static void drop_copy(member_t *member, void *copy, bool read)
{
    if (read || member->left_count == LEFT)
        free(copy);
    else
        member->left[member->left_count++] = copy;
}

/* All have read what this rank has shown; false when one will not. */
static bool end_round(member_t *member)
{
    bool met = meet_all(member->loopback);

    drop_copy(member, member->shown, met);
    return met;
}

static dlcore_status lost(const loopback_t *loopback, dlcore_error_record_t *error)
{
    return say(error, loopback->reason);
}

/* ---- the functions ---- */

static dlcore_status loopback_begin(void *user, void *numbers, size_t count,
                                    dlcore_collective_number_t type, void **request,
                                    dlcore_error_record_t *error)
{
    member_t *member = user;
    request_t *made;

    if (is_failing(member))
        return say(error, "this all-reduce was to fail as it began");
    made = &member->requests[member->begun++ % REQUESTS];
    *made = (request_t){numbers, count, type};
    *request = made;
    return DLCORE_OK;
}

/* The sum over ranks, in their order, of numbers begin .. end-1. */
static void add_up(const loopback_t *loopback, size_t begin, size_t end,
                   dlcore_collective_number_t type, void *to)
{
    for (size_t i = begin; i < end; i++) {
        double sum = 0.0;
        float narrow = 0.0f;

        for (size_t rank = 0; rank < loopback->size; rank++) {
            if (type == DLCORE_COLLECTIVE_FLOAT64)
                sum += ((const double *)loopback->members[rank].shown)[i];
            else
                narrow += ((const float *)loopback->members[rank].shown)[i];
        }
        if (type == DLCORE_COLLECTIVE_FLOAT64)
            ((double *)to)[i - begin] = sum;
        else
            ((float *)to)[i - begin] = narrow;
    }
}

static dlcore_status loopback_finish(void *user, void *request, dlcore_error_record_t *error)
{
    member_t *member = user;
    loopback_t *loopback = member->loopback;
    const request_t *of = request;
    size_t size = of->type == DLCORE_COLLECTIVE_FLOAT64 ? sizeof(double) : sizeof(float);
    double part[256];
    char *to = of->numbers;
    void *all;

    if (is_failing(member))
        return say(error, "this all-reduce was to fail as it ended");
    all = copy_of(of->numbers, of->count * size);
    member->shown = copy_of(of->numbers, of->count * size);
    if (!meet_all(loopback)) {
        drop_copy(member, member->shown, false);
        free(all);
        return lost(loopback, error);
    }
    for (size_t i = 0; i < of->count; i += 256) {
        size_t end = i + 256 < of->count ? i + 256 : of->count;

        add_up(loopback, i, end, of->type, part);
        memcpy((char *)all + i * size, part, (end - i) * size);
    }
    if (!end_round(member)) {
        free(all);
        return lost(loopback, error);
    }
    memcpy(to, all, of->count * size);
    free(all);
    wait_for(loopback, of->count * size);
    return DLCORE_OK;
}

static dlcore_status loopback_exchange(void *user, size_t partner, const void *send,
                                       size_t send_bytes, void *receive, size_t receive_bytes,
                                       dlcore_error_record_t *error)
{
    member_t *member = user;
    loopback_t *loopback = member->loopback;
    mail_t *mine = &loopback->mail[member->rank][partner];
    mail_t *other = &loopback->mail[partner][member->rank];
    void *copy;
    bool done;

    if (is_failing(member))
        return say(error, "this exchange was to fail");
    copy = copy_of(send, send_bytes);
    pthread_mutex_lock(&loopback->mutex);
    *mine = (mail_t){copy, send_bytes, true};
    pthread_cond_broadcast(&loopback->changed);
    while (!other->full && !loopback->revoked)
        pthread_cond_wait(&loopback->changed, &loopback->mutex);
    if (other->full && other->count == receive_bytes && receive_bytes > 0)
        memcpy(receive, other->bytes, receive_bytes);
    done = other->full && other->count == receive_bytes;
    other->full = false;
    pthread_cond_broadcast(&loopback->changed);
    while (mine->full && !loopback->revoked)
        pthread_cond_wait(&loopback->changed, &loopback->mutex);
    drop_copy(member, copy, !mine->full); /* bytes are read under the mutex */
    pthread_mutex_unlock(&loopback->mutex);
    if (!done)
        return lost(loopback, error);
    wait_for(loopback, send_bytes);
    return DLCORE_OK;
}

static dlcore_status loopback_broadcast(void *user, size_t root, void *bytes, size_t count,
                                        dlcore_error_record_t *error)
{
    member_t *member = user;
    loopback_t *loopback = member->loopback;

    if (is_failing(member))
        return say(error, "this broadcast was to fail");
    member->shown = copy_of(bytes, count);
    if (!meet_all(loopback)) {
        drop_copy(member, member->shown, false);
        return lost(loopback, error);
    }
    if (member->rank != root)
        memcpy(bytes, loopback->members[root].shown, count);
    wait_for(loopback, count);
    return end_round(member) ? DLCORE_OK : lost(loopback, error);
}

static dlcore_status loopback_gather(void *user, const void *record, size_t bytes, void *records,
                                     dlcore_error_record_t *error)
{
    member_t *member = user;
    loopback_t *loopback = member->loopback;

    if (is_failing(member))
        return say(error, "this gather was to fail");
    member->shown = copy_of(record, bytes);
    if (!meet_all(loopback)) {
        drop_copy(member, member->shown, false);
        return lost(loopback, error);
    }
    for (size_t rank = 0; rank < loopback->size; rank++)
        memcpy((char *)records + rank * bytes, loopback->members[rank].shown, bytes);
    wait_for(loopback, bytes * loopback->size);
    return end_round(member) ? DLCORE_OK : lost(loopback, error);
}

static void loopback_revoke(void *user, const char *message)
{
    member_t *member = user;
    loopback_t *loopback = member->loopback;

    pthread_mutex_lock(&loopback->mutex);
    if (!loopback->revoked)
        snprintf(loopback->reason, sizeof loopback->reason, "%s", message);
    loopback->revoked = true;
    pthread_cond_broadcast(&loopback->changed);
    pthread_mutex_unlock(&loopback->mutex);
}

dlcore_collective_t loopback_collective(loopback_t *loopback, size_t rank)
{
    return (dlcore_collective_t){.rank = rank,
                                 .size = loopback->size,
                                 .user = &loopback->members[rank],
                                 .allreduce_begin = loopback_begin,
                                 .allreduce_finish = loopback_finish,
                                 .exchange = loopback_exchange,
                                 .broadcast = loopback_broadcast,
                                 .gather = loopback_gather,
                                 .revoke = loopback_revoke};
}

/* ---- running ---- */

typedef struct runner {
    dlcore_collective_t collective;
    loopback_work_t work;
    void *user;
} runner_t;

static void *run_member(void *argument)
{
    runner_t *runner = argument;

    runner->work(runner->user, &runner->collective);
    return NULL;
}

void loopback_run(loopback_t *loopback, const dlcore_collective_t *settings, loopback_work_t work,
                  void *user)
{
    pthread_t threads[LOOPBACK_RANKS_MAX];
    runner_t runners[LOOPBACK_RANKS_MAX];

    for (size_t rank = 0; rank < loopback->size; rank++) {
        dlcore_collective_t collective = loopback_collective(loopback, rank);

        if (settings != NULL) {
            collective.deterministic = settings->deterministic;
            collective.own_data = settings->own_data;
            collective.local_batch_statistics = settings->local_batch_statistics;
            collective.piece_bytes = settings->piece_bytes;
            collective.early_update = settings->early_update;
        }
        runners[rank] = (runner_t){collective, work, user};
        if (pthread_create(&threads[rank], NULL, run_member, &runners[rank]) != 0)
            abort();
    }
    for (size_t rank = 0; rank < loopback->size; rank++)
        pthread_join(threads[rank], NULL);
}
