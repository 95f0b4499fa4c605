/* A line of a CSV file per epoch: keras/src/callbacks/csv_logger.py.
 *
 * The file is opened for each line, so that nothing is held open between them, and a run that
 * resumes can cut what another wrote after the state that it goes on from.
 *
 * SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#define _FILE_OFFSET_BITS 64

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>

#include "base/size.h"
#include "io/output.h"
#include "io/path_pattern.h"
#include "model/callback.h"
#include "model/history.h"
#include "model/model.h"

#define COLUMNS_MAX (DLCORE_HISTORY_VALUES_MAX + 1) /* besides epoch */
/* of the header, names in quotes, and a line */
#define LINE_MAX_SIZE (COLUMNS_MAX * (2 * DLCORE_HISTORY_NAME_SIZE + 4 + DLCORE_SHORTEST_SIZE))

dlcore_csv_logger_t dlcore_csv_logger_default(const char *path)
{
    return (dlcore_csv_logger_t){.path = path,
                                 .separator = ',',
                                 .name = "csv_logger",
                                 .structure_size = sizeof(dlcore_csv_logger_t)};
}

/* ---- columns ---- */

typedef struct columns {
    const char *names[COLUMNS_MAX];
    size_t count;
} columns_t;

static bool validates(const char *name)
{
    return strncmp(name, "val_", 4) == 0;
}

/* By name, values of validation behind the others. */
static void insert(columns_t *columns, const char *name)
{
    size_t at = columns->count++;

    for (; at > 0; at--) {
        const char *before = columns->names[at - 1];

        if (validates(before) == validates(name) ? strcmp(before, name) <= 0 : validates(name))
            break;
        columns->names[at] = before;
    }
    columns->names[at] = name;
}

static columns_t columns_of(const dlcore_csv_logger_t *logger, const dlcore_training_event_t *event)
{
    columns_t columns = {.count = 0};
    const char *const *names;
    size_t count = dlcore_event_names(event, &names);

    for (size_t i = 0; i < dlcore_size_min(count, DLCORE_HISTORY_VALUES_MAX); i++)
        insert(&columns, names[i]);
    if (logger->learning_rate)
        insert(&columns, "learning_rate");
    return columns;
}

/* ---- lines ---- */

typedef struct line {
    char text[LINE_MAX_SIZE];
    size_t used;
} line_t;

static void put(line_t *line, const char *text)
{
    size_t length = dlcore_size_min(strlen(text), sizeof line->text - line->used);

    memcpy(line->text + line->used, text, length);
    line->used += length;
}

/* A name with a separator or a quote goes into quotes (RFC 4180). */
static void put_name(line_t *line, const char *name, const char *separator)
{
    if (strpbrk(name, "\"\r\n") == NULL && strstr(name, separator) == NULL) {
        put(line, name);
        return;
    }
    put(line, "\"");
    for (; *name != '\0'; name++)
        put(line, *name == '"' ? "\"\"" : (const char[2]){*name, '\0'});
    put(line, "\"");
}

static void put_header(line_t *line, const columns_t *columns, const char *separator)
{
    put(line, "epoch");
    for (size_t i = 0; i < columns->count; i++) {
        put(line, separator);
        put_name(line, columns->names[i], separator);
    }
    put(line, "\r\n");
}

static void put_values(line_t *line, const columns_t *columns, const char *separator,
                       const dlcore_csv_logger_t *logger, const dlcore_training_event_t *event)
{
    double rate = isnan(logger->rate) ? dlcore_model_learning_rate(event->model) : logger->rate;
    char number[DLCORE_SHORTEST_SIZE];

    snprintf(number, sizeof number, "%zu", event->epoch);
    put(line, number);
    for (size_t i = 0; i < columns->count; i++) {
        dlcore_monitor_t value = {.name = columns->names[i]};
        double x;

        put(line, separator);
        if (logger->learning_rate && strcmp(columns->names[i], "learning_rate") == 0)
            put(line, dlcore_shortest(number, rate));
        else
            put(line, dlcore_monitor_value(&value, event, &x) ? dlcore_shortest(number, x) : "NA");
    }
    put(line, "\r\n");
}

/* ---- the file ---- */

static const dlcore_system_t *system_of(const dlcore_csv_logger_t *logger)
{
    return logger->system != NULL ? logger->system : dlcore_system();
}

static dlcore_status fail(const dlcore_csv_logger_t *logger, const char *what,
                          dlcore_error_record_t *error)
{
    return dlcore_fail_errno(error, errno, "csv_logger: cannot %s %.120s", what, logger->path);
}

static int open_file(const dlcore_csv_logger_t *logger, int more_flags)
{
    const dlcore_system_t *system = system_of(logger);
    int file;

    do
        file =
            system->open(system->user, logger->path,
                         O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | more_flags, 0666);
    while (file < 0 && errno == EINTR);
    return file;
}

