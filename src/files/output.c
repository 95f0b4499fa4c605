/* Files that are written whole or not at all.
 *
 * SPDX-License-Identifier: MIT */
#include "files/output.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/size.h"
#include "files/output_temporary.h"

#define WRITE_MAX ((size_t)1 << 30)

/* ---- the place ---- */

static dlcore_status open_folder(dlcore_output_t *output, dlcore_error_record_t *error)
{
    const dlcore_system_t *system = output->system;
    char folder[DLCORE_PATH_SIZE];
    size_t length = (size_t)(dlcore_path_name(output->path) - output->path);

    if (output->path[length] == '\0')
        return dlcore_fail_errno(error, output->path[0] == '\0' ? ENOENT : EISDIR,
                                 "%s: cannot write", dlcore_path_shown(output->path));
    memcpy(folder, output->path, length);
    memcpy(folder + length, length == 0 ? "." : "", length == 0 ? 2 : 1);
    do
        output->folder =
            system->open(system->user, folder, DLCORE_FILE_READ | DLCORE_FILE_FOLDER, 0);
    while (!dlcore_file_is_open(output->folder) && errno == EINTR);
    if (!dlcore_file_is_open(output->folder))
        return dlcore_fail_errno(error, errno, "%s: cannot open its folder",
                                 dlcore_path_shown(output->path));
    return DLCORE_OK;
}

/* What is to be replaced; *there is false when there is nothing yet. */
static dlcore_status look(dlcore_output_t *output, dlcore_file_info_t *old, bool *there,
                          dlcore_error_record_t *error)
{
    const dlcore_system_t *system = output->system;

    *there =
        system->fstatat(system->user, output->folder, dlcore_path_name(output->path), old) == 0;
    if (!*there && errno != ENOENT)
        return dlcore_fail_errno(error, errno, "%s: cannot look at it",
                                 dlcore_path_shown(output->path));
    if (*there && old->kind == DLCORE_FILE_IS_FOLDER)
        return dlcore_fail_errno(error, EISDIR, "%s: cannot write",
                                 dlcore_path_shown(output->path));
    if (*there && old->kind != DLCORE_FILE_IS_REGULAR)
        return dlcore_fail(error, DLCORE_ERROR_IO, "%s: not a regular file",
                           dlcore_path_shown(output->path));
    return DLCORE_OK;
}

dlcore_status dlcore_output_open(dlcore_output_t *output, const dlcore_system_t *system,
                                 const char *path, dlcore_error_record_t *error)
{
    dlcore_file_info_t old;
    bool there = false;
    dlcore_status status;

    output->system = system != NULL ? system : dlcore_system();
    output->folder = output->file = output->guard = DLCORE_FILE_NONE;
    output->exists = false;
    output->written = 0;
    status = dlcore_path_resolve(output->system, path, output->path, error);
    if (status == DLCORE_OK)
        status = open_folder(output, error);
    if (status == DLCORE_OK)
        status = look(output, &old, &there, error);
    if (status == DLCORE_OK)
        status = dlcore_output_make_temporary(output, there ? &old : NULL, error);
    if (status != DLCORE_OK)
        dlcore_output_close(output);
    return status;
}

dlcore_status dlcore_output_write(dlcore_output_t *output, const void *bytes, size_t size,
                                  dlcore_error_record_t *error)
{
    const dlcore_system_t *system = output->system;
    const unsigned char *next = bytes;

    while (size > 0) {
        ptrdiff_t count =
            system->write(system->user, output->file, next, dlcore_size_min(size, WRITE_MAX));

        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return dlcore_fail_errno(error, count < 0 ? errno : ENOSPC,
                                     "%s: cannot write at byte %zu",
                                     dlcore_path_shown(output->path), output->written);
        next += count;
        size -= (size_t)count;
        output->written += (size_t)count;
    }
    return DLCORE_OK;
}

/* ---- the end ---- */

static int sync_file(const dlcore_system_t *system, dlcore_file_t file)
{
    int result;

    do
        result = system->fsync(system->user, file);
    while (result != 0 && errno == EINTR);
    return result;
}

/* Closes the file while its lock is held on: what a file system has to say when a file is closed
 * must be known before it gets its place, and without the lock another may take it for a leftover.
 * Whatever close says, the file is closed; EINTR is no loss of data. */
static int close_file(dlcore_output_t *output)
{
    const dlcore_system_t *system = output->system;
    int result;

    output->guard = system->dup(system->user, output->file);
    if (!dlcore_file_is_open(output->guard))
        return -1;
    result = system->close(system->user, output->file);

    output->file = DLCORE_FILE_NONE;
    return result != 0 && errno != EINTR ? -1 : 0;
}

dlcore_status dlcore_output_commit(dlcore_output_t *output, bool sync, dlcore_error_record_t *error)
{
    const dlcore_system_t *system = output->system;

    if (sync && sync_file(system, output->file) != 0)
        return dlcore_fail_errno(error, errno, "%s: cannot bring it to the disk",
                                 dlcore_path_shown(output->path));
    if (close_file(output) != 0)
        return dlcore_fail_errno(error, errno, "%s: cannot close it",
                                 dlcore_path_shown(output->path));
    /* no lock of ours would let anybody remove it; people and other hosts may */
    if (!dlcore_output_is_named(output, output->guard)) {
        output->exists = errno != ENOENT;
        return dlcore_fail_errno(error, errno, "%s: cannot find the new file next to it",
                                 dlcore_path_shown(output->path));
    }
    if (system->renameat(system->user, output->folder, output->temporary,
                         dlcore_path_name(output->path)) != 0)
        return dlcore_fail_errno(error, errno, "%s: cannot put the new file into its place",
                                 dlcore_path_shown(output->path));
    output->exists = false;
    /* some file systems have nothing to sync about a folder, and say so */
    if (sync && sync_file(system, output->folder) != 0 && errno != EINVAL && errno != ENOTSUP)
        return dlcore_fail_errno(error, errno,
                                 "%s: was written, but may not outlive a power cut: its folder",
                                 dlcore_path_shown(output->path));
    return DLCORE_OK;
}

void dlcore_output_close(dlcore_output_t *output)
{
    const dlcore_system_t *system = output->system;

    if (output->exists) /* as long as the lock is held */
        (void)system->unlinkat(system->user, output->folder, output->temporary);
    if (dlcore_file_is_open(output->file))
        (void)system->close(system->user, output->file);
    if (dlcore_file_is_open(output->guard))
        (void)system->close(system->user, output->guard);
    if (dlcore_file_is_open(output->folder))
        (void)system->close(system->user, output->folder);
    output->exists = false;
    output->folder = output->file = output->guard = DLCORE_FILE_NONE;
}

dlcore_status dlcore_output_probe(const dlcore_system_t *system, const char *path,
                                  dlcore_error_record_t *error)
{
    dlcore_output_t output;
    dlcore_status status = dlcore_output_open(&output, system, path, error);

    if (status != DLCORE_OK)
        return status;
    system = output.system;
    output.exists =
        system->unlinkat(system->user, output.folder, output.temporary) != 0 && errno != ENOENT;
    if (output.exists)
        status = dlcore_fail_errno(error, errno, "%s: cannot remove the file next to it",
                                   dlcore_path_shown(output.path));
    dlcore_output_close(&output);
    return status;
}
