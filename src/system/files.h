/* Files, call by call as the system has them.
 *
 * The calls are those of POSIX with types of our own; other systems do what comes closest. Each
 * call that fails sets errno: EINTR asks to try again, ENOENT says that there is nothing of that
 * name, EEXIST that there is something, EWOULDBLOCK that another has the lock, EINVAL and ENOTSUP
 * that the file does not know the operation; anything else is for the message.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_SYSTEM_FILES_H
#define DLCORE_SYSTEM_FILES_H

#include "system/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

DLCORE_HIDDEN_BEGIN

/* An open file or folder: the system's own name for it. Every system has -1 for none. */
typedef struct dlcore_file {
    intptr_t id;
} dlcore_file_t;

#define DLCORE_FILE_NONE ((dlcore_file_t){-1})
/* In the place of an open folder: names are paths from the working folder. */
#define DLCORE_FILE_HERE ((dlcore_file_t){-2})

static inline bool dlcore_file_is_open(dlcore_file_t file)
{
    return file.id >= 0;
}

/* Whether a character of a path ends the name of a folder or a drive. */
static inline bool dlcore_path_separates(char character)
{
#if defined(_WIN32)
    return character == '/' || character == '\\' || character == ':';
#else
    return character == '/';
#endif
}

/* How a file is opened. Never inherited by programs that the host starts; never the process's
 * terminal. */
enum {
    DLCORE_FILE_READ = 1,
    DLCORE_FILE_WRITE = 2,
    DLCORE_FILE_CREATE = 4,   /* if there is none */
    DLCORE_FILE_NEW = 8,      /* EEXIST if there is one; with DLCORE_FILE_CREATE */
    DLCORE_FILE_APPEND = 16,  /* every write goes to the end */
    DLCORE_FILE_FOLDER = 32,  /* only a folder */
    DLCORE_FILE_NO_LINK = 64, /* a link is an error, not followed */
    DLCORE_FILE_NO_WAITING =
        128 /* a pipe does not wait for its other end, nor its reads and writes */
};

typedef enum dlcore_file_kind {
    DLCORE_FILE_IS_REGULAR,
    DLCORE_FILE_IS_FOLDER,
    DLCORE_FILE_IS_OTHER /* a link, a pipe, a device */
} dlcore_file_kind_t;

/* What is known about a file. */
typedef struct dlcore_file_info {
    dlcore_file_kind_t kind;
    int64_t size;
    uint64_t volume, number; /* together: which file it is, whatever its name */
    uint64_t names;          /* hard links; 0: deleted, but open */
    unsigned permissions;    /* as POSIX numbers them, 0 .. 07777 */
    int64_t owner, group;
} dlcore_file_info_t;

/* The calls, so that tests can stand in for them. `user` is the table's. Those that answer int say
 * 0, or -1 with errno. */
typedef struct dlcore_system {
    void *user;
    /* `permissions` are for a file that is made. */
    dlcore_file_t (*open)(void *user, const char *path, int how, unsigned permissions);
    dlcore_file_t (*openat)(void *user, dlcore_file_t folder, const char *name, int how,
                            unsigned permissions);
    /* What the link says, not terminated, cut to `room`; its length. EINVAL: no link. On Windows
     * where it leads at last. */
    ptrdiff_t (*readlink)(void *user, const char *path, char *to, size_t room);
    /* Of a link: about the link itself. */
    int (*fstatat)(void *user, dlcore_file_t folder, const char *name, dlcore_file_info_t *info);
    int (*fstat)(void *user, dlcore_file_t file, dlcore_file_info_t *info);
    int (*ftruncate)(void *user, dlcore_file_t file, int64_t size);
    int (*fchmod)(void *user, dlcore_file_t file, unsigned permissions);
    int (*fchown)(void *user, dlcore_file_t file, int64_t owner, int64_t group); /* -1: stays */
    /* How many bytes were read or written; 0 from pread is the end. */
    ptrdiff_t (*pread)(void *user, dlcore_file_t file, void *to, size_t size, int64_t at);
    ptrdiff_t (*write)(void *user, dlcore_file_t file, const void *bytes, size_t size);
    int (*fsync)(void *user, dlcore_file_t file);
    /* Whatever it says, the file is closed. */
    int (*close)(void *user, dlcore_file_t file);
    dlcore_file_t (*dup)(void *user, dlcore_file_t file); /* shares its lock */
    int (*wait)(void *user, dlcore_file_t file);          /* takes DLCORE_FILE_NO_WAITING back */
    int (*lock)(void *user, dlcore_file_t file);          /* the file's one lock, or EWOULDBLOCK */
    int (*renameat)(void *user, dlcore_file_t folder, const char *from, const char *to);
    int (*unlinkat)(void *user, dlcore_file_t folder, const char *name);
} dlcore_system_t;

/* The table of a source whose functions are called after the calls: system_open and so on. */
#define DLCORE_SYSTEM_TABLE                                                                     \
    {                                                                                           \
        .open = system_open, .openat = system_openat, .readlink = system_readlink,              \
        .fstatat = system_fstatat, .fstat = system_fstat, .ftruncate = system_ftruncate,        \
        .fchmod = system_fchmod, .fchown = system_fchown, .pread = system_pread,                \
        .write = system_write, .fsync = system_fsync, .close = system_close, .dup = system_dup, \
        .wait = system_wait, .lock = system_lock, .renameat = system_renameat,                  \
        .unlinkat = system_unlinkat,                                                            \
    }

/* The real one. */
const dlcore_system_t *dlcore_system(void);

DLCORE_HIDDEN_END

#endif
