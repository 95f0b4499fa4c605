/* Temporary files that get the place of others: made, locked, told from what dead processes left.
 *
 * SPDX-License-Identifier: MIT */
#include "files/temporary.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "files/calls.h"

#define NAME_KEPT 160    /* bytes */
#define NAMES_TRIED 1000 /* that others hold, or that cannot be told */

/* ---- the place ---- */

static dlcore_status open_folder(dlcore_temporary_t *temporary, dlcore_error_record_t *error)
{
    const dlcore_system_t *system = temporary->system;
    char folder[DLCORE_PATH_SIZE];
    size_t length = (size_t)(dlcore_path_name(temporary->path) - temporary->path);

    if (temporary->path[length] == '\0')
        return dlcore_fail_errno(error, temporary->path[0] == '\0' ? ENOENT : EISDIR,
                                 "%s: cannot write", temporary->shown);
    memcpy(folder, temporary->path, length);
    if (length == 0)
        folder[length++] = '.';
    folder[length] = '\0';
    temporary->folder = dlcore_call_open(system, folder, DLCORE_FILE_READ | DLCORE_FILE_FOLDER, 0);
    if (!dlcore_file_is_open(temporary->folder))
        return dlcore_fail_errno(error, errno, "%s: cannot open its folder", temporary->shown);
    return DLCORE_OK;
}

/* What is to be replaced; *there is false when there is nothing yet. */
static dlcore_status look_at_place(dlcore_temporary_t *temporary, dlcore_file_info_t *old,
                                   bool *there, dlcore_error_record_t *error)
{
    const dlcore_system_t *system = temporary->system;

    *there = system->fstatat(system->user, temporary->folder, dlcore_path_name(temporary->path),
                             old) == 0;
    if (!*there && errno != ENOENT)
        return dlcore_fail_errno(error, errno, "%s: cannot look at it", temporary->shown);
    if (*there && old->kind == DLCORE_FILE_IS_FOLDER)
        return dlcore_fail_errno(error, EISDIR, "%s: cannot write", temporary->shown);
    if (*there && old->kind != DLCORE_FILE_IS_REGULAR)
        return dlcore_fail(error, DLCORE_ERROR_IO, "%s: not a regular file", temporary->shown);
    return DLCORE_OK;
}

/* ---- the file ---- */

static dlcore_status fail_making(const dlcore_temporary_t *temporary, int number,
                                 dlcore_error_record_t *error)
{
    return dlcore_fail_errno(error, number, "%s: cannot create a temporary file in its folder",
                             temporary->shown);
}

static bool is_same(const dlcore_file_info_t *a, const dlcore_file_info_t *b)
{
    return a->volume == b->volume && a->number == b->number;
}

bool dlcore_temporary_is_named(const dlcore_temporary_t *temporary, dlcore_file_t file)
{
    const dlcore_system_t *system = temporary->system;
    dlcore_file_info_t opened, named;

    if (system->fstat(system->user, file, &opened) != 0 ||
        system->fstatat(system->user, temporary->folder, temporary->name, &named) != 0)
        return false;
    errno = ENOENT;
    return opened.names > 0 && named.kind == DLCORE_FILE_IS_REGULAR && is_same(&opened, &named);
}

/* Removes what has the temporary name when nobody holds it: only who has its lock may. Answers
 * whether the name is to be tried again. */
static bool remove_leftover(const dlcore_temporary_t *temporary)
{
    const dlcore_system_t *system = temporary->system;
    const int how = DLCORE_FILE_READ | DLCORE_FILE_NO_WAITING | DLCORE_FILE_NO_LINK;
    const char *name = temporary->name;
    dlcore_file_t file =
        dlcore_call_openat(system, temporary->folder, name, how | DLCORE_FILE_WRITE, 0);
    bool removed;

    if (!dlcore_file_is_open(file) &&
        errno == EACCES) /* NFS locks only what can be written, others anything */
        file = dlcore_call_openat(system, temporary->folder, name, how, 0);
    if (!dlcore_file_is_open(file))
        return errno == ENOENT;
    removed = dlcore_call_lock(system, file) == 0 && dlcore_temporary_is_named(temporary, file) &&
              system->unlinkat(system->user, temporary->folder, name) == 0;
    (void)system->close(system->user, file);
    return removed;
}

