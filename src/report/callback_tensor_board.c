/* Event files for TensorBoard: keras/src/callbacks/tensorboard.py.
 *
 * A file is opened for each epoch (or batch) and closed again, so that nothing is held between
 * them, and TensorBoard sees what is there.
 *
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/shown.h"
#include "base/size.h"
#include "files/calls.h"
#include "fit/callback.h"
#include "model/model.h"
#include "report/event_record.h"
#include "system/clock.h"
#include "system/files.h"

enum { MOST_FILES = 100 }; /* of one second in one folder */

dlcore_tensor_board_t dlcore_tensor_board_default(const char *folder)
{
    return (dlcore_tensor_board_t){
        .structure_size = sizeof(dlcore_tensor_board_t), .folder = folder, .name = "tensor_board"};
}

/* ---- files ---- */

/* Records on their way into a file, which stays open as long as this. */
typedef struct event_file {
    const dlcore_system_t *system;
    const char *path;
    dlcore_file_t file;
    double wall_time;
    dlcore_error_record_t *error;
    dlcore_status status;
    size_t used;
    unsigned char bytes[2 * DLCORE_EVENT_RECORD_MAX];
} event_file_t;

static const dlcore_system_t *board_system(const dlcore_tensor_board_t *board)
{
    return board->system != NULL ? board->system : dlcore_system();
}

static dlcore_status fail_events(event_file_t *events, const char *what)
{
    char path[DLCORE_SHOWN_PATH_SIZE];
    int number = errno;

    return dlcore_fail_errno(events->error, number, "tensor_board: cannot %s %s", what,
                             dlcore_show_path(path, sizeof path, events->path));
}

static void open_events(event_file_t *events, const dlcore_tensor_board_t *board, const char *path,
                        int more, dlcore_error_record_t *error)
{
    events->system = board_system(board);
    events->path = path;
    events->wall_time = dlcore_calendar_clock();
    events->error = error;
    events->status = DLCORE_OK;
    events->used = 0;
    events->file =
        dlcore_call_open(events->system, path, DLCORE_FILE_WRITE | DLCORE_FILE_APPEND | more, 0666);
}

static void flush_events(event_file_t *events)
{
    for (size_t at = 0; at < events->used && events->status == DLCORE_OK;) {
        ptrdiff_t count = events->system->write(events->system->user, events->file,
                                                events->bytes + at, events->used - at);

        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            events->status = fail_events(events, "write");
        else
            at += (size_t)count;
    }
    events->used = 0;
}

/* Where the next record goes. */
static unsigned char *next_record(event_file_t *events)
{
    if (events->used > sizeof events->bytes - DLCORE_EVENT_RECORD_MAX)
        flush_events(events);
    return events->bytes + events->used;
}

static void put_scalar(event_file_t *events, uint64_t step, const char *prefix, const char *name,
                       double value)
{
    char tag[DLCORE_EVENT_TAG_MAX];

    snprintf(tag, sizeof tag, "%s%s", prefix, name);
    events->used += dlcore_event_scalar(next_record(events), events->wall_time, step, tag, value);
}

static dlcore_status close_events(event_file_t *events)
{
    flush_events(events);
    if (events->system->close(events->system->user, events->file) != 0 && errno != EINTR &&
        events->status == DLCORE_OK)
        events->status = fail_events(events, "close");
    return events->status;
}

/* A file of its own in the folder, under a name that TensorBoard looks for. */
static dlcore_status begin_events(const dlcore_tensor_board_t *board, const char *folder,
                                  char path[DLCORE_TENSOR_BOARD_PATH_SIZE],
                                  dlcore_error_record_t *error)
{
    event_file_t events;
    long long seconds = (long long)dlcore_calendar_clock();

    for (int i = 0; i < MOST_FILES; i++) {
        int length = snprintf(path, DLCORE_TENSOR_BOARD_PATH_SIZE,
                              "%s/events.out.tfevents.%010lld.%02d.dlcore.v2", folder, seconds, i);

        if (length < 0 || length >= DLCORE_TENSOR_BOARD_PATH_SIZE)
            return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                               "tensor_board: the folder's path has more than %d bytes",
                               DLCORE_TENSOR_BOARD_PATH_SIZE - 48);
        open_events(&events, board, path, DLCORE_FILE_CREATE | DLCORE_FILE_NEW, error);
        if (dlcore_file_is_open(events.file)) {
            events.used += dlcore_event_begin(next_record(&events), events.wall_time);
            return close_events(&events);
        }
        if (errno != EEXIST)
            break;
    }
    return fail_events(&events, "make");
}

