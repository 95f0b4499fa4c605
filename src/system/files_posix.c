/* Files on POSIX: the table of its own calls.
 *
 * SPDX-License-Identifier: MIT */
#include "system/features.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "system/files.h"

static int system_open(void *user, const char *path, int flags, mode_t mode)
{
    (void)user;
    return open(path, flags, mode);
}

static int system_openat(void *user, int folder, const char *name, int flags, mode_t mode)
{
    (void)user;
    return openat(folder, name, flags, mode);
}

static ssize_t system_readlink(void *user, const char *path, char *to, size_t room)
{
    (void)user;
    return readlink(path, to, room);
}

static int system_fstatat(void *user, int folder, const char *name, struct stat *info)
{
    (void)user;
    return fstatat(folder, name, info, AT_SYMLINK_NOFOLLOW);
}

static int system_fstat(void *user, int file, struct stat *info)
{
    (void)user;
    return fstat(file, info);
}

static int system_ftruncate(void *user, int file, off_t size)
{
    (void)user;
    return ftruncate(file, size);
}

static int system_fchmod(void *user, int file, mode_t mode)
{
    (void)user;
    return fchmod(file, mode);
}

static int system_fchown(void *user, int file, uid_t owner, gid_t group)
{
    (void)user;
    return fchown(file, owner, group);
}

static ssize_t system_pread(void *user, int file, void *to, size_t size, off_t at)
{
    (void)user;
    return pread(file, to, size, at);
}

static ssize_t system_write(void *user, int file, const void *bytes, size_t size)
{
    (void)user;
    return write(file, bytes, size);
}

static int system_fsync(void *user, int file)
{
    (void)user;
    return fsync(file);
}

static int system_close(void *user, int file)
{
    (void)user;
    return close(file);
}

static int system_dup(void *user, int file)
{
    (void)user;
    return fcntl(file, F_DUPFD_CLOEXEC, 0);
}

static int system_wait(void *user, int file)
{
    int flags = fcntl(file, F_GETFL);

    (void)user;
    return flags < 0 ? -1 : fcntl(file, F_SETFL, flags & ~O_NONBLOCK);
}

static int system_lock(void *user, int file)
{
    (void)user;
    return flock(file, LOCK_EX | LOCK_NB);
}

static int system_renameat(void *user, int folder, const char *from, const char *to)
{
    (void)user;
    return renameat(folder, from, folder, to);
}

static int system_unlinkat(void *user, int folder, const char *name)
{
    (void)user;
    return unlinkat(folder, name, 0);
}

const dlcore_system_t *dlcore_system(void)
{
    static const dlcore_system_t system = {
        .open = system_open,
        .openat = system_openat,
        .readlink = system_readlink,
        .fstatat = system_fstatat,
        .fstat = system_fstat,
        .ftruncate = system_ftruncate,
        .fchmod = system_fchmod,
        .fchown = system_fchown,
        .pread = system_pread,
        .write = system_write,
        .fsync = system_fsync,
        .close = system_close,
        .dup = system_dup,
        .wait = system_wait,
        .lock = system_lock,
        .renameat = system_renameat,
        .unlinkat = system_unlinkat,
    };

    return &system;
}
