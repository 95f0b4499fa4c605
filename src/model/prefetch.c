/* Reading a dataset one batch ahead.
 *
 * One lock guards the struct; the dataset's functions and the copying run without it. The thread
 * works while `state` is WORKING, the caller owns everything else. Memory is the caller's business:
 * a batch that does not fit its slot is left with the dataset until the caller has made room.
 *
 * SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L /* pthread_sigmask */

#include "model/prefetch.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/size.h"
#include "model/feed.h"
#include "tensor/tensor.h"

typedef enum state {
    IDLE,    /* nothing asked for, at first */
    WORKING, /* the thread has to fetch, or does */
    READY,   /* a batch is in the slot; or, until the next seek, an error or the pass's end */
    WAITING, /* a batch is there, but too large for the slot */
    ENDING
} state_t;

/* A batch of its own. */
typedef struct slot {
    unsigned char *memory;
    size_t room;
    dlcore_tensor_t x, y, weights;
    dlcore_source_t source;
} slot_t;

struct dlcore_prefetch {
    dlcore_allocator_t allocator;
    const dlcore_dataset_t *dataset;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    state_t state;

    bool seeks; /* begin, before the next batch */
    size_t pass, batch;
    slot_t slots[2];
    size_t next;           /* the slot that is being filled */
    dlcore_source_t found; /* what the dataset gave */
    dlcore_status status;
    dlcore_error_record_t error;
};

static size_t bytes_of(const dlcore_tensor_t *t)
{
    return t == NULL
               ? 0
               : dlcore_size_round_up(t->size * dlcore_dtype_size(t->dtype), DLCORE_ALIGNMENT);
}

static size_t batch_bytes(const dlcore_source_t *source)
{
    return bytes_of(source->x) + bytes_of(source->y) + bytes_of(source->weights);
}

/* A contiguous copy of `from` at `memory`; answers where it ends. */
static unsigned char *copy(const dlcore_tensor_t *from, dlcore_tensor_t *to, unsigned char *memory)
{
    size_t length, runs = dlcore_tensor_runs(from, &length);
    size_t bytes = length * dlcore_dtype_size(from->dtype);

    *to = *from;
    to->row_stride = from->row_size;
    to->data = memory;
    for (size_t run = 0; bytes > 0 && run < runs; run++)
        memcpy(memory + run * bytes, dlcore_tensor_run(from, run), bytes);
    return memory + bytes_of(from);
}

static void fill(slot_t *slot, const dlcore_source_t *found)
{
    unsigned char *memory = slot->memory;

    slot->source = *found;
    if (found->rows == 0)
        return;
    memory = copy(found->x, &slot->x, memory);
    slot->source.x = &slot->x;
    if (found->y != NULL) {
        memory = copy(found->y, &slot->y, memory);
        slot->source.y = &slot->y;
    }
    if (found->weights != NULL) {
        (void)copy(found->weights, &slot->weights, memory);
        slot->source.weights = &slot->weights;
    }
}

/* One batch from the dataset, without the lock. */
static dlcore_status fetch(dlcore_prefetch_t *prefetch, bool seeks)
{
    const dlcore_dataset_t *dataset = prefetch->dataset;
    dlcore_status status = DLCORE_OK;

    prefetch->found = (dlcore_source_t){0};
    if (seeks)
        status = dlcore_dataset_begin(dataset, prefetch->pass, prefetch->batch, &prefetch->error);
    if (status != DLCORE_OK)
        return status;
    return dlcore_dataset_next(dataset, true, &prefetch->found, &prefetch->error);
}

static void *run(void *argument)
{
    dlcore_prefetch_t *prefetch = argument;

    pthread_mutex_lock(&prefetch->lock);
    while (prefetch->state != ENDING) {
        slot_t *slot = &prefetch->slots[prefetch->next];
        bool seeks = prefetch->seeks, fits;
        dlcore_status status;

        if (prefetch->state != WORKING) {
            pthread_cond_wait(&prefetch->changed, &prefetch->lock);
            continue;
        }
        prefetch->seeks = false;
        pthread_mutex_unlock(&prefetch->lock);
        status = fetch(prefetch, seeks);
        fits = status != DLCORE_OK || batch_bytes(&prefetch->found) <= slot->room;
        if (status == DLCORE_OK && fits)
            fill(slot, &prefetch->found);
        pthread_mutex_lock(&prefetch->lock);
        prefetch->status = status;
        if (prefetch->state == WORKING)
            prefetch->state = fits ? READY : WAITING;
        pthread_cond_broadcast(&prefetch->changed);
    }
    pthread_mutex_unlock(&prefetch->lock);
    return NULL;
}

