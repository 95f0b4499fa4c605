/* Files on POSIX: the table of its own calls.
 *
 * SPDX-License-Identifier: MIT */
#include "system/features.h"

#include "system/files.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define PERMISSIONS 07777

static dlcore_file_t file_of(int descriptor)
{
    return (dlcore_file_t){descriptor};
}

static int descriptor_of(dlcore_file_t file)
{
    return file.id == DLCORE_FILE_HERE.id ? AT_FDCWD : (int)file.id;
}

static int flags_of(int how)
{
    static const struct {
        int how, flag;
    } flags[] = {
        {DLCORE_FILE_CREATE, O_CREAT},     {DLCORE_FILE_NEW, O_EXCL},
        {DLCORE_FILE_APPEND, O_APPEND},    {DLCORE_FILE_FOLDER, O_DIRECTORY},
        {DLCORE_FILE_NO_LINK, O_NOFOLLOW}, {DLCORE_FILE_NO_WAITING, O_NONBLOCK},
    };
    int result = O_CLOEXEC | O_NOCTTY;

    if ((how & DLCORE_FILE_WRITE) == 0)
        result |= O_RDONLY;
    else
        result |= (how & DLCORE_FILE_READ) != 0 ? O_RDWR : O_WRONLY;
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
        result |= (how & flags[i].how) != 0 ? flags[i].flag : 0;
    return result;
}

static dlcore_file_t system_open(void *user, const char *path, int how, unsigned permissions)
{
    (void)user;
    return file_of(open(path, flags_of(how), (mode_t)permissions));
}

static dlcore_file_t system_openat(void *user, dlcore_file_t folder, const char *name, int how,
                                   unsigned permissions)
{
    (void)user;
    return file_of(openat(descriptor_of(folder), name, flags_of(how), (mode_t)permissions));
}

static ptrdiff_t system_readlink(void *user, const char *path, char *to, size_t room)
{
    (void)user;
    return readlink(path, to, room);
}

static int tell(int result, const struct stat *of, dlcore_file_info_t *info)
{
    if (result != 0)
        return result;
    *info = (dlcore_file_info_t){
        .kind = S_ISREG(of->st_mode)   ? DLCORE_FILE_IS_REGULAR
                : S_ISDIR(of->st_mode) ? DLCORE_FILE_IS_FOLDER
                                       : DLCORE_FILE_IS_OTHER,
        .size = of->st_size,
        .volume = (uint64_t)of->st_dev,
        .number = (uint64_t)of->st_ino,
        .names = (uint64_t)of->st_nlink,
        .permissions = (unsigned)of->st_mode & PERMISSIONS,
        .owner = (int64_t)of->st_uid,
        .group = (int64_t)of->st_gid,
    };
    return 0;
}

static int system_fstatat(void *user, dlcore_file_t folder, const char *name,
                          dlcore_file_info_t *info)
{
    struct stat found;

    (void)user;
    return tell(fstatat(descriptor_of(folder), name, &found, AT_SYMLINK_NOFOLLOW), &found, info);
}

static int system_fstat(void *user, dlcore_file_t file, dlcore_file_info_t *info)
{
    struct stat found;

    (void)user;
    return tell(fstat(descriptor_of(file), &found), &found, info);
}

static int system_ftruncate(void *user, dlcore_file_t file, int64_t size)
{
    (void)user;
    return ftruncate(descriptor_of(file), (off_t)size);
}

static int system_fchmod(void *user, dlcore_file_t file, unsigned permissions)
{
    (void)user;
    return fchmod(descriptor_of(file), (mode_t)permissions);
}

static int system_fchown(void *user, dlcore_file_t file, int64_t owner, int64_t group)
{
    (void)user;
    return fchown(descriptor_of(file), (uid_t)owner, (gid_t)group);
}

static ptrdiff_t system_pread(void *user, dlcore_file_t file, void *to, size_t size, int64_t at)
{
    (void)user;
    return pread(descriptor_of(file), to, size, (off_t)at);
}

static ptrdiff_t system_write(void *user, dlcore_file_t file, const void *bytes, size_t size)
{
    (void)user;
    return write(descriptor_of(file), bytes, size);
}

static int system_fsync(void *user, dlcore_file_t file)
{
    (void)user;
    return fsync(descriptor_of(file));
}

static int system_close(void *user, dlcore_file_t file)
{
    (void)user;
    return close(descriptor_of(file));
}

static dlcore_file_t system_dup(void *user, dlcore_file_t file)
{
    (void)user;
    return file_of(fcntl(descriptor_of(file), F_DUPFD_CLOEXEC, 0));
}

static int system_wait(void *user, dlcore_file_t file)
{
    int descriptor = descriptor_of(file);
    int flags = fcntl(descriptor, F_GETFL);

    (void)user;
    return flags < 0 ? -1 : fcntl(descriptor, F_SETFL, flags & ~O_NONBLOCK);
}

static int system_lock(void *user, dlcore_file_t file)
{
    (void)user;
    return flock(descriptor_of(file), LOCK_EX | LOCK_NB);
}

static int system_renameat(void *user, dlcore_file_t folder, const char *from, const char *to)
{
    (void)user;
    return renameat(descriptor_of(folder), from, descriptor_of(folder), to);
}

static int system_unlinkat(void *user, dlcore_file_t folder, const char *name)
{
    (void)user;
    return unlinkat(descriptor_of(folder), name, 0);
}

const dlcore_system_t *dlcore_system(void)
{
    static const dlcore_system_t system = DLCORE_SYSTEM_TABLE;

    return &system;
}
