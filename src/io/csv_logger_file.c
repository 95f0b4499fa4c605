/* The file of a CSV logger. It is opened for each line, so that nothing is held open between them,
 * and a run that resumes can cut what another wrote after the state that it goes on from.
 *
 * SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#define _FILE_OFFSET_BITS 64

#include "io/csv_logger_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/size.h"
#include "io/output.h"

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

/* ---- before training ---- */

dlcore_status dlcore_csv_logger_begin(dlcore_csv_logger_t *logger, dlcore_error_record_t *error)
{
    const dlcore_system_t *system = system_of(logger);
    int file = open_file(logger, O_NONBLOCK);

    if (file < 0 || (system->close(system->user, file) != 0 && errno != EINTR))
        return fail(logger, "open", error);
    return DLCORE_OK;
}

/* ---- a line ---- */

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
                                const dlcore_csv_logger_line_t *line, dlcore_error_record_t *error)
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

dlcore_status dlcore_csv_logger_write(dlcore_csv_logger_t *logger,
                                      const dlcore_training_event_t *event)
{
    const dlcore_system_t *system = system_of(logger);
    dlcore_csv_logger_line_t line = {.used = 0};
    dlcore_status status;
    size_t at = 0;
    int file = open_file(logger, 0);

    if (file < 0)
        return fail(logger, "open", event->error);
    status = find_end(logger, file, &at, event->error);
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
