/* The record that fit keeps.
 *
 * SPDX-License-Identifier: MIT */
#include "fit/history.h"

#include <stdio.h>
#include <string.h>

#include "base/allocator.h"
#include "base/size.h"

dlcore_history_t *dlcore_history_create(const dlcore_allocator_t *allocator,
                                        const char *const *names, size_t value_count, size_t epochs)
{
    dlcore_history_t *history = dlcore_allocate(allocator, 1, sizeof *history);

    if (history == NULL)
        return NULL;
    history->allocator = *allocator;
    history->value_count = value_count;
    history->capacity = dlcore_size_max(dlcore_size_min(epochs, 64), 1);
    for (size_t i = 0; i < value_count; i++)
        snprintf(history->names[i], sizeof history->names[i], "%s", names[i]);
    history->values =
        dlcore_allocate(allocator, history->capacity * value_count, sizeof *history->values);
    if (history->values == NULL) {
        dlcore_release(allocator, history);
        return NULL;
    }
    return history;
}

bool dlcore_history_append(dlcore_history_t *history, const double *values)
{
    size_t count = history->value_count;

    if (history->epochs == history->capacity) {
        size_t capacity = history->capacity * 2;
        double *more = dlcore_allocate(&history->allocator, capacity, count * sizeof *more);

        if (more == NULL)
            return false;
        memcpy(more, history->values, history->epochs * count * sizeof *more);
        dlcore_release(&history->allocator, history->values);
        history->values = more;
        history->capacity = capacity;
    }
    memcpy(history->values + history->epochs * count, values, count * sizeof *values);
    history->epochs++;
    return true;
}

void dlcore_history_free(dlcore_history_t *history)
{
    dlcore_allocator_t allocator;

    if (history == NULL)
        return;
    allocator = history->allocator;
    dlcore_release(&allocator, history->values);
    dlcore_release(&allocator, history);
}

size_t dlcore_history_epoch_count(const dlcore_history_t *history)
{
    return history != NULL ? history->epochs : 0;
}

size_t dlcore_history_value_count(const dlcore_history_t *history)
{
    return history != NULL ? history->value_count : 0;
}

size_t dlcore_history_first_epoch(const dlcore_history_t *history)
{
    return history != NULL ? history->first_epoch : 0;
}

const char *dlcore_history_name(const dlcore_history_t *history, size_t index)
{
    return history != NULL && index < history->value_count ? history->names[index] : NULL;
}

bool dlcore_history_stopped(const dlcore_history_t *history)
{
    return history != NULL && history->stopped;
}
