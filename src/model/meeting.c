/* Meetings of ranks.
 *
 * SPDX-License-Identifier: MIT */
#include "model/meeting.h"

#include <string.h>

#include "base/error.h"
#include "base/size.h"
#include "nn/loss_masked.h"

/* What a rank says; fixed types, for ranks may be of several builds. */
typedef struct said {
    uint64_t point, rows, other;
    int32_t status;
    uint8_t weak, stops, stops_by_callback, ends, unchecked;
} said_t;

static const char *const point_names[DLCORE_MEETING_POINTS] = {
    [DLCORE_MEETING_FIT] = "the beginning of fit",
    [DLCORE_MEETING_TRAIN_ON_BATCH] = "train_on_batch",
    [DLCORE_MEETING_TRAIN_ON_GRADIENT] = "train_on_gradient",
    [DLCORE_MEETING_GRADIENTS] = "gradients",
    [DLCORE_MEETING_LBFGS] = "the beginning of fit_lbfgs",
    [DLCORE_MEETING_EVALUATE] = "evaluate",
    [DLCORE_MEETING_BEGUN] = "the first step of fit",
    [DLCORE_MEETING_STEP] = "a step of fit",
    [DLCORE_MEETING_VALIDATION] = "the validation of fit",
    [DLCORE_MEETING_EPOCH] = "the end of an epoch of fit",
    [DLCORE_MEETING_END] = "the end of fit",
    [DLCORE_MEETING_CLOSE] = "the end of fit",
};

static const char *point_name(uint64_t point)
{
    return point < DLCORE_MEETING_POINTS ? point_names[point] : "something unknown";
}

dlcore_status dlcore_ranks_begin(dlcore_ranks_t *ranks, const char *call,
                                 dlcore_error_record_t *error)
{
    ranks->told = false;
    if (ranks->failure.status == DLCORE_OK)
        return DLCORE_OK;
    ranks->told = true;
    return dlcore_fail(error, DLCORE_ERROR_STATE,
                       "%s: the collective has failed before; call model_set_collective with "
                       "another: %.150s",
                       call, ranks->failure.message);
}

dlcore_status dlcore_ranks_check_objective(const dlcore_objective_t *objective, const char *call,
                                           dlcore_error_record_t *error)
{
    dlcore_label_mask_t mask = dlcore_loss_mask(&objective->loss_settings);

    if (dlcore_mask_is_any(&mask))
        return dlcore_fail(error, DLCORE_ERROR_UNSUPPORTED,
                           "%s: with a collective no rank knows how many labels of a batch are "
                           "present: %s of the loss is not supported",
                           call,
                           mask.ignores   ? "ignore_class"
                           : mask.missing ? "missing_labels"
                                          : "weighted_labels");
    if (!dlcore_objective_is_called_once(objective))
        return DLCORE_OK;
    return dlcore_fail(error, DLCORE_ERROR_UNSUPPORTED,
                       "%s: with a collective no rank has all rows of a batch: a loss or metric "
                       "function needs calls FUNCTION_CALLS_ROWS",
                       call);
}

/* ---- failures ---- */

/* The rank whose failure is told; the size where none has failed. */
static size_t first_failed(const said_t *all, size_t size)
{
    size_t weak = size;

    for (size_t rank = 0; rank < size; rank++) {
        if (all[rank].status != DLCORE_OK && !all[rank].weak)
            return rank;
        if (all[rank].status != DLCORE_OK && weak == size)
            weak = rank;
    }
    return weak;
}

/* Its message goes to all; it stays what it is where there is one rank. */
static dlcore_status tell_failure(dlcore_ranks_t *ranks, size_t failed, dlcore_status status,
                                  dlcore_error_record_t *error)
{
    dlcore_error_record_t message = {0};
    size_t size = ranks->collective.size;

    ranks->told = true;
    if (size == 1)
        return status;
    if (failed == ranks->collective.rank && error != NULL)
        message = *error;
    if (dlcore_ranks_broadcast(ranks, failed, message.message, sizeof message.message) != DLCORE_OK)
        return dlcore_ranks_failed(ranks, error);
    message.message[sizeof message.message - 1] = '\0';
    return dlcore_fail(error, status, "rank %zu of %zu: %s", failed, size,
                       message.message[0] != '\0' ? message.message : dlcore_status_string(status));
}

