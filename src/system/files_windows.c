/* Files on Windows: the table of calls, by handles.
 *
 * What is different: a new file has the access rights that its folder gives, not those of the file
 * whose place it takes; a file that is marked read-only is not replaced; a folder cannot be
 * flushed, because the file system's journal has the name's change as a whole or not at all.
 *
 * SPDX-License-Identifier: MIT */
#include "system/features.h"

#include "system/files.h"
#include "system/windows.h"

#include <errno.h>

#include <windows.h>

static int done(BOOL success)
{
    return success ? 0 : dlcore_windows_fail_last();
}

/* ---- by name ---- */

static dlcore_file_t system_open(void *user, const char *path, int how, unsigned permissions)
{
    (void)user;
    (void)permissions;
    return dlcore_windows_open(path, how);
}

static dlcore_file_t system_openat(void *user, dlcore_file_t folder, const char *name, int how,
                                   unsigned permissions)
{
    (void)user;
    (void)permissions;
    return dlcore_windows_openat(folder, name, how);
}

static int system_fstatat(void *user, dlcore_file_t folder, const char *name,
                          dlcore_file_info_t *info)
{
    HANDLE handle = dlcore_windows_open_itself(folder, name, FILE_READ_ATTRIBUTES);
    int result, number;

    (void)user;
    if (handle == INVALID_HANDLE_VALUE)
        return -1;
    result = dlcore_windows_tell(handle, info);
    number = errno;
    CloseHandle(handle);
    errno = number;
    return result;
}

static int system_fstat(void *user, dlcore_file_t file, dlcore_file_info_t *info)
{
    (void)user;
    return dlcore_windows_tell(dlcore_windows_handle_of(file), info);
}

/* Where the link leads, and all links behind it. */
static ptrdiff_t link_target(const char *path, char *to, size_t room)
{
    dlcore_file_t file = dlcore_windows_open(path, 0);
    WCHAR wide[DLCORE_WINDOWS_PATH_ROOM];
    DWORD length;
    int bytes = 0;

    if (!dlcore_file_is_open(file)) {
        errno = errno == ENOENT ? ELOOP : errno; /* there is a link, which leads nowhere */
        return -1;
    }
    length = GetFinalPathNameByHandleW(dlcore_windows_handle_of(file), wide,
                                       DLCORE_WINDOWS_PATH_ROOM, 0);
    if (length > 0 && length < DLCORE_WINDOWS_PATH_ROOM)
        bytes = WideCharToMultiByte(CP_UTF8, 0, wide, (int)length, to, (int)room, NULL, NULL);
    CloseHandle(dlcore_windows_handle_of(file));
    if (bytes > 0)
        return bytes;
    errno = ENAMETOOLONG;
    return -1;
}

static ptrdiff_t system_readlink(void *user, const char *path, char *to, size_t room)
{
    HANDLE handle = dlcore_windows_open_itself(DLCORE_FILE_HERE, path, FILE_READ_ATTRIBUTES);
    bool link;

    (void)user;
    if (handle == INVALID_HANDLE_VALUE)
        return -1;
    link = dlcore_windows_is_link(handle);
    CloseHandle(handle);
    if (link)
        return link_target(path, to, room);
    errno = EINVAL;
    return -1;
}

/* ---- what is in it ---- */

static int system_ftruncate(void *user, dlcore_file_t file, int64_t size)
{
    FILE_END_OF_FILE_INFO end;

    (void)user;
    end.EndOfFile.QuadPart = size;
    return done(SetFileInformationByHandle(dlcore_windows_handle_of(file), FileEndOfFileInfo, &end,
                                           sizeof end));
}

static ptrdiff_t system_pread(void *user, dlcore_file_t file, void *to, size_t size, int64_t at)
{
    OVERLAPPED from = {.Offset = (DWORD)((uint64_t)at & 0xffffffffu),
                       .OffsetHigh = (DWORD)((uint64_t)at >> 32)};
    DWORD got = 0;

    (void)user;
    if (ReadFile(dlcore_windows_handle_of(file), to, size < MAXDWORD ? (DWORD)size : MAXDWORD, &got,
                 &from) ||
        GetLastError() == ERROR_HANDLE_EOF)
        return (ptrdiff_t)got;
    return dlcore_windows_fail_last();
}

