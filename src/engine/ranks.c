/* Calls of a collective, and sums over slices and ranks.
 *
 * SPDX-License-Identifier: MIT */
#include "engine/ranks.h"

#include <stdio.h>
#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/size.h"

dlcore_status dlcore_ranks_create(const dlcore_allocator_t *allocator,
                                  const dlcore_collective_t *collective, size_t record_bytes,
                                  dlcore_ranks_t **ranks, dlcore_error_record_t *error)
{
    dlcore_ranks_t *made = dlcore_allocate(allocator, 1, sizeof *made);
    dlcore_status status;

    *ranks = NULL;
    if (made == NULL)
        return dlcore_fail_memory(error, "collective", sizeof *made);
    *made = (dlcore_ranks_t){.allocator = *allocator, .collective = *collective};
    status = dlcore_ranks_reserve(made, record_bytes, error);
    if (status != DLCORE_OK) {
        dlcore_ranks_free(made);
        return status;
    }
    *ranks = made;
    return DLCORE_OK;
}

dlcore_status dlcore_ranks_reserve(dlcore_ranks_t *ranks, size_t record_bytes,
                                   dlcore_error_record_t *error)
{
    void *records;
    size_t bytes;

    if (record_bytes <= ranks->record_bytes)
        return DLCORE_OK;
    if (!dlcore_size_multiply(ranks->collective.size, record_bytes, &bytes))
        return dlcore_fail(error, DLCORE_ERROR_OVERFLOW,
                           "collective: %zu ranks with records of %zu bytes are too many",
                           ranks->collective.size, record_bytes);
    records = dlcore_allocate(&ranks->allocator, 1, bytes);
    if (records == NULL)
        return dlcore_fail_memory(error, "collective", bytes);
    dlcore_release(&ranks->allocator, ranks->records);
    ranks->records = records;
    ranks->record_bytes = record_bytes;
    return DLCORE_OK;
}

void dlcore_ranks_free(dlcore_ranks_t *ranks)
{
    dlcore_allocator_t allocator;

    if (ranks == NULL)
        return;
    allocator = ranks->allocator;
    dlcore_release(&allocator, ranks->records);
    dlcore_release(&allocator, ranks);
}

/* ---- calls ---- */

/* Notes how a call ended; the first failure is the end of the collective, for all ranks. */
static dlcore_status note(dlcore_ranks_t *ranks, const char *call, dlcore_status status,
                          const dlcore_error_record_t *found)
{
    const dlcore_collective_t *collective = &ranks->collective;
    const char *text = found->message[0] != '\0' ? found->message : dlcore_status_string(status);

    if (status == DLCORE_OK || ranks->failure.status != DLCORE_OK)
        return ranks->failure.status;
    status = status < DLCORE_OK ? status : DLCORE_ERROR_IO;
    if (strncmp(text, "collective: ", strlen("collective: ")) == 0) /* another rank's, passed on */
        dlcore_error_write(&ranks->failure, status, "%.250s", text);
    else
        dlcore_error_write(&ranks->failure, status,
                           "collective: %s failed on rank %zu of %zu: %.160s", call,
                           collective->rank, collective->size, text);
    ranks->told = true;
    if (collective->revoke != NULL)
        collective->revoke(collective->user, ranks->failure.message);
    return ranks->failure.status;
}

static void count_call(dlcore_ranks_t *ranks, size_t bytes)
{
    ranks->calls++;
    ranks->bytes += bytes;
}

dlcore_status dlcore_ranks_begin_sum(dlcore_ranks_t *ranks, void *numbers, size_t count,
                                     dlcore_collective_number_t type, void **request)
{
    const dlcore_collective_t *collective = &ranks->collective;
    size_t bytes = count * (type == DLCORE_COLLECTIVE_FLOAT64 ? sizeof(double) : sizeof(float));
    dlcore_error_record_t found = {0};

    *request = NULL;
    if (ranks->failure.status != DLCORE_OK)
        return ranks->failure.status;
    count_call(ranks, bytes);
    return note(
        ranks, "allreduce_begin",
        collective->allreduce_begin(collective->user, numbers, count, type, request, &found),
        &found);
}