/* ---- what is written ---- */

static dlcore_status write_batch_events(const dlcore_tensor_board_t *board,
                                        const dlcore_training_event_t *event)
{
    event_file_t events;

    open_events(&events, board, board->paths[0], 0, event->error);
    if (!dlcore_file_is_open(events.file))
        return fail_events(&events, "open");
    for (size_t i = 0; i < event->value_count; i++)
        put_scalar(&events, (uint64_t)board->state[0], "batch_", event->names[i], event->values[i]);
    return close_events(&events);
}

static bool is_of_validation(const dlcore_training_event_t *event, size_t index)
{
    return strncmp(event->names[index], "val_", 4) == 0 &&
           dlcore_event_has(event, event->names[index] + 4);
}

/* The values of training, or those of validation under the same names where they have a file of
 * their own. */
static void put_values(event_file_t *events, const dlcore_training_event_t *event, bool training,
                       bool apart)
{
    for (size_t i = 0; i < event->value_count; i++) {
        bool of_validation = is_of_validation(event, i);

        if (of_validation && isnan(event->values[i])) /* an epoch without validation */
            continue;
        if (training ? !(of_validation && apart) : of_validation)
            put_scalar(events, event->epoch, "epoch_",
                       event->names[i] + (of_validation && apart ? 4 : 0), event->values[i]);
    }
}

/* Of every weight, as it is now. */
static dlcore_status put_histograms(event_file_t *events, const dlcore_training_event_t *event)
{
    const dlcore_model_t *model = event->model;
    size_t count = dlcore_model_weight_count(model), largest = 1;
    dlcore_event_histogram_t histogram;
    dlcore_weight_t weight;
    float *numbers;

    for (size_t i = 0; i < count && dlcore_model_weight(model, i, &weight); i++)
        largest = dlcore_size_max(largest, weight.size);
    numbers = dlcore_allocate_raw(&model->allocator, largest, sizeof *numbers);
    if (numbers == NULL)
        return dlcore_fail_memory(event->error, "tensor_board", largest * sizeof *numbers);
    for (size_t i = 0; i < count && dlcore_model_weight(model, i, &weight); i++) {
        char tag[DLCORE_EVENT_TAG_MAX];

        if (dlcore_model_get_weight(model, i, numbers, weight.size) != DLCORE_OK)
            continue;
        dlcore_event_histogram_of(numbers, weight.size, &histogram);
        if (histogram.most < histogram.least)
            continue;
        snprintf(tag, sizeof tag, "%s/histogram", weight.name);
        events->used += dlcore_event_histogram(next_record(events), events->wall_time, event->epoch,
                                               tag, &histogram);
    }
    dlcore_release(&model->allocator, numbers);
    return DLCORE_OK;
}

static dlcore_status write_epoch_events(const dlcore_tensor_board_t *board,
                                        const dlcore_training_event_t *event)
{
    bool apart = board->paths[1][0] != '\0';
    dlcore_status status = DLCORE_OK, closed;
    event_file_t events;

    open_events(&events, board, board->paths[0], 0, event->error);
    if (!dlcore_file_is_open(events.file))
        return fail_events(&events, "open");
    put_values(&events, event, true, apart);
    if (!isnan(board->rate))
        put_scalar(&events, event->epoch, "epoch_", "learning_rate", board->rate);
    if (board->histogram_freq > 0 && event->epoch % board->histogram_freq == 0)
        status = put_histograms(&events, event);
    closed = close_events(&events);
    status = status == DLCORE_OK ? closed : status;
    if (status != DLCORE_OK || !apart)
        return status;
    open_events(&events, board, board->paths[1], 0, event->error);
    if (!dlcore_file_is_open(events.file))
        return fail_events(&events, "open");
    put_values(&events, event, false, true);
    return close_events(&events);
}

