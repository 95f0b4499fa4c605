/* The record that fit keeps: a row of values per epoch.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_FIT_HISTORY_H
#define DLCORE_FIT_HISTORY_H

#include "system/compiler.h"

#include "dlcore/model.h"
#include "model/progress.h"

DLCORE_HIDDEN_BEGIN

#define DLCORE_HISTORY_VALUES_MAX DLCORE_PROGRESS_VALUES_MAX
#define DLCORE_HISTORY_NAME_SIZE 64

struct dlcore_history {
    dlcore_allocator_t allocator;
    char names[DLCORE_HISTORY_VALUES_MAX][DLCORE_HISTORY_NAME_SIZE];
    size_t value_count; /* values of a row */
    double *values;     /* row-major, capacity rows */
    size_t epochs, capacity;
    size_t first_epoch; /* the number of the first row's, from 0 */
    bool stopped;
};

/* An empty record with room for `epochs` rows, at most 64 at first. NULL without memory. */
dlcore_history_t *dlcore_history_create(const dlcore_allocator_t *allocator,
                                        const char *const *names, size_t value_count,
                                        size_t epochs);
/* Appends a row of value_count values; false without memory. */
bool dlcore_history_append(dlcore_history_t *history, const double *values);

DLCORE_HIDDEN_END

#endif