dlcore_status dlcore_ranks_finish_sum(dlcore_ranks_t *ranks, void *request)
{
    const dlcore_collective_t *collective = &ranks->collective;
    dlcore_error_record_t found = {0};

    if (request == NULL && ranks->failure.status != DLCORE_OK)
        return ranks->failure.status;
    return note(ranks, "allreduce_finish",
                collective->allreduce_finish(collective->user, request, &found), &found);
}

dlcore_status dlcore_ranks_sum_doubles(dlcore_ranks_t *ranks, double *numbers, size_t count)
{
    void *request;

    if (ranks->collective.size == 1)
        return ranks->failure.status;
    if (dlcore_ranks_begin_sum(ranks, numbers, count, DLCORE_COLLECTIVE_FLOAT64, &request) !=
        DLCORE_OK)
        return ranks->failure.status;
    return dlcore_ranks_finish_sum(ranks, request);
}

static dlcore_status exchange(dlcore_ranks_t *ranks, size_t partner, const void *send,
                              size_t send_bytes, void *receive, size_t receive_bytes)
{
    const dlcore_collective_t *collective = &ranks->collective;
    dlcore_error_record_t found = {0};

    if (ranks->failure.status != DLCORE_OK)
        return ranks->failure.status;
    count_call(ranks, send_bytes);
    return note(ranks, "exchange",
                collective->exchange(collective->user, partner, send, send_bytes, receive,
                                     receive_bytes, &found),
                &found);
}

dlcore_status dlcore_ranks_broadcast(dlcore_ranks_t *ranks, size_t root, void *bytes, size_t count)
{
    const dlcore_collective_t *collective = &ranks->collective;
    dlcore_error_record_t found = {0};

    if (ranks->failure.status != DLCORE_OK || collective->size == 1)
        return ranks->failure.status;
    count_call(ranks, collective->rank == root ? count : 0);
    return note(ranks, "broadcast",
                collective->broadcast(collective->user, root, bytes, count, &found), &found);
}

dlcore_status dlcore_ranks_gather(dlcore_ranks_t *ranks, const void *record, size_t bytes)
{
    const dlcore_collective_t *collective = &ranks->collective;
    dlcore_error_record_t found = {0};

    if (collective->size == 1)
        memcpy(ranks->records, record, bytes);
    if (ranks->failure.status != DLCORE_OK || collective->size == 1)
        return ranks->failure.status;
    count_call(ranks, bytes);
    return note(ranks, "gather",
                collective->gather(collective->user, record, bytes, ranks->records, &found),
                &found);
}

void dlcore_ranks_progress(dlcore_ranks_t *ranks)
{
    if (ranks->collective.progress != NULL && ranks->failure.status == DLCORE_OK)
        ranks->collective.progress(ranks->collective.user);
}

/* ---- sums of doubles ---- */

static void add_doubles(double *to, const double *more, size_t count)
{
    for (size_t i = 0; i < count; i++)
        to[i] += more[i];
}

dlcore_status dlcore_ranks_add_slices(dlcore_ranks_t *ranks, double *slices, size_t count,
                                      double *other)
{
    size_t local = dlcore_ranks_slices(ranks), size = ranks->collective.size;

    if (!ranks->collective.deterministic)
        return dlcore_ranks_sum_doubles(ranks, slices, count);
    for (size_t step = 1; step < local; step *= 2) {
        for (size_t i = 0; i + step < local; i += 2 * step)
            add_doubles(slices + i * count, slices + (i + step) * count, count);
    }
    for (size_t step = 1; step < size; step *= 2) {
        if (exchange(ranks, ranks->collective.rank ^ step, slices, count * sizeof *slices, other,
                     count * sizeof *other) != DLCORE_OK)
            return ranks->failure.status;
        add_doubles(slices, other, count);
    }
    return ranks->failure.status;
}

/* ---- losses and metrics ---- */

/* Whether states are added element by element. */
static bool adds_up(const dlcore_objective_t *objective)
{
    for (size_t i = 0; i < objective->metric_count; i++) {
        if (dlcore_metric_run(objective->metrics[i].kind)->merge != NULL)
            return false;
    }
    return true;
}

static void merge_levels(const dlcore_objective_t *objective, double *slices, size_t count,
                         size_t local)
{
    for (size_t step = 1; step < local; step *= 2) {
        for (size_t i = 0; i + step < local; i += 2 * step)
            dlcore_sums_merge_stored(objective, slices + i * count, slices + (i + step) * count);
    }
}

