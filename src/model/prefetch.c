/* Reading a dataset one batch ahead.
 *
 * Thread and caller take turns with the whole struct: it is the thread's while `state` is WORKING,
 * else the caller's. Memory is the caller's business: a batch that does not fit its slot is left
 * with the dataset until the caller has made room.
 *
 * SPDX-License-Identifier: MIT */
#include "model/prefetch.h"

#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/size.h"
#include "base/wait_word.h"
#include "engine/team.h"
#include "model/dataset.h"
#include "system/threads.h"
#include "tensor/sparse.h"

enum {
    IDLE,    /* nothing asked for, at first */
    WORKING, /* the thread has to fetch, or does */
    READY,   /* a batch is in the slot; or, until the next seek, an error or the pass's end */
    WAITING, /* a batch is there, but too large for the slot */
    ENDING
};

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
    dlcore_thread_t thread;
    unsigned forks; /* before it was made */
    dlcore_wait_word_t state;

    bool seeks; /* begin, before the next batch */
    size_t pass, batch;
    slot_t slots[2];
    size_t next;           /* the slot that is being filled */
    dlcore_source_t found; /* what the dataset gave */
    dlcore_status status;
    dlcore_error_record_t error;
};

static size_t aligned(size_t bytes)
{
    return dlcore_size_round_up(bytes, DLCORE_ALIGNMENT);
}

static size_t bytes_of(const dlcore_tensor_t *t)
{
    size_t arrays;

    if (t == NULL)
        return 0;
    if (!t->is_sparse)
        return aligned(t->size * dlcore_dtype_size(t->dtype));
    arrays = t->sparse.values != NULL ? 2 : 1; /* of 4 bytes an entry */
    return aligned((t->sparse.rows + 1) * sizeof(size_t)) +
           arrays * aligned(dlcore_sparse_entries(&t->sparse) * sizeof(int32_t));
}

static size_t batch_bytes(const dlcore_source_t *source)
{
    return bytes_of(source->x) + bytes_of(source->y) + bytes_of(source->weights);
}

/* The arrays, each aligned, with starts that begin at 0. */
static void copy_arrays(const dlcore_sparse_t *from, dlcore_sparse_t *to, unsigned char *memory)
{
    size_t *starts = (size_t *)(void *)memory;
    size_t first = from->starts[0], bytes = dlcore_sparse_entries(from) * sizeof(int32_t);

    for (size_t row = 0; row <= from->rows; row++)
        starts[row] = from->starts[row] - first;
    memory += aligned((from->rows + 1) * sizeof *starts);
    to->starts = starts;
    to->indices = (const int32_t *)(const void *)memory;
    if (bytes > 0)
        memcpy(memory, from->indices + first, bytes);
    if (from->values == NULL)
        return;
    memory += aligned(bytes);
    to->values = (const float *)(const void *)memory;
    if (bytes > 0)
        memcpy(memory, from->values + first, bytes);
}

/* A contiguous copy of `from` at `memory`; answers where it ends. */
static unsigned char *copy_part(const dlcore_tensor_t *from, dlcore_tensor_t *to,
                                unsigned char *memory)
{
    size_t length, runs = dlcore_tensor_runs(from, &length);
    size_t bytes = length * dlcore_dtype_size(from->dtype);

    *to = *from;
    if (from->is_sparse) {
        copy_arrays(&from->sparse, &to->sparse, memory);
        return memory + bytes_of(from);
    }
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
    memory = copy_part(found->x, &slot->x, memory);
    slot->source.x = &slot->x;
    if (found->y != NULL) {
        memory = copy_part(found->y, &slot->y, memory);
        slot->source.y = &slot->y;
    }
    if (found->weights != NULL) {
        (void)copy_part(found->weights, &slot->weights, memory);
        slot->source.weights = &slot->weights;
    }
}

/* One batch from the dataset. */
static dlcore_status fetch_batch(dlcore_prefetch_t *prefetch, bool seeks)
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