dlcore_status dlcore_prefetch_start(const dlcore_allocator_t *allocator,
                                    const dlcore_dataset_t *dataset, dlcore_prefetch_t **prefetch,
                                    dlcore_error_record_t *error)
{
    dlcore_prefetch_t *made = dlcore_allocate(allocator, 1, sizeof *made);
    sigset_t all, before;
    int number;

    *prefetch = NULL;
    if (made == NULL)
        return dlcore_fail_memory(error, "prefetch", sizeof *made);
    made->allocator = *allocator;
    made->dataset = dataset;
    pthread_mutex_init(&made->lock, NULL);
    pthread_cond_init(&made->changed, NULL);
    sigfillset(&all); /* signals are for the host's threads */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    number = pthread_create(&made->thread, NULL, run, made);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (number != 0) {
        pthread_cond_destroy(&made->changed);
        pthread_mutex_destroy(&made->lock);
        dlcore_release(allocator, made);
        return dlcore_fail_errno(error, number, "prefetch: cannot start a thread");
    }
    *prefetch = made;
    return DLCORE_OK;
}

/* Waits until the thread is not in the dataset; the lock is held. */
static void settle(dlcore_prefetch_t *prefetch)
{
    while (prefetch->state == WORKING)
        pthread_cond_wait(&prefetch->changed, &prefetch->lock);
}

void dlcore_prefetch_stop(dlcore_prefetch_t *prefetch)
{
    dlcore_allocator_t allocator;

    if (prefetch == NULL)
        return;
    pthread_mutex_lock(&prefetch->lock);
    settle(prefetch);
    prefetch->state = ENDING;
    pthread_cond_broadcast(&prefetch->changed);
    pthread_mutex_unlock(&prefetch->lock);
    pthread_join(prefetch->thread, NULL);
    pthread_cond_destroy(&prefetch->changed);
    pthread_mutex_destroy(&prefetch->lock);
    allocator = prefetch->allocator;
    dlcore_release(&allocator, prefetch->slots[0].memory);
    dlcore_release(&allocator, prefetch->slots[1].memory);
    dlcore_release(&allocator, prefetch);
}

void dlcore_prefetch_seek(dlcore_prefetch_t *prefetch, size_t pass, size_t batch)
{
    pthread_mutex_lock(&prefetch->lock);
    settle(prefetch);
    prefetch->pass = pass;
    prefetch->batch = batch;
    prefetch->seeks = true;
    prefetch->state = WORKING;
    pthread_cond_broadcast(&prefetch->changed);
    pthread_mutex_unlock(&prefetch->lock);
}

/* Makes room for the batch that waits, and copies it. */
static dlcore_status take_waiting(dlcore_prefetch_t *prefetch, slot_t *slot,
                                  dlcore_error_record_t *error)
{
    size_t bytes = batch_bytes(&prefetch->found);

    dlcore_release(&prefetch->allocator, slot->memory);
    slot->room = 0;
    slot->memory = dlcore_allocate_raw(&prefetch->allocator, bytes, 1);
    if (slot->memory == NULL)
        return dlcore_fail_memory(error, "prefetched batch", bytes);
    slot->room = bytes;
    fill(slot, &prefetch->found);
    return DLCORE_OK;
}

dlcore_status dlcore_prefetch_next(dlcore_prefetch_t *prefetch, dlcore_source_t *source,
                                   dlcore_error_record_t *error)
{
    slot_t *slot = &prefetch->slots[prefetch->next];
    dlcore_status status;

    *source = (dlcore_source_t){0};
    pthread_mutex_lock(&prefetch->lock);
    settle(prefetch);
    status = prefetch->status;
    if (status != DLCORE_OK)
        (void)dlcore_fail(error, status, "%s", prefetch->error.message);
    else if (prefetch->state == WAITING)
        status = take_waiting(prefetch, slot, error);
    if (status == DLCORE_OK)
        *source = slot->source;
    if (source->rows > 0) { /* the one after it meanwhile */
        prefetch->next = 1 - prefetch->next;
        prefetch->state = WORKING;
        pthread_cond_broadcast(&prefetch->changed);
    }
    pthread_mutex_unlock(&prefetch->lock);
    return status;
}