static ptrdiff_t system_write(void *user, dlcore_file_t file, const void *bytes, size_t size)
{
    DWORD written = 0;

    (void)user;
    if (WriteFile(dlcore_windows_handle_of(file), bytes, size < MAXDWORD ? (DWORD)size : MAXDWORD,
                  &written, NULL))
        return (ptrdiff_t)written;
    return dlcore_windows_fail_last();
}

static int system_fsync(void *user, dlcore_file_t file)
{
    dlcore_file_info_t info;

    (void)user;
    if (FlushFileBuffers(dlcore_windows_handle_of(file)))
        return 0;
    (void)dlcore_windows_fail_last();
    if (errno == EACCES && dlcore_windows_tell(dlcore_windows_handle_of(file), &info) == 0 &&
        info.kind == DLCORE_FILE_IS_FOLDER)
        errno = ENOTSUP;
    return -1;
}

static int system_close(void *user, dlcore_file_t file)
{
    (void)user;
    return done(CloseHandle(dlcore_windows_handle_of(file)));
}

static dlcore_file_t system_dup(void *user, dlcore_file_t file)
{
    HANDLE process = GetCurrentProcess(), copy;

    (void)user;
    if (DuplicateHandle(process, dlcore_windows_handle_of(file), process, &copy, 0, FALSE,
                        DUPLICATE_SAME_ACCESS))
        return dlcore_windows_file_of(copy);
    (void)dlcore_windows_fail_last();
    return DLCORE_FILE_NONE;
}

static int system_wait(void *user, dlcore_file_t file)
{
    (void)user;
    (void)file;
    return 0;
}

/* Far behind every file's end: on Windows nobody else reads or writes what is locked. */
static int system_lock(void *user, dlcore_file_t file)
{
    OVERLAPPED at = {.OffsetHigh = 0x40000000u};

    (void)user;
    return done(LockFileEx(dlcore_windows_handle_of(file),
                           LOCKFILE_EXCLUSIVE_LOCK | LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &at));
}

/* ---- names ---- */

static int system_fchmod(void *user, dlcore_file_t file, unsigned permissions)
{
    (void)user;
    (void)file;
    (void)permissions;
    return 0;
}

static int system_fchown(void *user, dlcore_file_t file, int64_t owner, int64_t group)
{
    (void)user;
    (void)file;
    (void)owner;
    (void)group;
    return 0;
}

static int system_renameat(void *user, dlcore_file_t folder, const char *from, const char *to)
{
    WCHAR wide_from[DLCORE_WINDOWS_PATH_ROOM], wide_to[DLCORE_WINDOWS_PATH_ROOM];
    HANDLE handle;
    int result, number;

    (void)user;
    if (folder.id == DLCORE_FILE_HERE.id) {
        if (!dlcore_windows_text(from, wide_from, DLCORE_WINDOWS_PATH_ROOM) ||
            !dlcore_windows_text(to, wide_to, DLCORE_WINDOWS_PATH_ROOM))
            return -1;
        return done(MoveFileExW(wide_from, wide_to, MOVEFILE_REPLACE_EXISTING));
    }
    handle = dlcore_windows_open_itself(folder, from, DELETE);
    if (handle == INVALID_HANDLE_VALUE)
        return -1;
    result = dlcore_windows_rename_in(handle, dlcore_windows_handle_of(folder), to);
    number = errno;
    CloseHandle(handle);
    errno = number;
    return result;
}

static int system_unlinkat(void *user, dlcore_file_t folder, const char *name)
{
    HANDLE handle = dlcore_windows_open_itself(folder, name, DELETE | FILE_WRITE_ATTRIBUTES);
    int result, number;

    (void)user;
    if (handle == INVALID_HANDLE_VALUE)
        return -1;
    result = dlcore_windows_delete(handle);
    number = errno;
    CloseHandle(handle);
    errno = number;
    return result;
}

const dlcore_system_t *dlcore_system(void)
{
    static const dlcore_system_t system = DLCORE_SYSTEM_TABLE;

    return &system;
}
