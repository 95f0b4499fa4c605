/* Opening files and folders on Windows, and what is known about an open one. Paths are UTF-8. Every
 * handle shares its file with all others, as on POSIX.
 *
 * SPDX-License-Identifier: MIT */
#include "system/features.h"

#include "system/files.h"
#include "system/windows.h"

#include <errno.h>

#include <windows.h>

#include <winternl.h>

#define SHARED (FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE)

/* Of the kernel's NtCreateFile. */
enum { OPEN_THERE = 1, CREATE_NEW_ONE = 2, OPEN_OR_CREATE = 3 };
enum { OPEN_LINK_ITSELF = 0x00200000 };

/* ---- what is known ---- */

/* A link to a file or a folder, not a file that some driver stores elsewhere. */
bool dlcore_windows_is_link(HANDLE handle)
{
    const DWORD stands_for_another = 0x20000000u;
    FILE_ATTRIBUTE_TAG_INFO found;

    return GetFileInformationByHandleEx(handle, FileAttributeTagInfo, &found, sizeof found) &&
           (found.FileAttributes & FILE_ATTRIBUTE_REPARSE_POINT) != 0 &&
           (found.ReparseTag & stands_for_another) != 0;
}

int dlcore_windows_tell(HANDLE handle, dlcore_file_info_t *info)
{
    BY_HANDLE_FILE_INFORMATION found;
    FILE_STANDARD_INFO standard;

    *info = (dlcore_file_info_t){
        .kind = DLCORE_FILE_IS_OTHER, .names = 1, .permissions = 0666, .owner = 0};
    if (GetFileType(handle) != FILE_TYPE_DISK)
        return GetFileType(handle) == FILE_TYPE_UNKNOWN && GetLastError() != NO_ERROR
                   ? dlcore_windows_fail_last()
                   : 0;
    if (!GetFileInformationByHandle(handle, &found))
        return dlcore_windows_fail_last();
    if (!dlcore_windows_is_link(handle))
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

    if (dlcore_windows_tell(handle, &info) != 0)
        number = errno;
    else if ((how & DLCORE_FILE_NO_LINK) != 0 && dlcore_windows_is_link(handle))
        number = ELOOP;
    else if ((how & DLCORE_FILE_FOLDER) != 0 && info.kind != DLCORE_FILE_IS_FOLDER)
        number = ENOTDIR;
    else if ((how & DLCORE_FILE_WRITE) != 0 && info.kind == DLCORE_FILE_IS_FOLDER)
        number = EISDIR;
    if (number == 0)
        return dlcore_windows_file_of(handle);
    CloseHandle(handle);
    errno = number;
    return DLCORE_FILE_NONE;
}

dlcore_file_t dlcore_windows_open(const char *path, int how)
{
    const DWORD flags = FILE_FLAG_BACKUP_SEMANTICS /* folders, too */ | SECURITY_SQOS_PRESENT |
                        SECURITY_IDENTIFICATION;
    WCHAR wide[DLCORE_WINDOWS_PATH_ROOM];
    DWORD disposition = OPEN_EXISTING;
    HANDLE handle;

    if ((how & DLCORE_FILE_CREATE) != 0)
        disposition = (how & DLCORE_FILE_NEW) != 0 ? CREATE_NEW : OPEN_ALWAYS;
    if (!dlcore_windows_text(path, wide, DLCORE_WINDOWS_PATH_ROOM))
        return DLCORE_FILE_NONE;
    handle = CreateFileW(
        wide, access_of(how), SHARED, NULL, disposition,
        flags | ((how & DLCORE_FILE_NO_LINK) != 0 ? (DWORD)FILE_FLAG_OPEN_REPARSE_POINT : 0), NULL);
    if (handle != INVALID_HANDLE_VALUE)
        return checked(handle, how);
    (void)dlcore_windows_fail_last();
    return DLCORE_FILE_NONE;
}

dlcore_file_t dlcore_windows_openat(dlcore_file_t folder, const char *name, int how)
{
    ULONG disposition = OPEN_THERE;
    HANDLE handle;

    if (folder.id == DLCORE_FILE_HERE.id)
        return dlcore_windows_open(name, how);
    if ((how & DLCORE_FILE_CREATE) != 0)
        disposition = (how & DLCORE_FILE_NEW) != 0 ? CREATE_NEW_ONE : OPEN_OR_CREATE;
    handle =
        dlcore_windows_open_in(dlcore_windows_handle_of(folder), name, access_of(how), disposition,
                               (how & DLCORE_FILE_NO_LINK) != 0 ? OPEN_LINK_ITSELF : 0);
    return handle != INVALID_HANDLE_VALUE ? checked(handle, how) : DLCORE_FILE_NONE;
}

void *dlcore_windows_open_itself(dlcore_file_t folder, const char *name, DWORD access)
{
    WCHAR wide[DLCORE_WINDOWS_PATH_ROOM];
    HANDLE handle;

    if (folder.id != DLCORE_FILE_HERE.id)
        return dlcore_windows_open_in(dlcore_windows_handle_of(folder), name, access, OPEN_THERE,
                                      OPEN_LINK_ITSELF);
    if (!dlcore_windows_text(name, wide, DLCORE_WINDOWS_PATH_ROOM))
        return INVALID_HANDLE_VALUE;
    handle = CreateFileW(wide, access, SHARED, NULL, OPEN_EXISTING,
                         FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT, NULL);
    if (handle == INVALID_HANDLE_VALUE)
        (void)dlcore_windows_fail_last();
    return handle;
}