/* ---- the callback ---- */

static dlcore_status begin_files(dlcore_tensor_board_t *board, dlcore_error_record_t *error)
{
    dlcore_status status = begin_events(board, board->folder, board->paths[0], error);

    if (status == DLCORE_OK && board->validation_folder != NULL)
        status = begin_events(board, board->validation_folder, board->paths[1], error);
    return status;
}

static dlcore_callback_action_t board_on_train_begin(void *user,
                                                     const dlcore_training_event_t *event)
{
    dlcore_tensor_board_t *board = user;

    if (dlcore_check_callback(board, "tensor_board", event->error) != DLCORE_OK)
        return DLCORE_CALLBACK_FAIL;
    if (board->folder == NULL || board->folder[0] == '\0')
        return dlcore_callback_fail(event, DLCORE_ERROR_ARGUMENT, "tensor_board: folder is %s",
                                    board->folder == NULL ? "NULL" : "empty");
    board->state[0] = 0.0;
    board->rate = (double)NAN;
    board->paths[0][0] = board->paths[1][0] = '\0';
    if (!dlcore_event_writes(event))
        return DLCORE_CALLBACK_CONTINUE;
    return dlcore_callback_check(begin_files(board, event->error));
}

static dlcore_callback_action_t board_on_resume(void *user, const dlcore_training_event_t *event)
{
    const dlcore_tensor_board_t *board = user;

    return dlcore_callback_check(
        dlcore_callback_check_counts(event, "tensor_board", board->state, DLCORE_COUNT_BIT(0)));
}

/* As an epoch ends, another callback may have set that of the next one already. */
static dlcore_callback_action_t board_on_batch_begin(void *user,
                                                     const dlcore_training_event_t *event)
{
    dlcore_tensor_board_t *board = user;

    board->rate = dlcore_model_learning_rate(event->model);
    return DLCORE_CALLBACK_CONTINUE;
}

/* Where events go, on the rank that writes. */
static dlcore_status check_files(const dlcore_tensor_board_t *board,
                                 const dlcore_training_event_t *event)
{
    return board->paths[0][0] != '\0' ? DLCORE_OK : dlcore_event_fail_anew(event, "tensor_board");
}

static dlcore_callback_action_t board_on_batch_end(void *user, const dlcore_training_event_t *event)
{
    dlcore_tensor_board_t *board = user;
    uint64_t batch = (uint64_t)board->state[0];
    dlcore_status status = DLCORE_OK;

    if (board->update_freq > 0 && batch % board->update_freq == 0 && dlcore_event_writes(event)) {
        status = check_files(board, event);
        if (status == DLCORE_OK)
            status = write_batch_events(board, event);
    }
    board->state[0] += 1.0;
    return dlcore_callback_check(status);
}

static dlcore_callback_action_t board_on_epoch_end(void *user, const dlcore_training_event_t *event)
{
    const dlcore_tensor_board_t *board = user;

    if (!dlcore_event_writes(event))
        return DLCORE_CALLBACK_CONTINUE;
    if (check_files(board, event) != DLCORE_OK)
        return DLCORE_CALLBACK_FAIL;
    return dlcore_callback_check(write_epoch_events(board, event));
}

dlcore_callback_t dlcore_tensor_board_callback(dlcore_tensor_board_t *board)
{
    if (board == NULL)
        return dlcore_callback_missing("tensor_board");
    return (dlcore_callback_t){.user = board,
                               .on_train_begin = board_on_train_begin,
                               .on_batch_begin = board_on_batch_begin,
                               .on_batch_end = board->update_freq > 0 ? board_on_batch_end : NULL,
                               .on_epoch_end = board_on_epoch_end,
                               .name = board->name,
                               .state = board->state,
                               .state_count = 1,
                               .on_resume = board_on_resume};
}
