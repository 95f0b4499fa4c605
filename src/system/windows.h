/* What the sources for Windows share: its errors as values of errno, text as it wants it, opening,
 * and calls of its kernel. With the types of C that its own names stand for: this includes nothing
 * of the system.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_SYSTEM_WINDOWS_H
#define DLCORE_SYSTEM_WINDOWS_H

#include "system/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "system/files.h"

DLCORE_HIDDEN_BEGIN

/* Values of errno from here on are Windows's own numbers, which C has no name for. */
#define DLCORE_WINDOWS_ERRNO 1000000

/* Sets errno to what comes closest to a number of GetLastError(). Answers -1. */
int dlcore_windows_fail(unsigned long error);
/* To that number itself. Answers -1. */
int dlcore_windows_fail_last(void);

#define DLCORE_WINDOWS_PATH_ROOM 1024 /* these lie on the stack */
#define DLCORE_WINDOWS_NAME_ROOM 256

/* UTF-8 as UTF-16, terminated. False: errno is EILSEQ, or ENAMETOOLONG. */
bool dlcore_windows_text(const char *text, wchar_t *to, int room);

static inline dlcore_file_t dlcore_windows_file_of(void *handle)
{
    return (dlcore_file_t){(intptr_t)handle};
}

static inline void *dlcore_windows_handle_of(dlcore_file_t file)
{
    return (void *)file.id; /* NOLINT: a handle is a number */
}

/* A link to a file or a folder, not a file that some driver stores elsewhere. */
bool dlcore_windows_is_link(void *handle);
/* 0, or -1 with errno. */
int dlcore_windows_tell(void *handle, dlcore_file_info_t *info);
/* Calls of dlcore_system_t. A new file has the access rights that its folder gives. */
dlcore_file_t dlcore_windows_open(const char *path, int how);
dlcore_file_t dlcore_windows_openat(dlcore_file_t folder, const char *name, int how);
/* A file's or a link's own handle, of which only that access is asked; INVALID_HANDLE_VALUE: errno
 * is set. */
void *dlcore_windows_open_itself(dlcore_file_t folder, const char *name, unsigned long access);

/* The calls below are those of the kernel, which know names within an open folder. */

/* NtCreateFile; INVALID_HANDLE_VALUE: errno is set. */
void *dlcore_windows_open_in(void *folder, const char *name, unsigned long access,
                             unsigned long disposition, unsigned long options);
/* Gives an open file, which can be deleted, another name in the folder, in the place of what has
 * it. */
int dlcore_windows_rename_in(void *file, void *folder, const char *to);
/* Needs FILE_WRITE_ATTRIBUTES, too. The name is free at once where the file system can do that,
 * else when the last handle is closed.
 */
int dlcore_windows_delete(void *file);

DLCORE_HIDDEN_END

#endif
