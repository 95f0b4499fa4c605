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
#include "files/calls.h"
#include "files/file_path.h"

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
    input->file = dlcore_call_open(system, path, DLCORE_FILE_READ | DLCORE_FILE_NO_WAITING, 0);
    if (!dlcore_file_is_open(input->file))
        return dlcore_fail_errno(error, errno, "%s: cannot open", input->name);
    status = check_file(input, error);
    if (status != DLCORE_OK)
        dlcore_input_close(input);
    return status;
}

/* The folder of a path, opened. */
static dlcore_file_t open_folder_of(const char *path, dlcore_error_record_t *error)
{
    const dlcore_system_t *system = dlcore_system();
    size_t length = (size_t)(dlcore_path_name(path) - path);
    char folder[DLCORE_PATH_SIZE] = ".";
    dlcore_file_t file;

    if (length >= sizeof folder) {
        (void)dlcore_fail(error, DLCORE_ERROR_UNSUPPORTED, "a path of %zu bytes is too long",
                          length);
        return DLCORE_FILE_NONE;
    }
    if (length > 0) {
        memcpy(folder, path, length);
        folder[length] = '\0';
    }
    file = dlcore_call_open(system, folder, DLCORE_FILE_READ | DLCORE_FILE_FOLDER, 0);
    if (!dlcore_file_is_open(file))
        (void)dlcore_fail_errno(error, errno, "%s: cannot open", folder);
    return file;
}

static bool is_plain_name(const char *name)
{
    return name[0] != '\0' && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
           strpbrk(name, "/\\:") == NULL;
}

dlcore_status dlcore_input_open_beside(dlcore_input_t *input, const char *path, const char *name,
                                       dlcore_error_record_t *error)
{
    const dlcore_system_t *system = dlcore_system();
    dlcore_error_record_t first = {0};
    dlcore_status status;
    dlcore_file_t folder;

    *input = (dlcore_input_t){.file = DLCORE_FILE_NONE};
    dlcore_show_path(input->name, sizeof input->name, name);
    if (!is_plain_name(name))
        return dlcore_fail(error, DLCORE_ERROR_UNSUPPORTED,
                           "\"%s\": is not a plain name of a file in the same folder", input->name);
    folder = open_folder_of(path, &first);
    if (!dlcore_file_is_open(folder))
        return dlcore_fail(error, first.status, "%s", first.message);
    input->file = dlcore_call_openat(
        system, folder, name, DLCORE_FILE_READ | DLCORE_FILE_NO_WAITING | DLCORE_FILE_NO_LINK, 0);
    status = dlcore_file_is_open(input->file)
                 ? check_file(input, error)
                 : dlcore_fail_errno(error, errno, "%s: cannot open, or is a link", input->name);
    (void)system->close(system->user, folder);
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