/* Where the next line begins, the rest of the file cut away. Streams are only written to. */
static dlcore_status find_end(const dlcore_csv_logger_t *logger, int file, size_t *at,
                              dlcore_error_record_t *error)
{
    const dlcore_system_t *system = system_of(logger);
    size_t written = (size_t)logger->state[0], size, end;
    struct stat info;

    *at = written;
    if (system->fstat(system->user, file, &info) != 0)
        return fail(logger, "look at", error);
    if (!S_ISREG(info.st_mode))
        return DLCORE_OK;
    size = (size_t)info.st_size;
    end = size;
    if (logger->fresh && written == 0 && !logger->append)
        end = 0;
    else if (logger->fresh && written > 0)
        end = dlcore_size_min(size, written);
    *at = end;
    if (end < size && system->ftruncate(system->user, file, (off_t)end) != 0)
        return fail(logger, "cut", error);
    return DLCORE_OK;
}

/* A line that was written in part is taken back, as far as that is possible. */
static dlcore_status write_line(dlcore_csv_logger_t *logger, int file, size_t at,
                                const line_t *line, dlcore_error_record_t *error)
{
    const dlcore_system_t *system = system_of(logger);
    size_t done = 0;

    while (done < line->used) {
        ssize_t count = system->write(system->user, file, line->text + done, line->used - done);

        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0) {
            errno = count < 0 ? errno : ENOSPC;
            (void)fail(logger, "write", error);
            if (done > 0)
                (void)system->ftruncate(system->user, file, (off_t)at);
            return DLCORE_ERROR_IO;
        }
        done += (size_t)count;
    }
    logger->state[0] = (double)(at + done);
    logger->fresh = false;
    return DLCORE_OK;
}

/* ---- the callback ---- */

static bool can_separate(char c)
{
    return c != '\0' && c != '"' && c != '\n' && c != '\r' && c != '.' && c != '-' && c != '+' &&
           c != '_' && c > 0 && !isalnum((unsigned char)c);
}

static dlcore_callback_action_t on_train_begin(void *user, const dlcore_training_event_t *event)
{
    dlcore_csv_logger_t *logger = user;
    const dlcore_system_t *system = system_of(logger);
    int file;

    if (dlcore_check_callback(logger, "csv_logger", event->error) != DLCORE_OK)
        return DLCORE_CALLBACK_FAIL;
    if (logger->path == NULL)
        return dlcore_callback_fail(event, DLCORE_ERROR_ARGUMENT, "csv_logger: path is NULL");
    if (!can_separate(logger->separator))
        return dlcore_callback_fail(event, DLCORE_ERROR_ARGUMENT,
                                    "csv_logger: separator must be an ASCII character that no "
                                    "number or word has, got %d",
                                    logger->separator);
    logger->state[0] = 0.0;
    logger->fresh = true;
    logger->rate = (double)NAN;
    /* what cannot be opened is found before the first epoch; a pipe that nobody reads, too */
    file = open_file(logger, O_NONBLOCK);
    if (file < 0 || (system->close(system->user, file) != 0 && errno != EINTR)) {
        (void)fail(logger, "open", event->error);
        return DLCORE_CALLBACK_FAIL;
    }
    return DLCORE_CALLBACK_CONTINUE;
}

static dlcore_callback_action_t on_resume(void *user, const dlcore_training_event_t *event)
{
    const dlcore_csv_logger_t *logger = user;

    return dlcore_callback_check(
        dlcore_callback_check_counts(event, "csv_logger", logger->state, DLCORE_COUNT_BIT(0)));
}

/* As an epoch ends, another callback may have set that of the next one already. */
static dlcore_callback_action_t on_batch_begin(void *user, const dlcore_training_event_t *event)
{
    dlcore_csv_logger_t *logger = user;

    logger->rate = dlcore_model_learning_rate(event->model);
    return DLCORE_CALLBACK_CONTINUE;
}

static dlcore_callback_action_t on_epoch_end(void *user, const dlcore_training_event_t *event)
{
    dlcore_csv_logger_t *logger = user;
    const dlcore_system_t *system = system_of(logger);
    const char separator[2] = {logger->separator, '\0'};
    columns_t columns = columns_of(logger, event);
    line_t line = {.used = 0};
    dlcore_status status;
    size_t at = 0;
    int file = open_file(logger, 0);

    if (file < 0) {
        (void)fail(logger, "open", event->error);
        return DLCORE_CALLBACK_FAIL;
    }
    status = find_end(logger, file, &at, event->error);
    if (status == DLCORE_OK) {
        if (at == 0)
            put_header(&line, &columns, separator);
        put_values(&line, &columns, separator, logger, event);
        status = write_line(logger, file, at, &line, event->error);
    }
    if (system->close(system->user, file) != 0 && errno != EINTR && status == DLCORE_OK)
        status = fail(logger, "close", event->error);
    return dlcore_callback_check(status);
}

dlcore_callback_t dlcore_csv_logger_callback(dlcore_csv_logger_t *logger)
{
    return (dlcore_callback_t){.user = logger,
                               .on_train_begin = on_train_begin,
                               .on_batch_begin = logger->learning_rate ? on_batch_begin : NULL,
                               .on_epoch_end = on_epoch_end,
                               .name = logger->name,
                               .state = logger->state,
                               .state_count = 1,
                               .on_resume = on_resume};
}