/* ---- differences ---- */

/* Every rank has all of this: so all come to the same answer. */
static dlcore_status compare(dlcore_ranks_t *ranks, const said_t *all, dlcore_error_record_t *error)
{
    const said_t *first = &all[0];

    for (size_t rank = 1; rank < ranks->collective.size; rank++) {
        const said_t *said = &all[rank];

        if (said->point == first->point && said->other == first->other &&
            (said->rows == first->rows || ranks->collective.own_data))
            continue;
        ranks->told = true;
        if (said->point != first->point)
            return dlcore_fail(error, DLCORE_ERROR_STATE,
                               "ranks are out of step: rank 0 is at %s, rank %zu at %s",
                               point_name(first->point), rank, point_name(said->point));
        if (said->rows != first->rows && !ranks->collective.own_data)
            return dlcore_fail(error, DLCORE_ERROR_SHAPE,
                               "at %s rank 0 has %zu samples (or batches), rank %zu has %zu; to "
                               "give each rank its own, set own_data of the collective",
                               point_name(first->point), (size_t)first->rows, rank,
                               (size_t)said->rows);
        return dlcore_fail(error, DLCORE_ERROR_STATE,
                           "at %s ranks 0 and %zu have different learning rates or weights: a "
                           "callback must change them on every rank alike",
                           point_name(first->point), rank);
    }
    return DLCORE_OK;
}

/* ---- meeting ---- */

static void note_found(const dlcore_ranks_t *ranks, const said_t *all, dlcore_meeting_t *meeting)
{
    meeting->stopped = meeting->stopped_by_callback = meeting->check = false;
    meeting->ended = meeting->batch_rows = meeting->first_row = 0;
    meeting->rows_min = SIZE_MAX;
    meeting->rows_max = 0;
    for (size_t rank = 0; rank < ranks->collective.size; rank++) {
        size_t rows = (size_t)all[rank].rows;

        meeting->stopped |= all[rank].stops != 0;
        meeting->stopped_by_callback |= all[rank].stops_by_callback != 0;
        meeting->check |= all[rank].unchecked != 0;
        meeting->ended += all[rank].ends != 0;
        meeting->rows_min = dlcore_size_min(meeting->rows_min, rows);
        meeting->rows_max = dlcore_size_max(meeting->rows_max, rows);
        if (rank < ranks->collective.rank)
            meeting->first_row += rows;
        meeting->batch_rows += rows;
    }
    if (ranks->collective.own_data)
        return;
    meeting->batch_rows = meeting->rows;
    meeting->first_row = 0;
}

dlcore_status dlcore_ranks_meet(dlcore_ranks_t *ranks, dlcore_meeting_t *meeting,
                                dlcore_error_record_t *error)
{
    const said_t *all = ranks->records;
    said_t said = {.point = (uint64_t)meeting->point,
                   .rows = meeting->rows,
                   .other = meeting->other,
                   .status = (int32_t)meeting->status,
                   .weak = meeting->weak,
                   .stops = meeting->stops,
                   .stops_by_callback = meeting->stops_by_callback,
                   .ends = meeting->ends,
                   .unchecked = meeting->unchecked};
    size_t failed;

    if (ranks->told)
        return meeting->status;
    if (dlcore_ranks_gather(ranks, &said, sizeof said) != DLCORE_OK)
        return dlcore_ranks_failed(ranks, error);
    failed = first_failed(all, ranks->collective.size);
    if (failed < ranks->collective.size)
        return tell_failure(ranks, failed, (dlcore_status)all[failed].status, error);
    note_found(ranks, all, meeting);
    return compare(ranks, all, error);
}
