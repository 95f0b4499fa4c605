/* The dataset that does as it is told.
 *
 * SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L /* nanosleep */

#include "support/scripted_dataset.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static void pause_for(unsigned milliseconds)
{
    struct timespec time = {.tv_nsec = (long)milliseconds * 1000000};

    nanosleep(&time, NULL);
}

static void enter(scripted_dataset_t *script)
{
    if (atomic_exchange(&script->inside, 1))
        atomic_store(&script->together, true);
}

static dlcore_status begin(void *user, size_t pass, size_t batch, dlcore_error_record_t *error)
{
    scripted_dataset_t *script = user;

    enter(script);
    script->pass = pass;
    script->batch = batch;
    if (script->message_never_ends)
        memset(error->message, 'm', sizeof error->message);
    else if (script->begin_status != DLCORE_OK)
        snprintf(error->message, sizeof error->message, "no disk");
    atomic_fetch_add(&script->begun, 1);
    atomic_store(&script->inside, 0);
    return script->begin_status;
}

static void drop(scripted_dataset_t *script)
{
    dlcore_tensor_free(script->x);
    dlcore_tensor_free(script->y);
    dlcore_tensor_free(script->weights);
    script->x = script->y = script->weights = NULL;
    memset(&script->memory, 0xDD, sizeof script->memory);
    memset(script->labels, 0xDD, sizeof script->labels);
}

/* x with a value in its rows, and something else in the gaps. */
static dlcore_status make_x(scripted_dataset_t *script, const scripted_batch_t *batch, int value,
                            dlcore_error_record_t *error)
{
    const size_t shape[2] = {batch->rows, batch->width};
    size_t stride = batch->gap > 0 ? batch->width + batch->gap : 0;
    dlcore_status status =
        dlcore_tensor_borrow(NULL, scripted_dtype(batch), batch->scalar ? 0 : 2, shape,
                             script->memory.bytes, batch->scalar ? 0 : stride, &script->x, error);

    return status == DLCORE_OK ? dlcore_tensor_fill(script->x, value, error) : status;
}

static dlcore_status give(scripted_dataset_t *script, const scripted_batch_t *plan,
                          dlcore_dataset_batch_t *batch, dlcore_error_record_t *error)
{
    int value = (int)(10 * script->pass + script->batch);
    dlcore_status status = make_x(script, plan, value, error);

    for (size_t i = 0; i < plan->rows; i++) {
        script->labels[i] = value;
        script->ones[i] = 1.0f;
    }
    if (status == DLCORE_OK)
        status = dlcore_tensor_borrow_const(NULL, DLCORE_DTYPE_INT32, 1, &plan->rows,
                                            script->labels, 0, &script->y, error);
    if (status == DLCORE_OK)
        status = dlcore_tensor_borrow_const(NULL, DLCORE_DTYPE_FLOAT32, 1, &plan->rows,
                                            script->ones, 0, &script->weights, error);
    batch->x = plan->without_x ? NULL : script->x;
    batch->y = plan->without_y ? NULL : script->y;
    batch->sample_weight = plan->with_weights ? script->weights : NULL;
    return status;
}

static dlcore_status next(void *user, dlcore_dataset_batch_t *batch, dlcore_error_record_t *error)
{
    scripted_dataset_t *script = user;
    dlcore_status status = DLCORE_OK;

    enter(script);
    if (script->milliseconds > 0)
        pause_for(script->milliseconds);
    drop(script);
    if (script->batch < script->count) {
        const scripted_batch_t *plan = &script->batches[script->batch];

        status = plan->status;
        if (plan->message != NULL)
            snprintf(error->message, sizeof error->message, "%s", plan->message);
        if (status == DLCORE_OK)
            status = give(script, plan, batch, error);
        script->batch++;
    }
    atomic_store(&script->inside, 0);
    atomic_fetch_add(&script->calls, 1);
    return status;
}

dlcore_dataset_t scripted_dataset(scripted_dataset_t *script)
{
    return (dlcore_dataset_t){.user = script, .begin = begin, .next = next};
}

void scripted_dataset_clear(scripted_dataset_t *script)
{
    drop(script);
}

void scripted_dataset_wait(scripted_dataset_t *script, size_t calls)
{
    while (atomic_load(&script->calls) < calls)
        pause_for(1);
    pause_for(2); /* and what the reader does with it */
}