/* Takes the lock of the new file. *again: somebody was quicker, and takes it for a leftover. */
static dlcore_status hold(dlcore_temporary_t *temporary, bool *again, dlcore_error_record_t *error)
{
    const dlcore_system_t *system = temporary->system;
    dlcore_file_info_t info;
    int result = dlcore_call_lock(system, temporary->file);

    *again = result != 0 && errno == EWOULDBLOCK;
    /* where there are no locks nobody can remove it either */
    if (*again || (result != 0 && (errno == ENOLCK || errno == ENOTSUP || errno == ENOSYS)))
        return DLCORE_OK;
    if (result != 0 || system->fstat(system->user, temporary->file, &info) != 0)
        return dlcore_fail_errno(error, errno, "%s: cannot lock its temporary file",
                                 temporary->shown);
    *again = info.names == 0;
    return DLCORE_OK;
}

/* One name. *again: it did not do. */
static dlcore_status try_name(dlcore_temporary_t *temporary, unsigned permissions, bool *again,
                              dlcore_error_record_t *error)
{
    const dlcore_system_t *system = temporary->system;
    const int how = DLCORE_FILE_WRITE | DLCORE_FILE_CREATE | DLCORE_FILE_NEW | DLCORE_FILE_NO_LINK;
    const char *name = temporary->name;
    dlcore_status status;

    *again = false;
    for (;;) {
        temporary->file = dlcore_call_openat(system, temporary->folder, name, how, permissions);
        if (dlcore_file_is_open(temporary->file))
            break;
        *again = errno == EEXIST;
        if (*again && remove_leftover(temporary))
            continue;
        return *again ? DLCORE_OK : fail_making(temporary, errno, error);
    }
    temporary->exists = true;
    status = hold(temporary, again, error);
    if (status == DLCORE_OK && *again) { /* no longer ours to remove */
        (void)system->close(system->user, temporary->file);
        temporary->file = DLCORE_FILE_NONE;
        temporary->exists = false;
    }
    return status;
}

/* How much of a name fits into a temporary one: not into the middle of a character of UTF-8, which
 * Windows and macOS refuse. */
static size_t kept_of(const char *name)
{
    size_t length = strlen(name), kept = length < NAME_KEPT ? length : NAME_KEPT;

    while (kept < length && kept > NAME_KEPT - 4 && ((unsigned char)name[kept] & 0xC0) == 0x80)
        kept--;
    return kept;
}

static dlcore_status make(dlcore_temporary_t *temporary, unsigned permissions,
                          dlcore_error_record_t *error)
{
    dlcore_status status = DLCORE_OK;
    bool again = true;
    const char *name = dlcore_path_name(temporary->path);

    for (unsigned number = 0; again && number < NAMES_TRIED; number++) {
        snprintf(temporary->name, sizeof temporary->name, ".%.*s.dlcore-%u.tmp", (int)kept_of(name),
                 name, number);
        status = try_name(temporary, permissions, &again, error);
    }
    return again ? fail_making(temporary, EEXIST, error) : status;
}

/* The old file's owner and group, where the system allows that, and its permissions. Who had none
 * gets none: an owner that cannot be kept does not lend its set-user-id bits, and where the group
 * cannot, the new group and all others have what both had before. */
static dlcore_status keep_permissions(dlcore_temporary_t *temporary, const dlcore_file_info_t *old,
                                      dlcore_error_record_t *error)
{
    const dlcore_system_t *system = temporary->system;
    unsigned permissions = old->permissions;

    if (dlcore_call_fchown(system, temporary->file, old->owner, old->group) != 0) {
        permissions &= 0777;
        if (dlcore_call_fchown(system, temporary->file, -1, old->group) != 0) {
            unsigned both = permissions >> 3 & permissions & 07;

            permissions = (permissions & 0700) | both << 3 | both;
        }
    }
    if (dlcore_call_fchmod(system, temporary->file, permissions) != 0)
        return dlcore_fail_errno(error, errno, "%s: cannot keep its permissions", temporary->shown);
    return DLCORE_OK;
}

dlcore_status dlcore_temporary_open(dlcore_temporary_t *temporary, const dlcore_system_t *system,
                                    const char *path, dlcore_error_record_t *error)
{
    dlcore_file_info_t old;
    bool there = false;
    dlcore_status status;

    temporary->system = system;
    temporary->folder = temporary->file = DLCORE_FILE_NONE;
    temporary->exists = false;
    status = dlcore_path_resolve(system, path, temporary->path, error);
    if (status == DLCORE_OK)
        dlcore_show_path(temporary->shown, sizeof temporary->shown, temporary->path);
    if (status == DLCORE_OK)
        status = open_folder(temporary, error);
    if (status == DLCORE_OK)
        status = look_at_place(temporary, &old, &there, error);
    /* nobody else may look into what will have other permissions */
    if (status == DLCORE_OK)
        status = make(temporary, there ? 0600 : 0666, error);
    if (status == DLCORE_OK && there)
        status = keep_permissions(temporary, &old, error);
    return status;
}
