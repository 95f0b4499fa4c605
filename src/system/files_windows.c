/* Files on Windows: the table of calls, by handles. Paths are UTF-8. Every handle shares its file
 * with all others, as on POSIX.
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
#include <string.h>

#include <windows.h>

#include <winternl.h>

#define SHARED (FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE)

/* Of the kernel's NtCreateFile. */
enum { OPEN_THERE = 1, CREATE_NEW_ONE = 2, OPEN_OR_CREATE = 3 };
enum { OPEN_LINK_ITSELF = 0x00200000 };

static dlcore_file_t file_of(HANDLE handle)
{
    return (dlcore_file_t){(intptr_t)handle};
}

static HANDLE handle_of(dlcore_file_t file)
{
    return (HANDLE)file.id; /* NOLINT: a handle is a number */
}

static bool is_here(dlcore_file_t folder)
{
    return folder.id == DLCORE_FILE_HERE.id;
}

static int fail_last(void)
{
    return dlcore_windows_fail(GetLastError());
}

static int done(BOOL success)
{
    return success ? 0 : fail_last();
}

/* ---- what is known ---- */

/* A link to a file or a folder, not a file that some driver stores elsewhere. */
static bool is_link(HANDLE handle)
{
    const DWORD stands_for_another = 0x20000000u;
    FILE_ATTRIBUTE_TAG_INFO found;

    return GetFileInformationByHandleEx(handle, FileAttributeTagInfo, &found, sizeof found) &&
           (found.FileAttributes & FILE_ATTRIBUTE_REPARSE_POINT) != 0 &&
           (found.ReparseTag & stands_for_another) != 0;
}

