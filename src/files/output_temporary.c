/* Temporary files that get the place of others: made, locked, told from what dead processes left.
 *
 * SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#define _FILE_OFFSET_BITS 64

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/error.h"
#include "files/output.h"

#define NAMES_TRIED 1000 /* that others hold, or that cannot be told */
#define PERMISSIONS 07777

static dlcore_status fail_making(const dlcore_output_t *output, int number,
                                 dlcore_error_record_t *error)
{
    return dlcore_fail_errno(error, number, "%s: cannot make a file next to it",
                             dlcore_output_shown(output));
}

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

bool dlcore_output_is_named(const dlcore_output_t *output, int file)
{
    const dlcore_system_t *system = output->system;
    struct stat opened, named;

    if (system->fstat(system->user, file, &opened) != 0 ||
        system->fstatat(system->user, output->folder, output->temporary, &named) != 0)
        return false;
    errno = ENOENT;
    return S_ISREG(named.st_mode) && is_same(&opened, &named);
}

/* Removes what has the temporary name when nobody holds it: only who has its lock may. Answers
 * whether the name is to be tried again. */
static bool remove_leftover(const dlcore_output_t *output)
{
    const dlcore_system_t *system = output->system;
    const int flags = O_NONBLOCK | O_NOCTTY | O_CLOEXEC | O_NOFOLLOW;
    const char *name = output->temporary;
    int file = system->openat(system->user, output->folder, name, O_RDWR | flags, 0);
    bool removed;

    if (file < 0 && errno == EACCES) /* NFS locks only what can be written, others anything */
        file = system->openat(system->user, output->folder, name, O_RDONLY | flags, 0);
    if (file < 0)
        return errno == ENOENT;
    removed = system->lock(system->user, file) == 0 && dlcore_output_is_named(output, file) &&
              system->unlinkat(system->user, output->folder, name) == 0;
    (void)system->close(system->user, file);
    return removed;
}

/* Takes the lock of the new file. *again: somebody was quicker, and takes it for a leftover. */
static dlcore_status hold(dlcore_output_t *output, bool *again, dlcore_error_record_t *error)
{
    const dlcore_system_t *system = output->system;
    struct stat info;
    int result;

    do
        result = system->lock(system->user, output->file);
    while (result != 0 && errno == EINTR);
    *again = result != 0 && errno == EWOULDBLOCK;
    /* where there are no locks nobody can remove it either */
    if (*again || (result != 0 && (errno == ENOLCK || errno == ENOTSUP || errno == ENOSYS)))
        return DLCORE_OK;
    if (result != 0 || system->fstat(system->user, output->file, &info) != 0)
        return dlcore_fail_errno(error, errno, "%s: cannot lock the file next to it",
                                 dlcore_output_shown(output));
    *again = info.st_nlink == 0;
    return DLCORE_OK;
}

/* One name. *again: it did not do. */
static dlcore_status try_name(dlcore_output_t *output, mode_t mode, bool *again,
                              dlcore_error_record_t *error)
{
    const dlcore_system_t *system = output->system;
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
    const char *name = output->temporary;
    dlcore_status status;

    *again = false;
    while ((output->file = system->openat(system->user, output->folder, name, flags, mode)) < 0) {
        *again = errno == EEXIST;
        if (errno == EINTR || (*again && remove_leftover(output)))
            continue;
        return *again ? DLCORE_OK : fail_making(output, errno, error);
    }
    output->exists = true;
    status = hold(output, again, error);
    if (status == DLCORE_OK && *again) { /* no longer ours to remove */
        (void)system->close(system->user, output->file);
        output->file = -1;
        output->exists = false;
    }
    return status;
}

static dlcore_status make(dlcore_output_t *output, mode_t mode, dlcore_error_record_t *error)
{
    dlcore_status status = DLCORE_OK;
    bool again = true;

    for (unsigned number = 0; again && number < NAMES_TRIED; number++) {
        snprintf(output->temporary, sizeof output->temporary, ".%.160s.dlcore-%u.tmp",
                 dlcore_output_base(output->path), number);
        status = try_name(output, mode, &again, error);
    }
    return again ? fail_making(output, EEXIST, error) : status;
}

/* The old file's owner and group, where the system allows that, and its permissions. Who had none
 * gets none: an owner that cannot be kept does not lend its set-user-id bits, and where the group
 * cannot, the new group and all others have what both had before. */
static dlcore_status keep_permissions(dlcore_output_t *output, const struct stat *old,
                                      dlcore_error_record_t *error)
{
    const dlcore_system_t *system = output->system;
    mode_t mode = old->st_mode & PERMISSIONS;

    if (system->fchown(system->user, output->file, old->st_uid, old->st_gid) != 0) {
        mode &= 0777;
        if (system->fchown(system->user, output->file, (uid_t)-1, old->st_gid) != 0) {
            mode_t both = mode >> 3 & mode & 07;

            mode = (mode & 0700) | both << 3 | both;
        }
    }
    if (system->fchmod(system->user, output->file, mode) != 0)
        return dlcore_fail_errno(error, errno, "%s: cannot keep its permissions",
                                 dlcore_output_shown(output));
    return DLCORE_OK;
}

dlcore_status dlcore_output_make_temporary(dlcore_output_t *output, const struct stat *old,
                                           dlcore_error_record_t *error)
{
    /* nobody else may look into what will have other permissions */
    dlcore_status status = make(output, old != NULL ? 0600 : 0666, error);

    if (status == DLCORE_OK && old != NULL)
        status = keep_permissions(output, old, error);
    return status;
}
