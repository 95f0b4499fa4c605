/* Records of runs that go on later.
 *
 * SPDX-License-Identifier: MIT */
#include "model/run_state.h"

#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "model/model.h"

/* `count` may be 0: then NULL will do. */
static bool reserve_state(const dlcore_allocator_t *allocator, size_t count, size_t size,
                          void *pointer)
{
    void *memory = count > 0 ? dlcore_allocate(allocator, count, size) : NULL;

    memcpy(pointer, &memory, sizeof memory);
    return memory != NULL || count == 0;
}

dlcore_run_state_t *dlcore_run_state_create(const dlcore_allocator_t *allocator, size_t sum_count,
                                            size_t rows, size_t value_count, size_t callback_count)
{
    dlcore_run_state_t *state = dlcore_allocate(allocator, 1, sizeof *state);

    if (state == NULL)
        return NULL;
    state->sum_count = sum_count;
    state->rows = rows;
    state->value_count = value_count;
    state->callback_count = callback_count;
    if (reserve_state(allocator, sum_count, sizeof(double), &state->sums) &&
        reserve_state(allocator, rows * value_count, sizeof(double), &state->history) &&
        reserve_state(allocator, callback_count, sizeof *state->callbacks, &state->callbacks))
        return state;
    dlcore_run_state_free(allocator, state);
    return NULL;
}

bool dlcore_run_state_reserve(const dlcore_allocator_t *allocator,
                              dlcore_callback_state_t *callback, size_t count)
{
    if (!reserve_state(allocator, count, sizeof(double), &callback->numbers))
        return false;
    callback->count = count;
    return true;
}

void dlcore_run_state_free(const dlcore_allocator_t *allocator, dlcore_run_state_t *state)
{
    if (state == NULL)
        return;
    for (size_t i = 0; state->callbacks != NULL && i < state->callback_count; i++) {
        dlcore_release(allocator, state->callbacks[i].numbers);
        dlcore_release(allocator, state->callbacks[i].weights);
    }
    dlcore_release(allocator, state->callbacks);
    dlcore_release(allocator, state->weights);
    dlcore_release(allocator, state->history);
    dlcore_release(allocator, state->sums);
    dlcore_release(allocator, state);
}

static bool copy_callback(const dlcore_allocator_t *allocator, dlcore_callback_state_t *to,
                          const dlcore_callback_state_t *from, size_t weights)
{
    memcpy(to->name, from->name, sizeof to->name);
    if (!dlcore_run_state_reserve(allocator, to, from->count))
        return false;
    if (from->count > 0)
        memcpy(to->numbers, from->numbers, from->count * sizeof *to->numbers);
    if (from->weights == NULL)
        return true;
    to->weights = dlcore_allocate(allocator, weights, sizeof *to->weights);
    if (to->weights != NULL)
        memcpy(to->weights, from->weights, weights * sizeof *to->weights);
    return to->weights != NULL;
}

dlcore_run_state_t *dlcore_run_state_copy(const dlcore_allocator_t *allocator,
                                          const dlcore_run_state_t *view, size_t weights)
{
    dlcore_run_state_t *copy = dlcore_run_state_create(allocator, view->sum_count, view->rows,
                                                       view->value_count, view->callback_count);
    bool done = copy != NULL;

    if (copy == NULL)
        return NULL;
    copy->position = view->position;
    memcpy(copy->sums, view->sums, view->sum_count * sizeof *copy->sums);
    if (view->rows > 0)
        memcpy(copy->history, view->history,
               view->rows * view->value_count * sizeof *copy->history);
    for (size_t i = 0; done && i < view->callback_count; i++)
        done = copy_callback(allocator, &copy->callbacks[i], &view->callbacks[i], weights);
    if (done)
        return copy;
    dlcore_run_state_free(allocator, copy);
    return NULL;
}

void dlcore_model_drop_run(dlcore_model_t *model)
{
    dlcore_run_state_free(&model->allocator, model->stopped);
    model->stopped = NULL;
}

dlcore_run_key_t dlcore_model_key(const dlcore_model_t *model)
{
    return (dlcore_run_key_t){.version = dlcore_model_version(model),
                              .revision = model->network.revision,
                              .compiles = model->compiles};
}

bool dlcore_model_is_as(const dlcore_model_t *model, const dlcore_run_key_t *key)
{
    dlcore_run_key_t now = dlcore_model_key(model);

    return key->version == now.version && key->revision == now.revision &&
           key->compiles == now.compiles;
}

void dlcore_model_keep_run(dlcore_model_t *model)
{
    if (model->stopped != NULL)
        model->stopped->key = dlcore_model_key(model);
}

void dlcore_model_settle_run(dlcore_model_t *model)
{
    if (model->stopped != NULL && !dlcore_model_is_as(model, &model->stopped->key))
        dlcore_model_drop_run(model);
}