static int tell(HANDLE handle, dlcore_file_info_t *info)
{
    BY_HANDLE_FILE_INFORMATION found;
    FILE_STANDARD_INFO standard;

    *info = (dlcore_file_info_t){
        .kind = DLCORE_FILE_IS_OTHER, .names = 1, .permissions = 0666, .owner = 0};
    if (GetFileType(handle) != FILE_TYPE_DISK)
        return GetFileType(handle) == FILE_TYPE_UNKNOWN && GetLastError() != NO_ERROR ? fail_last()
                                                                                      : 0;
    if (!GetFileInformationByHandle(handle, &found))
        return fail_last();
    if (!is_link(handle))
        info->kind = (found.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0
                         ? DLCORE_FILE_IS_FOLDER
                         : DLCORE_FILE_IS_REGULAR;
    info->size = (int64_t)((uint64_t)found.nFileSizeHigh << 32 | found.nFileSizeLow);
    info->volume = found.dwVolumeSerialNumber;
    info->number = (uint64_t)found.nFileIndexHigh << 32 | found.nFileIndexLow;
    info->names = found.nNumberOfLinks;
    if (GetFileInformationByHandleEx(handle, FileStandardInfo, &standard, sizeof standard) &&
        standard.DeletePending)
        info->names = 0;
    if ((found.dwFileAttributes & FILE_ATTRIBUTE_READONLY) != 0)
        info->permissions = 0444;
    return 0;
}

/* ---- opening ---- */

static DWORD access_of(int how)
{
    DWORD access = 0;

    if ((how & (DLCORE_FILE_READ | DLCORE_FILE_WRITE)) != DLCORE_FILE_WRITE)
        access |= GENERIC_READ;
    if ((how & DLCORE_FILE_APPEND) != 0) /* alone it puts every write to the end */
        access |= FILE_APPEND_DATA | FILE_WRITE_ATTRIBUTES | SYNCHRONIZE;
    else if ((how & DLCORE_FILE_WRITE) != 0)
        access |= GENERIC_WRITE;
    return access;
}

/* An opened file, or none if it is not as it was asked for. */
static dlcore_file_t checked(HANDLE handle, int how)
{
    dlcore_file_info_t info;
    int number = 0;

    if (tell(handle, &info) != 0)
        number = errno;
    else if ((how & DLCORE_FILE_NO_LINK) != 0 && is_link(handle))
        number = ELOOP;
    else if ((how & DLCORE_FILE_FOLDER) != 0 && info.kind != DLCORE_FILE_IS_FOLDER)
        number = ENOTDIR;
    else if ((how & DLCORE_FILE_WRITE) != 0 && info.kind == DLCORE_FILE_IS_FOLDER)
        number = EISDIR;
    if (number == 0)
        return file_of(handle);
    CloseHandle(handle);
    errno = number;
    return DLCORE_FILE_NONE;
}

static dlcore_file_t system_open(void *user, const char *path, int how, unsigned permissions)
{
    const DWORD flags = FILE_FLAG_BACKUP_SEMANTICS /* folders, too */ | SECURITY_SQOS_PRESENT |
                        SECURITY_IDENTIFICATION;
    WCHAR wide[DLCORE_WINDOWS_PATH_ROOM];
    DWORD disposition = OPEN_EXISTING;
    HANDLE handle;

    (void)user;
    (void)permissions;
    if ((how & DLCORE_FILE_CREATE) != 0)
        disposition = (how & DLCORE_FILE_NEW) != 0 ? CREATE_NEW : OPEN_ALWAYS;
    if (!dlcore_windows_text(path, wide, DLCORE_WINDOWS_PATH_ROOM))
        return DLCORE_FILE_NONE;
    handle = CreateFileW(
        wide, access_of(how), SHARED, NULL, disposition,
        flags | ((how & DLCORE_FILE_NO_LINK) != 0 ? (DWORD)FILE_FLAG_OPEN_REPARSE_POINT : 0), NULL);
    if (handle != INVALID_HANDLE_VALUE)
        return checked(handle, how);
    (void)fail_last();
    return DLCORE_FILE_NONE;
}

static dlcore_file_t system_openat(void *user, dlcore_file_t folder, const char *name, int how,
                                   unsigned permissions)
{
    ULONG disposition = OPEN_THERE;
    HANDLE handle;

    if (is_here(folder))
        return system_open(user, name, how, permissions);
    if ((how & DLCORE_FILE_CREATE) != 0)
        disposition = (how & DLCORE_FILE_NEW) != 0 ? CREATE_NEW_ONE : OPEN_OR_CREATE;
    handle = dlcore_windows_open_in(handle_of(folder), name, access_of(how), disposition,
                                    (how & DLCORE_FILE_NO_LINK) != 0 ? OPEN_LINK_ITSELF : 0);
    return handle != INVALID_HANDLE_VALUE ? checked(handle, how) : DLCORE_FILE_NONE;
}

/* A file's or a link's own handle, of which only that is asked. */
static HANDLE open_itself(dlcore_file_t folder, const char *name, DWORD access)
{
    WCHAR wide[DLCORE_WINDOWS_PATH_ROOM];
    HANDLE handle;

    if (!is_here(folder))
        return dlcore_windows_open_in(handle_of(folder), name, access, OPEN_THERE,
                                      OPEN_LINK_ITSELF);
    if (!dlcore_windows_text(name, wide, DLCORE_WINDOWS_PATH_ROOM))
        return INVALID_HANDLE_VALUE;
    handle = CreateFileW(wide, access, SHARED, NULL, OPEN_EXISTING,
                         FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT, NULL);
    if (handle == INVALID_HANDLE_VALUE)
        (void)fail_last();
    return handle;
}

static int system_fstatat(void *user, dlcore_file_t folder, const char *name,
                          dlcore_file_info_t *info)
{
    HANDLE handle = open_itself(folder, name, FILE_READ_ATTRIBUTES);
    int result, number;

    (void)user;
    if (handle == INVALID_HANDLE_VALUE)
        return -1;
    result = tell(handle, info);
    number = errno;
    CloseHandle(handle);
    errno = number;
    return result;
}

static int system_fstat(void *user, dlcore_file_t file, dlcore_file_info_t *info)
{
    (void)user;
    return tell(handle_of(file), info);
}

/* Where the link leads, and all links behind it. */
static ptrdiff_t link_target(const char *path, char *to, size_t room)
{
    dlcore_file_t file = system_open(NULL, path, 0, 0);
    WCHAR wide[DLCORE_WINDOWS_PATH_ROOM];
    DWORD length;
    int bytes = 0;

    if (!dlcore_file_is_open(file)) {
        errno = errno == ENOENT ? ELOOP : errno; /* there is a link, which leads nowhere */
        return -1;
    }
    length = GetFinalPathNameByHandleW(handle_of(file), wide, DLCORE_WINDOWS_PATH_ROOM, 0);
    if (length > 0 && length < DLCORE_WINDOWS_PATH_ROOM)
        bytes = WideCharToMultiByte(CP_UTF8, 0, wide, (int)length, to, (int)room, NULL, NULL);
    CloseHandle(handle_of(file));
    if (bytes > 0)
        return bytes;
    errno = ENAMETOOLONG;
    return -1;
}

static ptrdiff_t system_readlink(void *user, const char *path, char *to, size_t room)
{
    HANDLE handle = open_itself(DLCORE_FILE_HERE, path, FILE_READ_ATTRIBUTES);
    bool link;

    (void)user;
    if (handle == INVALID_HANDLE_VALUE)
        return -1;
    link = is_link(handle);
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
    return done(SetFileInformationByHandle(handle_of(file), FileEndOfFileInfo, &end, sizeof end));
}

static ptrdiff_t system_pread(void *user, dlcore_file_t file, void *to, size_t size, int64_t at)
{
    OVERLAPPED from = {.Offset = (DWORD)((uint64_t)at & 0xffffffffu),
                       .OffsetHigh = (DWORD)((uint64_t)at >> 32)};
    DWORD got = 0;

    (void)user;
    if (ReadFile(handle_of(file), to, size < MAXDWORD ? (DWORD)size : MAXDWORD, &got, &from) ||
        GetLastError() == ERROR_HANDLE_EOF)
        return (ptrdiff_t)got;
    return fail_last();
}

static ptrdiff_t system_write(void *user, dlcore_file_t file, const void *bytes, size_t size)
{
    DWORD written = 0;

    (void)user;
    if (WriteFile(handle_of(file), bytes, size < MAXDWORD ? (DWORD)size : MAXDWORD, &written, NULL))
        return (ptrdiff_t)written;
    return fail_last();
}

static int system_fsync(void *user, dlcore_file_t file)
{
    dlcore_file_info_t info;

    (void)user;
    if (FlushFileBuffers(handle_of(file)))
        return 0;
    (void)fail_last();
    if (errno == EACCES && tell(handle_of(file), &info) == 0 && info.kind == DLCORE_FILE_IS_FOLDER)
        errno = ENOTSUP;
    return -1;
}

static int system_close(void *user, dlcore_file_t file)
{
    (void)user;
    return done(CloseHandle(handle_of(file)));
}

static dlcore_file_t system_dup(void *user, dlcore_file_t file)
{
    HANDLE process = GetCurrentProcess(), copy;

    (void)user;
    if (DuplicateHandle(process, handle_of(file), process, &copy, 0, FALSE, DUPLICATE_SAME_ACCESS))
        return file_of(copy);
    (void)fail_last();
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
    return done(LockFileEx(handle_of(file), LOCKFILE_EXCLUSIVE_LOCK | LOCKFILE_FAIL_IMMEDIATELY, 0,
                           1, 0, &at));
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
    if (is_here(folder)) {
        if (!dlcore_windows_text(from, wide_from, DLCORE_WINDOWS_PATH_ROOM) ||
            !dlcore_windows_text(to, wide_to, DLCORE_WINDOWS_PATH_ROOM))
            return -1;
        return done(MoveFileExW(wide_from, wide_to, MOVEFILE_REPLACE_EXISTING));
    }
    handle = open_itself(folder, from, DELETE);
    if (handle == INVALID_HANDLE_VALUE)
        return -1;
    result = dlcore_windows_rename_in(handle, handle_of(folder), to);
    number = errno;
    CloseHandle(handle);
    errno = number;
    return result;
}

static int system_unlinkat(void *user, dlcore_file_t folder, const char *name)
{
    HANDLE handle = open_itself(folder, name, DELETE | FILE_WRITE_ATTRIBUTES);
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
