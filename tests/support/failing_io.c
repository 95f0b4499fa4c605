/* Counting, failing and shortening system calls.
 *
 * SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L

#include "support/failing_io.h"

#include <errno.h>
#include <string.h>
#include <time.h>

void failing_io_init(failing_io_t *io)
{
    *io = (failing_io_t){.error = EIO, .beneath = dlcore_system()};
}

static const dlcore_system_t *beneath(const failing_io_t *io)
{
    return io->beneath;
}

/* Whether this call is to fail; errno is set then. */
static bool fails(failing_io_t *io, const char *name, bool cleans_up)
{
    if (io->only != NULL && strcmp(name, io->only) != 0)
        return false;
    io->calls++;
    if (io->calls == io->delay_at) {
        struct timespec time = {io->delay_ms / 1000, io->delay_ms % 1000 * 1000000};

        io->delayed++;
        nanosleep(&time, NULL);
    }
    if (io->fail_at == 0 || io->calls < io->fail_at ||
        (io->calls > io->fail_at && (!io->fail_for_ever || cleans_up)))
        return false;
    io->failures++;
    io->failed = name;
    errno = io->error;
    return true;
}

static dlcore_file_t io_open(void *user, const char *path, int how, unsigned permissions)
{
    failing_io_t *io = user;
    dlcore_file_t file = fails(io, "open", false)
                             ? DLCORE_FILE_NONE
                             : beneath(user)->open(NULL, path, how, permissions);

    io->opened += dlcore_file_is_open(file);
    return file;
}

static dlcore_file_t io_openat(void *user, dlcore_file_t folder, const char *name, int how,
                               unsigned permissions)
{
    failing_io_t *io = user;
    dlcore_file_t file = fails(io, "openat", false)
                             ? DLCORE_FILE_NONE
                             : beneath(user)->openat(NULL, folder, name, how, permissions);

    io->opened += dlcore_file_is_open(file);
    return file;
}

static ptrdiff_t io_readlink(void *user, const char *path, char *to, size_t room)
{
    return fails(user, "readlink", false) ? -1 : beneath(user)->readlink(NULL, path, to, room);
}

static int io_fstatat(void *user, dlcore_file_t folder, const char *name, dlcore_file_info_t *info)
{
    return fails(user, "fstatat", false) ? -1 : beneath(user)->fstatat(NULL, folder, name, info);
}

static int io_fstat(void *user, dlcore_file_t file, dlcore_file_info_t *info)
{
    return fails(user, "fstat", false) ? -1 : beneath(user)->fstat(NULL, file, info);
}

static int io_ftruncate(void *user, dlcore_file_t file, int64_t size)
{
    return fails(user, "ftruncate", false) ? -1 : beneath(user)->ftruncate(NULL, file, size);
}

static int io_fchmod(void *user, dlcore_file_t file, unsigned permissions)
{
    return fails(user, "fchmod", false) ? -1 : beneath(user)->fchmod(NULL, file, permissions);
}

static int io_fchown(void *user, dlcore_file_t file, int64_t owner, int64_t group)
{
    return fails(user, "fchown", false) ? -1 : beneath(user)->fchown(NULL, file, owner, group);
}

static ptrdiff_t io_pread(void *user, dlcore_file_t file, void *to, size_t size, int64_t at)
{
    const failing_io_t *io = user;

    if (fails(user, "pread", false))
        return -1;
    return beneath(user)->pread(NULL, file, to, io->most != 0 && size > io->most ? io->most : size,
                                at);
}

static ptrdiff_t io_write(void *user, dlcore_file_t file, const void *bytes, size_t size)
{
    failing_io_t *io = user;

    if (fails(io, "write", false))
        return io->error == 0 ? 0 : -1;
    if (io->most != 0 && size > io->most)
        size = io->most;
    if (io->calls == io->shorten_at && size > 1 &&
        (io->only == NULL || strcmp(io->only, "write") == 0)) {
        io->shortened++;
        size /= 2;
    }
    return beneath(user)->write(NULL, file, bytes, size);
}

static int io_fsync(void *user, dlcore_file_t file)
{
    failing_io_t *io = user;

    if (fails(io, "fsync", false))
        return -1;
    io->synced++;
    return beneath(user)->fsync(NULL, file);
}

static int io_close(void *user, dlcore_file_t file)
{
    failing_io_t *io = user;
    bool failing = fails(io, "close", true);

    io->closed++;
    if (beneath(user)->close(NULL, file) != 0 || !failing)
        return failing ? -1 : 0;
    errno = io->error;
    return -1;
}

static dlcore_file_t io_dup(void *user, dlcore_file_t file)
{
    failing_io_t *io = user;
    dlcore_file_t copy =
        fails(io, "dup", false) ? DLCORE_FILE_NONE : beneath(user)->dup(NULL, file);

    io->opened += dlcore_file_is_open(copy);
    return copy;
}

static int io_wait(void *user, dlcore_file_t file)
{
    return fails(user, "wait", false) ? -1 : beneath(user)->wait(NULL, file);
}

static int io_lock(void *user, dlcore_file_t file)
{
    return fails(user, "lock", false) ? -1 : beneath(user)->lock(NULL, file);
}

static int io_renameat(void *user, dlcore_file_t folder, const char *from, const char *to)
{
    return fails(user, "renameat", false) ? -1 : beneath(user)->renameat(NULL, folder, from, to);
}

static int io_unlinkat(void *user, dlcore_file_t folder, const char *name)
{
    return fails(user, "unlinkat", true) ? -1 : beneath(user)->unlinkat(NULL, folder, name);
}

dlcore_system_t failing_io(failing_io_t *io)
{
    return (dlcore_system_t){
        .user = io,
        .open = io_open,
        .openat = io_openat,
        .readlink = io_readlink,
        .fstatat = io_fstatat,
        .fstat = io_fstat,
        .ftruncate = io_ftruncate,
        .fchmod = io_fchmod,
        .fchown = io_fchown,
        .pread = io_pread,
        .write = io_write,
        .fsync = io_fsync,
        .close = io_close,
        .dup = io_dup,
        .wait = io_wait,
        .lock = io_lock,
        .renameat = io_renameat,
        .unlinkat = io_unlinkat,
    };
}
