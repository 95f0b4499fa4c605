/* Files that are written whole or not at all.
 *
 * SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#define _FILE_OFFSET_BITS 64

#include "io/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/size.h"

#define LINKS_MAX 40     /* as many as systems follow */
#define NAMES_TRIED 1000 /* left over from processes with this one's number */
#define WRITE_MAX ((size_t)1 << 30)
#define PERMISSIONS 07777

/* The end of a path, for messages. */
static const char *shown(const char *path)
{
    size_t length = strlen(path);

    return length > 120 ? path + length - 120 : path;
}

/* The file's own name within a path. */
static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : path;
}

/* ---- the place ---- */

/* Replaces output->path, which is a link to `target`, by what that means. */
static dlcore_status follow(dlcore_output_t *output, const char *target,
                            dlcore_error_record_t *error)
{
    size_t folder = target[0] == '/' ? 0 : (size_t)(base_of(output->path) - output->path);
    size_t length = strlen(target);

    if (folder + length >= sizeof output->path)
        return dlcore_fail_errno(error, ENAMETOOLONG, "%s: cannot follow the link",
                                 shown(output->path));
    memcpy(output->path + folder, target, length + 1);
    return DLCORE_OK;
}

/* Follows links until output->path is none. */
static dlcore_status resolve(dlcore_output_t *output, const char *path,
                             dlcore_error_record_t *error)
{
    const dlcore_system_t *system = output->system;
    char target[DLCORE_OUTPUT_PATH_SIZE];
    size_t length = strlen(path);
    dlcore_status status;

    if (length >= sizeof output->path)
        return dlcore_fail_errno(error, ENAMETOOLONG, "%s: cannot write", shown(path));
    memcpy(output->path, path, length + 1);
    for (int links = 0; links < LINKS_MAX; links++) {
        ssize_t size = system->readlink(system->user, output->path, target, sizeof target - 1);

        if (size < 0 && (errno == EINVAL || errno == ENOENT)) /* no link, or nothing there yet */
            return DLCORE_OK;
        if (size < 0)
            return dlcore_fail_errno(error, errno, "%s: cannot write", shown(output->path));
        target[size] = '\0';
        status = follow(output, target, error);
        if (status != DLCORE_OK)
            return status;
    }
    return dlcore_fail_errno(error, ELOOP, "%s: cannot write", shown(path));
}

