/* Reading regular files and memory alike.
 *
 * SPDX-License-Identifier: MIT */
#include "files/input.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/error.h"
#include "base/shown.h"
#include "base/size.h"

#define READ_MAX ((size_t)1 << 30) /* bytes per call; some systems refuse more than INT_MAX */

static dlcore_status check_file(dlcore_input_t *input, dlcore_error_record_t *error)
{
    const dlcore_system_t *system = dlcore_system();
    dlcore_file_info_t info;

    if (system->fstat(system->user, input->file, &info) != 0)
        return dlcore_fail_errno(error, errno, "%s: cannot ask for the size", input->name);
    if (info.kind == DLCORE_FILE_IS_FOLDER)
        return dlcore_fail_errno(error, EISDIR, "%s: cannot read", input->name);
    if (info.kind != DLCORE_FILE_IS_REGULAR)
        return dlcore_fail(error, DLCORE_ERROR_IO, "%s: not a regular file", input->name);
    if (info.size < 0 || (uint64_t)info.size > SIZE_MAX)
        return dlcore_fail(error, DLCORE_ERROR_OVERFLOW, "%s: %jd bytes are too many", input->name,
                           (intmax_t)info.size);
    input->size = (size_t)info.size;
    return DLCORE_OK;
}

dlcore_status dlcore_input_open(dlcore_input_t *input, const char *path,
                                dlcore_error_record_t *error)
{
    const dlcore_system_t *system = dlcore_system();
    dlcore_status status;

    *input = (dlcore_input_t){.file = DLCORE_FILE_NONE};
    dlcore_show_path(input->name, sizeof input->name, path[0] != '\0' ? path : "the path is empty");
    /* a pipe would wait here for its writer */
    input->file = system->open(system->user, path, DLCORE_FILE_READ | DLCORE_FILE_NO_WAITING, 0);
    if (!dlcore_file_is_open(input->file))
        return dlcore_fail_errno(error, errno, "%s: cannot open", input->name);
    status = check_file(input, error);
    if (status != DLCORE_OK)
        dlcore_input_close(input);
    return status;
}

void dlcore_input_from_memory(dlcore_input_t *input, const void *bytes, size_t size,
                              const char *name)
{
    *input = (dlcore_input_t){.size = size, .bytes = bytes, .file = DLCORE_FILE_NONE};
    dlcore_show_path(input->name, sizeof input->name, name);
}

dlcore_status dlcore_input_read(dlcore_input_t *input, void *to, size_t want, size_t *got,
                                dlcore_error_record_t *error)
{
    const dlcore_system_t *system = dlcore_system();
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
        ptrdiff_t count = system->pread(system->user, input->file, next,
                                        dlcore_size_min(left, READ_MAX), (int64_t)input->position);

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
    const dlcore_system_t *system = dlcore_system();

    if (dlcore_file_is_open(input->file))
        (void)system->close(system->user, input->file);
    input->file = DLCORE_FILE_NONE;
}