/* Over the upper levels: the lower rank's come first on both. */
static dlcore_status merge_tree(dlcore_ranks_t *ranks, const dlcore_objective_t *objective,
                                double *slices, size_t count, double *other)
{
    size_t rank = ranks->collective.rank;

    for (size_t step = 1; step < ranks->collective.size; step *= 2) {
        if (exchange(ranks, rank ^ step, slices, count * sizeof *slices, other,
                     count * sizeof *other) != DLCORE_OK)
            return ranks->failure.status;
        if ((rank & step) == 0) {
            dlcore_sums_merge_stored(objective, slices, other);
        } else {
            dlcore_sums_merge_stored(objective, other, slices);
            memcpy(slices, other, count * sizeof *slices);
        }
    }
    return ranks->failure.status;
}

static dlcore_status merge_gathered(dlcore_ranks_t *ranks, const dlcore_objective_t *objective,
                                    double *slices, size_t count)
{
    const double *all = ranks->records;

    if (dlcore_ranks_gather(ranks, slices, count * sizeof *slices) != DLCORE_OK)
        return ranks->failure.status;
    memcpy(slices, all, count * sizeof *slices);
    for (size_t rank = 1; rank < ranks->collective.size; rank++)
        dlcore_sums_merge_stored(objective, slices, all + rank * count);
    return DLCORE_OK;
}

dlcore_status dlcore_ranks_merge(dlcore_ranks_t *ranks, const dlcore_objective_t *objective,
                                 double *slices, double *scratch, dlcore_sums_t *sums)
{
    size_t count = dlcore_sums_stored_length(objective);
    dlcore_status status;

    if (ranks->collective.deterministic) {
        merge_levels(objective, slices, count, dlcore_ranks_slices(ranks));
        status = merge_tree(ranks, objective, slices, count, scratch);
    } else if (adds_up(objective)) {
        status = dlcore_ranks_sum_doubles(ranks, slices, count);
    } else {
        status = merge_gathered(ranks, objective, slices, count);
    }
    if (status == DLCORE_OK && !dlcore_sums_restore(objective, slices, count, sums))
        return dlcore_fail(&ranks->failure, DLCORE_ERROR_IO,
                           "collective: ranks sent a number of samples that is none: %g",
                           slices[1]);
    return status;
}

/* ---- gradients ---- */

/* A stretch that a rank has at a level of the tree. */
typedef struct part_of_tree {
    size_t begin, end;
} part_of_tree_t;

/* The half that the rank keeps at a level; *given: the other one. */
static part_of_tree_t keep_half(part_of_tree_t of, bool upper, part_of_tree_t *given)
{
    size_t middle = of.begin + (of.end - of.begin) / 2;
    part_of_tree_t low = {of.begin, middle}, high = {middle, of.end};

    *given = upper ? low : high;
    return upper ? high : low;
}

/* Halves are added up level by level, so that each rank ends with the whole sum of one stretch;
 * then the stretches go back the same way. The numbers that are added at a level are those of the
 * tree. */
dlcore_status dlcore_ranks_add_tree(dlcore_ranks_t *ranks, const dlcore_training_kernels_t *kernels,
                                    float *numbers, size_t count, float *other)
{
    size_t rank = ranks->collective.rank, size = ranks->collective.size, level = 0;
    part_of_tree_t kept[4] = {{0, count}}, given[4];

    for (size_t step = 1; step < size; step *= 2, level++) {
        size_t length;

        kept[level + 1] = keep_half(kept[level], (rank & step) != 0, &given[level]);
        length = kept[level + 1].end - kept[level + 1].begin;
        if (exchange(ranks, rank ^ step, numbers + given[level].begin,
                     (given[level].end - given[level].begin) * sizeof *numbers, other,
                     length * sizeof *other) != DLCORE_OK)
            return ranks->failure.status;
        kernels->accumulate(length, numbers + kept[level + 1].begin, other);
    }
    while (level-- > 0) {
        size_t step = (size_t)1 << level;

        if (exchange(ranks, rank ^ step, numbers + kept[level + 1].begin,
                     (kept[level + 1].end - kept[level + 1].begin) * sizeof *numbers,
                     numbers + given[level].begin,
                     (given[level].end - given[level].begin) * sizeof *numbers) != DLCORE_OK)
            return ranks->failure.status;
    }
    return ranks->failure.status;
}
