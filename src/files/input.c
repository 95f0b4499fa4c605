/* Reading regular files and memory alike.
 *
 * SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#define _FILE_OFFSET_BITS 64 /* files above 2 GB where off_t is small by default */

#include "files/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/error.h"
#include "base/size.h"

#define READ_MAX ((size_t)1 << 30) /* bytes per call; some systems refuse more than INT_MAX */

static void set_name(dlcore_input_t *input, const char *name)
{
    size_t length = strlen(name);
    size_t room = sizeof input->name - 1;

    if (length <= room)
        memcpy(input->name, name, length + 1);
    else
        snprintf(input->name, sizeof input->name, "...%s", name + length - (room - 3));
}

static dlcore_status check_file(dlcore_input_t *input, dlcore_error_record_t *error)
{
    struct stat info;

    if (fstat(input->descriptor, &info) != 0)
        return dlcore_fail_errno(error, errno, "%s: cannot ask for the size", input->name);
    if (S_ISDIR(info.st_mode))
        return dlcore_fail_errno(error, EISDIR, "%s: cannot read", input->name);
    if (!S_ISREG(info.st_mode))
        return dlcore_fail(error, DLCORE_ERROR_IO, "%s: not a regular file", input->name);
    if (info.st_size < 0 || (uintmax_t)info.st_size > SIZE_MAX)
        return dlcore_fail(error, DLCORE_ERROR_OVERFLOW, "%s: %jd bytes are too many", input->name,
                           (intmax_t)info.st_size);
    input->size = (size_t)info.st_size;
    return DLCORE_OK;
}

dlcore_status dlcore_input_open(dlcore_input_t *input, const char *path,
                                dlcore_error_record_t *error)
{
    dlcore_status status;

    *input = (dlcore_input_t){.descriptor = -1};
    set_name(input, path);
    /* Without O_NONBLOCK a pipe would wait here for its writer. */
    input->descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (input->descriptor < 0)
        return dlcore_fail_errno(error, errno, "%s: cannot open", input->name);
    status = check_file(input, error);
    if (status != DLCORE_OK)
        dlcore_input_close(input);
    return status;
}

void dlcore_input_from_memory(dlcore_input_t *input, const void *bytes, size_t size,
                              const char *name)
{
    *input = (dlcore_input_t){.size = size, .bytes = bytes, .descriptor = -1};
    set_name(input, name);
}

dlcore_status dlcore_input_read(dlcore_input_t *input, void *to, size_t want, size_t *got,
                                dlcore_error_record_t *error)
{
    size_t left = dlcore_size_min(want, input->size - input->position);
    unsigned char *next = to;

    *got = 0;
    if (input->bytes != NULL) {
        memcpy(next, input->bytes + input->position, left);
        input->position += left;
        *got = left;
        return DLCORE_OK;
    }
    while (left > 0) {
        ssize_t count =
            pread(input->descriptor, next, dlcore_size_min(left, READ_MAX), (off_t)input->position);

        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return dlcore_fail_errno(error, errno, "%s: cannot read at byte %zu", input->name,
                                     input->position);
        if (count == 0)
            return dlcore_fail(error, DLCORE_ERROR_IO,
                               "%s: ends at byte %zu, had %zu when it was opened", input->name,
                               input->position, input->size);
        next += count;
        left -= (size_t)count;
        input->position += (size_t)count;
        *got += (size_t)count;
    }
    return DLCORE_OK;
}

void dlcore_input_close(dlcore_input_t *input)
{
    if (input->descriptor >= 0)
        close(input->descriptor);
    input->descriptor = -1;
}
