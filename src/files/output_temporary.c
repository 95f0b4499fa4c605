/* Temporary files that get the place of others: made, locked, told from what dead processes left.
 *
 * SPDX-License-Identifier: MIT */
#include "files/output_temporary.h"

#include <errno.h>
#include <stdio.h>

#include "base/error.h"

#define NAMES_TRIED 1000 /* that others hold, or that cannot be told */

static dlcore_status fail_making(const dlcore_output_t *output, int number,
                                 dlcore_error_record_t *error)
{
    return dlcore_fail_errno(error, number, "%s: cannot make a file next to it",
                             dlcore_path_shown(output->path));
}

static bool is_same(const dlcore_file_info_t *a, const dlcore_file_info_t *b)
{
    return a->volume == b->volume && a->number == b->number;
}

bool dlcore_output_is_named(const dlcore_output_t *output, dlcore_file_t file)
{
    const dlcore_system_t *system = output->system;
    dlcore_file_info_t opened, named;

    if (system->fstat(system->user, file, &opened) != 0 ||
        system->fstatat(system->user, output->folder, output->temporary, &named) != 0)
        return false;
    errno = ENOENT;
    return named.kind == DLCORE_FILE_IS_REGULAR && is_same(&opened, &named);
}

/* Removes what has the temporary name when nobody holds it: only who has its lock may. Answers
 * whether the name is to be tried again. */
static bool remove_leftover(const dlcore_output_t *output)
{
    const dlcore_system_t *system = output->system;
    const int how = DLCORE_FILE_READ | DLCORE_FILE_NO_WAITING | DLCORE_FILE_NO_LINK;
    const char *name = output->temporary;
    dlcore_file_t file =
        system->openat(system->user, output->folder, name, how | DLCORE_FILE_WRITE, 0);
    bool removed;

    if (!dlcore_file_is_open(file) &&
        errno == EACCES) /* NFS locks only what can be written, others anything */
        file = system->openat(system->user, output->folder, name, how, 0);
    if (!dlcore_file_is_open(file))
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
    dlcore_file_info_t info;
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
                                 dlcore_path_shown(output->path));
    *again = info.names == 0;
    return DLCORE_OK;
}

/* One name. *again: it did not do. */
static dlcore_status try_name(dlcore_output_t *output, unsigned permissions, bool *again,
                              dlcore_error_record_t *error)
{
    const dlcore_system_t *system = output->system;
    const int how = DLCORE_FILE_WRITE | DLCORE_FILE_CREATE | DLCORE_FILE_NEW | DLCORE_FILE_NO_LINK;
    const char *name = output->temporary;
    dlcore_status status;

    *again = false;
    for (;;) {
        output->file = system->openat(system->user, output->folder, name, how, permissions);
        if (dlcore_file_is_open(output->file))
            break;
        *again = errno == EEXIST;
        if (errno == EINTR || (*again && remove_leftover(output)))
            continue;
        return *again ? DLCORE_OK : fail_making(output, errno, error);
    }
    output->exists = true;
    status = hold(output, again, error);
    if (status == DLCORE_OK && *again) { /* no longer ours to remove */
        (void)system->close(system->user, output->file);
        output->file = DLCORE_FILE_NONE;
        output->exists = false;
    }
    return status;
}

static dlcore_status make(dlcore_output_t *output, unsigned permissions,
                          dlcore_error_record_t *error)
{
    dlcore_status status = DLCORE_OK;
    bool again = true;

    for (unsigned number = 0; again && number < NAMES_TRIED; number++) {
        snprintf(output->temporary, sizeof output->temporary, ".%.160s.dlcore-%u.tmp",
                 dlcore_path_name(output->path), number);
        status = try_name(output, permissions, &again, error);
    }
    return again ? fail_making(output, EEXIST, error) : status;
}

/* The old file's owner and group, where the system allows that, and its permissions. Who had none
 * gets none: an owner that cannot be kept does not lend its set-user-id bits, and where the group
 * cannot, the new group and all others have what both had before. */
static dlcore_status keep_permissions(dlcore_output_t *output, const dlcore_file_info_t *old,
                                      dlcore_error_record_t *error)
{
    const dlcore_system_t *system = output->system;
    unsigned permissions = old->permissions;

    if (system->fchown(system->user, output->file, old->owner, old->group) != 0) {
        permissions &= 0777;
        if (system->fchown(system->user, output->file, -1, old->group) != 0) {
            unsigned both = permissions >> 3 & permissions & 07;

            permissions = (permissions & 0700) | both << 3 | both;
        }
    }
    if (system->fchmod(system->user, output->file, permissions) != 0)
        return dlcore_fail_errno(error, errno, "%s: cannot keep its permissions",
                                 dlcore_path_shown(output->path));
    return DLCORE_OK;
}

dlcore_status dlcore_output_make_temporary(dlcore_output_t *output, const dlcore_file_info_t *old,
                                           dlcore_error_record_t *error)
{
    /* nobody else may look into what will have other permissions */
    dlcore_status status = make(output, old != NULL ? 0600 : 0666, error);

    if (status == DLCORE_OK && old != NULL)
        status = keep_permissions(output, old, error);
    return status;
}