static dlcore_status open_folder(dlcore_output_t *output, dlcore_error_record_t *error)
{
    const dlcore_system_t *system = output->system;
    char folder[DLCORE_OUTPUT_PATH_SIZE];
    size_t length = (size_t)(base_of(output->path) - output->path);

    if (output->path[length] == '\0')
        return dlcore_fail_errno(error, output->path[0] == '\0' ? ENOENT : EISDIR,
                                 "%s: cannot write", shown(output->path));
    memcpy(folder, output->path, length);
    memcpy(folder + length, length == 0 ? "." : "", length == 0 ? 2 : 1);
    do
        output->folder = system->open(system->user, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    while (output->folder < 0 && errno == EINTR);
    if (output->folder < 0)
        return dlcore_fail_errno(error, errno, "%s: cannot open its folder", shown(output->path));
    return DLCORE_OK;
}

/* What is to be replaced; *there is false when there is nothing yet. */
static dlcore_status look(dlcore_output_t *output, struct stat *old, bool *there,
                          dlcore_error_record_t *error)
{
    const dlcore_system_t *system = output->system;

    *there = system->fstatat(system->user, output->folder, base_of(output->path), old) == 0;
    if (!*there && errno != ENOENT)
        return dlcore_fail_errno(error, errno, "%s: cannot look at it", shown(output->path));
    if (*there && S_ISDIR(old->st_mode))
        return dlcore_fail_errno(error, EISDIR, "%s: cannot write", shown(output->path));
    if (*there && !S_ISREG(old->st_mode))
        return dlcore_fail(error, DLCORE_ERROR_IO, "%s: not a regular file", shown(output->path));
    return DLCORE_OK;
}

/* ---- the temporary file ---- */

static dlcore_status make_temporary(dlcore_output_t *output, mode_t mode,
                                    dlcore_error_record_t *error)
{
    const dlcore_system_t *system = output->system;
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
    unsigned number = 0;

    do {
        snprintf(output->temporary, sizeof output->temporary, ".%.160s.%ld-%u.tmp",
                 base_of(output->path), (long)getpid(), number);
        output->file = system->openat(system->user, output->folder, output->temporary, flags, mode);
        number += output->file < 0 && errno == EEXIST;
    } while (output->file < 0 && (errno == EINTR || errno == EEXIST) && number < NAMES_TRIED);
    if (output->file < 0)
        return dlcore_fail_errno(error, errno, "%s: cannot make a file next to it",
                                 shown(output->path));
    output->exists = true;
    return DLCORE_OK;
}

/* The old file's owner, where the system allows that, and its permissions. An owner that cannot be
 * kept must not lend its set-user-id bits. */
static dlcore_status keep_permissions(dlcore_output_t *output, const struct stat *old,
                                      dlcore_error_record_t *error)
{
    const dlcore_system_t *system = output->system;
    mode_t mode = old->st_mode & PERMISSIONS;

    if (system->fchown(system->user, output->file, old->st_uid, old->st_gid) != 0)
        mode &= 0777;
    if (system->fchmod(system->user, output->file, mode) != 0)
        return dlcore_fail_errno(error, errno, "%s: cannot keep its permissions",
                                 shown(output->path));
    return DLCORE_OK;
}

dlcore_status dlcore_output_open(dlcore_output_t *output, const dlcore_system_t *system,
                                 const char *path, dlcore_error_record_t *error)
{
    struct stat old;
    bool there = false;
    dlcore_status status;

    output->system = system != NULL ? system : dlcore_system();
    output->folder = output->file = -1;
    output->exists = false;
    output->written = 0;
    status = resolve(output, path, error);
    if (status == DLCORE_OK)
        status = open_folder(output, error);
    if (status == DLCORE_OK)
        status = look(output, &old, &there, error);
    if (status == DLCORE_OK) /* nobody else may look into what will have other permissions */
        status = make_temporary(output, there ? 0600 : 0666, error);
    if (status == DLCORE_OK && there)
        status = keep_permissions(output, &old, error);
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
        ssize_t count =
            system->write(system->user, output->file, next, dlcore_size_min(size, WRITE_MAX));

        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return dlcore_fail_errno(error, count < 0 ? errno : ENOSPC,
                                     "%s: cannot write at byte %zu", shown(output->path),
                                     output->written);
        next += count;
        size -= (size_t)count;
        output->written += (size_t)count;
    }
    return DLCORE_OK;
}

/* ---- the end ---- */

static int sync_descriptor(const dlcore_system_t *system, int descriptor)
{
    int result;

    do
        result = system->fsync(system->user, descriptor);
    while (result != 0 && errno == EINTR);
    return result;
}

/* Whatever close says, the descriptor is gone; EINTR is no loss of data. */
static int close_file(dlcore_output_t *output)
{
    int result = output->system->close(output->system->user, output->file);

    output->file = -1;
    return result != 0 && errno != EINTR ? -1 : 0;
}

dlcore_status dlcore_output_commit(dlcore_output_t *output, bool sync, dlcore_error_record_t *error)
{
    const dlcore_system_t *system = output->system;

    if (sync && sync_descriptor(system, output->file) != 0)
        return dlcore_fail_errno(error, errno, "%s: cannot bring it to the disk",
                                 shown(output->path));
    if (close_file(output) != 0)
        return dlcore_fail_errno(error, errno, "%s: cannot close it", shown(output->path));
    if (system->renameat(system->user, output->folder, output->temporary, base_of(output->path)) !=
        0)
        return dlcore_fail_errno(error, errno, "%s: cannot put the new file into its place",
                                 shown(output->path));
    output->exists = false;
    /* some file systems have nothing to sync about a folder, and say so */
    if (sync && sync_descriptor(system, output->folder) != 0 && errno != EINVAL && errno != ENOTSUP)
        return dlcore_fail_errno(error, errno,
                                 "%s: was written, but may not outlive a power cut: its folder",
                                 shown(output->path));
    return DLCORE_OK;
}

void dlcore_output_close(dlcore_output_t *output)
{
    const dlcore_system_t *system = output->system;

    if (output->file >= 0)
        (void)close_file(output);
    if (output->exists)
        (void)system->unlinkat(system->user, output->folder, output->temporary);
    if (output->folder >= 0)
        (void)system->close(system->user, output->folder);
    output->exists = false;
    output->folder = -1;
}
