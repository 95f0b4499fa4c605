/* The file of a CSV logger. It is opened for each line, so that nothing is held open between them,
 * and a run that resumes can cut what another wrote after the state that it goes on from.
 *
 * SPDX-License-Identifier: MIT */
#include "report/csv_logger_file.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/shown.h"
#include "base/size.h"
#include "files/calls.h"
#include "files/output.h"

#define WRITING \
    (DLCORE_FILE_WRITE | DLCORE_FILE_CREATE | DLCORE_FILE_APPEND | DLCORE_FILE_NO_WAITING)
#define READING (DLCORE_FILE_READ | DLCORE_FILE_NO_WAITING)
#define SHOWN_MAX 64 /* bytes of a line in a message */
#define SHOWN_SIZE (SHOWN_MAX + 7)
#define PATH_SHOWN_SIZE 57

static const dlcore_system_t *logger_system(const dlcore_csv_logger_t *logger)
{
    return logger->system != NULL ? logger->system : dlcore_system();
}

static dlcore_status fail(const dlcore_csv_logger_t *logger, const char *what,
                          dlcore_error_record_t *error)
{
    char path[DLCORE_SHOWN_PATH_SIZE];
    int number = errno;

    return dlcore_fail_errno(error, number, "csv_logger: cannot %s %s", what,
                             dlcore_show_path(path, sizeof path, logger->path));
}

static dlcore_file_t open_file(const dlcore_csv_logger_t *logger, int how)
{
    const dlcore_system_t *system = logger_system(logger);

    return dlcore_call_open(system, logger->path, how, 0666);
}

/* ---- before training ---- */

typedef struct span {
    const char *text;
    size_t length;
} span_t;

static span_t first_line(const dlcore_csv_logger_line_t *of)
{
    const char *end = memchr(of->text, '\n', of->used);
    span_t line = {of->text, end != NULL ? (size_t)(end - of->text) : of->used};

    line.length -= line.length > 0 && line.text[line.length - 1] == '\r';
    return line;
}

/* A part of a line for messages. */
static const char *show_line(char to[SHOWN_SIZE], span_t line, size_t from)
{
    size_t used = from > 0 ? 3 : 0;

    memcpy(to, "...", used);
    dlcore_show_in(to + used, SHOWN_MAX + 4, line.text + from, line.length - from);
    return to;
}

/* Where they are long, both are shown from shortly before they differ. */
static dlcore_status fail_header(const dlcore_csv_logger_t *logger, span_t found, span_t header,
                                 dlcore_error_record_t *error)
{
    size_t shorter = dlcore_size_min(found.length, header.length), from = 0;
    char texts[2][SHOWN_SIZE], path[PATH_SHOWN_SIZE];

    if (dlcore_size_max(found.length, header.length) > SHOWN_MAX) {
        while (from < shorter && found.text[from] == header.text[from])
            from++;
        from -= dlcore_size_min(from, SHOWN_MAX / 2);
    }
    return dlcore_fail(error, DLCORE_ERROR_FORMAT,
                       "csv_logger: %s begins with \"%s\", where this run would write \"%s\"",
                       dlcore_show_path(path, sizeof path, logger->path),
                       show_line(texts[0], found, from), show_line(texts[1], header, from));
}

static dlcore_status check_header(const dlcore_csv_logger_t *logger,
                                  const dlcore_csv_logger_line_t *begins,
                                  const dlcore_csv_logger_line_t *with,
                                  dlcore_error_record_t *error)
{
    span_t found = first_line(begins), header = first_line(with);

    if (found.length == header.length && memcmp(found.text, header.text, header.length) == 0)
        return DLCORE_OK;
    return fail_header(logger, found, header, error);
}

/* Up to `room` bytes of the file. */
static dlcore_status read_bytes(const dlcore_csv_logger_t *logger, dlcore_file_t file, int64_t at,
                                char *to, size_t room, size_t *got, dlcore_error_record_t *error)
{
    const dlcore_system_t *system = logger_system(logger);

    for (*got = 0; *got < room;) {
        ptrdiff_t count =
            system->pread(system->user, file, to + *got, room - *got, at + (int64_t)*got);

        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return fail(logger, "read", error);
        if (count == 0)
            break;
        *got += (size_t)count;
    }
    return DLCORE_OK;
}

/* The header that the file has. */
static dlcore_status look_into(const dlcore_csv_logger_t *logger,
                               const dlcore_csv_logger_line_t *header,
                               dlcore_csv_logger_line_t *found, dlcore_error_record_t *error)
{
    const dlcore_system_t *system = logger_system(logger);
    dlcore_file_t file = open_file(logger, READING);
    dlcore_status status;

    if (!dlcore_file_is_open(file))
        return fail(logger, "read", error);
    status = read_bytes(logger, file, 0, found->text, sizeof found->text, &found->used, error);
    (void)system->close(system->user, file);
    if (status == DLCORE_OK && header->used > 0)
        status = check_header(logger, found, header, error);
    return status;
}

