/* No files (DLCORE_FILES=OFF): every call fails with ENOSYS, which error_text_none.c has the words
 * for. Models and data in memory need none of them.
 *
 * SPDX-License-Identifier: MIT */
#include "system/features.h"

#include "system/files.h"

#include <errno.h>

static int not_there(void)
{
    errno = ENOSYS;
    return -1;
}

static dlcore_file_t no_file(void)
{
    errno = ENOSYS;
    return DLCORE_FILE_NONE;
}

static dlcore_file_t open_none(void *user, const char *path, int how, unsigned permissions)
{
    (void)user;
    (void)path;
    (void)how;
    (void)permissions;
    return no_file();
}

static dlcore_file_t openat_none(void *user, dlcore_file_t folder, const char *name, int how,
                                 unsigned permissions)
{
    (void)folder;
    return open_none(user, name, how, permissions);
}

static ptrdiff_t readlink_none(void *user, const char *path, char *to, size_t room)
{
    (void)user;
    (void)path;
    (void)to;
    (void)room;
    return not_there();
}

static int fstatat_none(void *user, dlcore_file_t folder, const char *name,
                        dlcore_file_info_t *info)
{
    (void)user;
    (void)folder;
    (void)name;
    *info = (dlcore_file_info_t){0};
    return not_there();
}

/* Of a file that nobody can have opened; the others that take one are like it. */
static int fstat_none(void *user, dlcore_file_t file, dlcore_file_info_t *info)
{
    (void)user;
    (void)file;
    *info = (dlcore_file_info_t){0};
    return not_there();
}

static int ftruncate_none(void *user, dlcore_file_t file, int64_t size)
{
    (void)user;
    (void)file;
    (void)size;
    return not_there();
}

static int fchmod_none(void *user, dlcore_file_t file, unsigned permissions)
{
    (void)user;
    (void)file;
    (void)permissions;
    return not_there();
}

static int fchown_none(void *user, dlcore_file_t file, int64_t owner, int64_t group)
{
    (void)user;
    (void)file;
    (void)owner;
    (void)group;
    return not_there();
}

static ptrdiff_t pread_none(void *user, dlcore_file_t file, void *to, size_t size, int64_t at)
{
    (void)user;
    (void)file;
    (void)to;
    (void)size;
    (void)at;
    return not_there();
}

static ptrdiff_t write_none(void *user, dlcore_file_t file, const void *bytes, size_t size)
{
    (void)user;
    (void)file;
    (void)bytes;
    (void)size;
    return not_there();
}

static int of_file_none(void *user, dlcore_file_t file)
{
    (void)user;
    (void)file;
    return not_there();
}

static dlcore_file_t dup_none(void *user, dlcore_file_t file)
{
    (void)user;
    (void)file;
    return no_file();
}

static int renameat_none(void *user, dlcore_file_t folder, const char *from, const char *to)
{
    (void)user;
    (void)folder;
    (void)from;
    (void)to;
    return not_there();
}

static int unlinkat_none(void *user, dlcore_file_t folder, const char *name)
{
    (void)user;
    (void)folder;
    (void)name;
    return not_there();
}

const dlcore_system_t *dlcore_system(void)
{
    static const dlcore_system_t none = {
        .open = open_none,
        .openat = openat_none,
        .readlink = readlink_none,
        .fstatat = fstatat_none,
        .fstat = fstat_none,
        .ftruncate = ftruncate_none,
        .fchmod = fchmod_none,
        .fchown = fchown_none,
        .pread = pread_none,
        .write = write_none,
        .fsync = of_file_none,
        .close = of_file_none,
        .dup = dup_none,
        .wait = of_file_none,
        .lock = of_file_none,
        .renameat = renameat_none,
        .unlinkat = unlinkat_none,
    };

    return &none;
}