static void fill_next(dlcore_prefetch_t *prefetch)
{
    slot_t *slot = &prefetch->slots[prefetch->next];
    bool seeks = prefetch->seeks, fits;

    prefetch->seeks = false;
    prefetch->status = fetch_batch(prefetch, seeks);
    fits = prefetch->status != DLCORE_OK || batch_bytes(&prefetch->found) <= slot->room;
    if (prefetch->status == DLCORE_OK && fits)
        fill(slot, &prefetch->found);
    dlcore_wait_word_store(&prefetch->state, fits ? READY : WAITING);
}

static void run_prefetch(void *argument)
{
    dlcore_prefetch_t *prefetch = argument;

    for (;;) {
        unsigned state = atomic_load(&prefetch->state.value);

        if (state == ENDING)
            return;
        if (state == WORKING)
            fill_next(prefetch);
        else
            dlcore_wait_word_park(&prefetch->state, state);
    }
}

dlcore_status dlcore_prefetch_start(const dlcore_allocator_t *allocator,
                                    const dlcore_dataset_t *dataset, dlcore_prefetch_t **prefetch,
                                    dlcore_error_record_t *error)
{
    dlcore_prefetch_t *made;
    int number;

    *prefetch = NULL;
    if (!DLCORE_HAS_THREADS)
        return dlcore_fail(error, DLCORE_ERROR_UNSUPPORTED,
                           "prefetch: this dlcore is built without threads (DLCORE_THREADS)");
    made = dlcore_allocate(allocator, 1, sizeof *made);
    if (made == NULL)
        return dlcore_fail_memory(error, "prefetch", sizeof *made);
    made->allocator = *allocator;
    made->dataset = dataset;
    made->forks = dlcore_team_forks();
    dlcore_wait_word_init(&made->state);
    number = dlcore_thread_start(&made->thread, 0, run_prefetch, made);
    if (number != 0) {
        dlcore_release(allocator, made);
        return dlcore_fail_errno(error, number, "prefetch: cannot start a thread");
    }
    *prefetch = made;
    return DLCORE_OK;
}

/* Whether this is a child process, which the thread is no part of, and where the dataset may be in
 * the midst of its functions. */
static bool is_orphaned(const dlcore_prefetch_t *prefetch)
{
    return prefetch->forks != dlcore_team_forks();
}

/* Waits for the caller's turn. */
static void settle_prefetch(dlcore_prefetch_t *prefetch)
{
    if (!is_orphaned(prefetch))
        dlcore_wait_word_park(&prefetch->state, WORKING);
}

void dlcore_prefetch_stop(dlcore_prefetch_t *prefetch)
{
    dlcore_allocator_t allocator;

    if (prefetch == NULL)
        return;
    settle_prefetch(prefetch);
    if (!is_orphaned(prefetch)) {
        dlcore_wait_word_store(&prefetch->state, ENDING);
        dlcore_thread_join(&prefetch->thread);
    }
    allocator = prefetch->allocator;
    dlcore_release(&allocator, prefetch->slots[0].memory);
    dlcore_release(&allocator, prefetch->slots[1].memory);
    dlcore_release(&allocator, prefetch);
}

void dlcore_prefetch_seek(dlcore_prefetch_t *prefetch, size_t pass, size_t batch)
{
    settle_prefetch(prefetch);
    prefetch->pass = pass;
    prefetch->batch = batch;
    prefetch->seeks = true;
    dlcore_wait_word_store(&prefetch->state, WORKING);
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
    if (is_orphaned(prefetch))
        return dlcore_fail(error, DLCORE_ERROR_STATE,
                           "prefetch: the process has forked, and the thread that reads ahead "
                           "stayed with the parent");
    settle_prefetch(prefetch);
    status = prefetch->status;
    if (status != DLCORE_OK)
        (void)dlcore_fail(error, status, "%s", prefetch->error.message);
    else if (atomic_load(&prefetch->state.value) == WAITING)
        status = take_waiting(prefetch, slot, error);
    if (status == DLCORE_OK)
        *source = slot->source;
    if (source->rows > 0) { /* the one after it meanwhile */
        prefetch->next = 1 - prefetch->next;
        dlcore_wait_word_store(&prefetch->state, WORKING);
    }
    return status;
}