/* What cannot be opened is found here; a pipe that nobody reads, too. */
dlcore_status dlcore_csv_logger_begin(const dlcore_csv_logger_t *logger,
                                      const dlcore_csv_logger_line_t *header,
                                      dlcore_csv_logger_line_t *found, dlcore_error_record_t *error)
{
    const dlcore_system_t *system = logger_system(logger);
    dlcore_file_t file = open_file(logger, WRITING);
    dlcore_status status = DLCORE_OK;
    dlcore_file_info_t info;

    if (!dlcore_file_is_open(file))
        return fail(logger, "open", error);
    if (logger->appends && system->fstat(system->user, file, &info) != 0)
        status = fail(logger, "look at", error);
    else if (logger->appends && info.kind == DLCORE_FILE_IS_REGULAR && info.size > 0)
        status = look_into(logger, header, found, error);
    if (system->close(system->user, file) != 0 && errno != EINTR && status == DLCORE_OK)
        status = fail(logger, "open", error);
    return status;
}

dlcore_status dlcore_csv_logger_go_on(const dlcore_csv_logger_t *logger,
                                      const dlcore_csv_logger_line_t *header,
                                      dlcore_csv_logger_line_t *found, dlcore_error_record_t *error)
{
    const dlcore_system_t *system = logger_system(logger);
    dlcore_file_t file = open_file(logger, READING);
    dlcore_file_info_t info;
    bool look;

    if (!dlcore_file_is_open(file))
        return errno == ENOENT || errno == EACCES ? DLCORE_OK : fail(logger, "read", error);
    look = system->fstat(system->user, file, &info) == 0 && info.kind == DLCORE_FILE_IS_REGULAR &&
           info.size > 0;
    (void)system->close(system->user, file);
    return look ? look_into(logger, header, found, error) : DLCORE_OK;
}

/* ---- a line ---- */

/* Ends what another run left of a line before `at`, as a power cut may. Where the file may only be
 * written it is taken to be whole. */
static dlcore_status end_line(const dlcore_csv_logger_t *logger, int64_t at,
                              dlcore_csv_logger_line_t *line, dlcore_error_record_t *error)
{
    const dlcore_system_t *system = logger_system(logger);
    dlcore_file_t file = open_file(logger, READING);
    dlcore_status status;
    char last = '\n';
    size_t got;

    if (!dlcore_file_is_open(file))
        return errno == EACCES ? DLCORE_OK : fail(logger, "read", error);
    status = read_bytes(logger, file, at - 1, &last, 1, &got, error);
    (void)system->close(system->user, file);
    if (status == DLCORE_OK && last != '\n')
        dlcore_csv_logger_put(line, last == '\r' ? "\n" : "\r\n");
    return status;
}

/* Where the next line begins, the rest of the file cut away. Streams are only written to, and only
 * waited for once they are open: opening a pipe that nobody reads would wait for ever. */
static dlcore_status find_end(const dlcore_csv_logger_t *logger, dlcore_file_t file, int64_t *at,
                              dlcore_csv_logger_line_t *line, dlcore_error_record_t *error)
{
    const dlcore_system_t *system = logger_system(logger);
    int64_t written = (int64_t)logger->state[0];
    dlcore_file_info_t info;

    *at = written;
    if (system->fstat(system->user, file, &info) != 0)
        return fail(logger, "look at", error);
    if (info.kind != DLCORE_FILE_IS_REGULAR)
        return system->wait(system->user, file) == 0 ? DLCORE_OK : fail(logger, "write", error);
    *at = info.size;
    if (logger->fresh && written == 0 && !logger->appends)
        *at = 0;
    else if (logger->fresh && written > 0 && written < info.size)
        *at = written;
    if (*at < info.size && dlcore_call_ftruncate(system, file, *at) != 0)
        return fail(logger, "cut", error);
    return logger->fresh && *at > 0 ? end_line(logger, *at, line, error) : DLCORE_OK;
}

/* A line that was written in part is taken back, as far as that is possible. */
static dlcore_status write_line(dlcore_csv_logger_t *logger, dlcore_file_t file, int64_t at,
                                const dlcore_csv_logger_line_t *line, dlcore_error_record_t *error)
{
    const dlcore_system_t *system = logger_system(logger);
    size_t done = 0;

    while (done < line->used) {
        ptrdiff_t count = system->write(system->user, file, line->text + done, line->used - done);

        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0) {
            errno = count < 0 ? errno : ENOSPC;
            (void)fail(logger, "write", error);
            if (done > 0)
                (void)dlcore_call_ftruncate(system, file, at);
            return DLCORE_ERROR_IO;
        }
        done += (size_t)count;
    }
    logger->state[0] = (double)(at + (int64_t)done);
    logger->fresh = false;
    return DLCORE_OK;
}

dlcore_status dlcore_csv_logger_write(dlcore_csv_logger_t *logger,
                                      const dlcore_training_event_t *event)
{
    const dlcore_system_t *system = logger_system(logger);
    dlcore_csv_logger_line_t line = {.used = 0};
    dlcore_status status;
    int64_t at = 0;
    dlcore_file_t file = open_file(logger, WRITING);

    if (!dlcore_file_is_open(file))
        return fail(logger, "open", event->error);
    status = find_end(logger, file, &at, &line, event->error);
    if (status == DLCORE_OK) {
        if (at == 0)
            dlcore_csv_logger_put_header(&line, logger, event);
        dlcore_csv_logger_put_values(&line, logger, event);
        status = write_line(logger, file, at, &line, event->error);
    }
    if (system->close(system->user, file) != 0 && errno != EINTR && status == DLCORE_OK)
        status = fail(logger, "close", event->error);
    return status;
}
