/* What the system offers for files.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_SYSTEM_FILES_H
#define DLCORE_SYSTEM_FILES_H

#include <sys/stat.h>
#include <sys/types.h>

/* The system's calls, one by one as POSIX has them, errno included, so that tests can stand in for
 * them. `user` is the table's. */
typedef struct dlcore_system {
    void *user;
    int (*open)(void *user, const char *path, int flags, mode_t mode);
    int (*openat)(void *user, int folder, const char *name, int flags, mode_t mode);
    ssize_t (*readlink)(void *user, const char *path, char *to, size_t room);
    int (*fstatat)(void *user, int folder, const char *name, struct stat *info);
    int (*fstat)(void *user, int file, struct stat *info);
    int (*ftruncate)(void *user, int file, off_t size);
    int (*fchmod)(void *user, int file, mode_t mode);
    int (*fchown)(void *user, int file, uid_t owner, gid_t group);
    ssize_t (*pread)(void *user, int file, void *to, size_t size, off_t at);
    ssize_t (*write)(void *user, int file, const void *bytes, size_t size);
    int (*fsync)(void *user, int file);
    int (*close)(void *user, int file);
    int (*dup)(void *user, int file);  /* closed on exec */
    int (*wait)(void *user, int file); /* clears O_NONBLOCK */
    int (*lock)(void *user, int file); /* the file's one lock, or EWOULDBLOCK */
    int (*renameat)(void *user, int folder, const char *from, const char *to);
    int (*unlinkat)(void *user, int folder, const char *name);
} dlcore_system_t;

/* The real one. */
const dlcore_system_t *dlcore_system(void);

#endif
