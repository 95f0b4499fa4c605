/* Calls of Windows's kernel that know names within an open folder, which Win32 does not: a folder
 * that gets another name meanwhile is still the same, and there is no limit to its path.
 *
 * Documented in Microsoft's driver kit (NtCreateFile, FILE_RENAME_INFORMATION,
 * FILE_DISPOSITION_INFORMATION_EX). They are looked up by name, so that nobody has to link ntdll.
 *
 * SPDX-License-Identifier: MIT */
#include "system/features.h"

#include "system/windows.h"

#include <errno.h>
#include <string.h>

#include <windows.h>

#include <winternl.h>

/* Of FILE_INFORMATION_CLASS; those with EX are there since Windows 10. */
enum { RENAME = 10, DISPOSITION = 13, DISPOSITION_EX = 64, RENAME_EX = 65 };
/* As POSIX has it: at once, whoever has the old file open. */
enum { RENAME_REPLACES = 1, RENAME_POSIX = 2 };
enum { DELETE_IT = 1, DELETE_POSIX = 2, DELETE_READ_ONLY = 16 };

typedef NTSTATUS(NTAPI create_t)(HANDLE *file, ACCESS_MASK access, OBJECT_ATTRIBUTES *attributes,
                                 IO_STATUS_BLOCK *outcome, LARGE_INTEGER *size, ULONG kind,
                                 ULONG share, ULONG disposition, ULONG options, void *extended,
                                 ULONG extended_bytes);
typedef NTSTATUS(NTAPI set_t)(HANDLE file, IO_STATUS_BLOCK *outcome, void *information, ULONG bytes,
                              int information_class);
typedef ULONG(NTAPI error_t)(NTSTATUS status);

static FARPROC native_call(const char *name)
{
    return GetProcAddress(GetModuleHandleW(L"ntdll.dll"), name);
}

#define NATIVE(type, name) ((type *)(void (*)(void))native_call(name))

static int fail_status(NTSTATUS status)
{
    const NTSTATUS pending = (NTSTATUS)0xC0000056; /* the name belongs to a file that is deleted,
                                                      but open: Win32 says "access denied" */

    if (status == pending) {
        errno = EEXIST;
        return -1;
    }
    return dlcore_windows_fail(NATIVE(error_t, "RtlNtStatusToDosError")(status));
}

/* Names that Win32 would not find again: of devices, and those that end in a point or a space. */
static bool is_win32_name(const WCHAR *name)
{
    WCHAR path[3 + DLCORE_WINDOWS_NAME_ROOM] = L"C:\\", full[8 + DLCORE_WINDOWS_NAME_ROOM];

    wcscat(path, name);
    GetFullPathNameW(path, sizeof full / sizeof full[0], full, NULL);
    return name[0] != L'\0' && wcscmp(path, full) == 0;
}

static bool plain_name(const char *name, WCHAR wide[DLCORE_WINDOWS_NAME_ROOM])
{
    if (!dlcore_windows_text(name, wide, DLCORE_WINDOWS_NAME_ROOM))
        return false;
    if (is_win32_name(wide))
        return true;
    errno = EINVAL;
    return false;
}

HANDLE dlcore_windows_open_in(HANDLE folder, const char *name, ACCESS_MASK access,
                              ULONG disposition, ULONG options)
{
    const ULONG share = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
    WCHAR wide[DLCORE_WINDOWS_NAME_ROOM];
    UNICODE_STRING text;
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK outcome;
    HANDLE file = INVALID_HANDLE_VALUE;
    NTSTATUS status;

    if (!plain_name(name, wide))
        return INVALID_HANDLE_VALUE;
    text.Buffer = wide;
    text.Length = (USHORT)(wcslen(wide) * sizeof(WCHAR));
    text.MaximumLength = (USHORT)(text.Length + sizeof(WCHAR));
    InitializeObjectAttributes(&attributes, &text, OBJ_CASE_INSENSITIVE, folder, NULL);
    status = NATIVE(create_t, "NtCreateFile")(
        &file, access | FILE_READ_ATTRIBUTES | SYNCHRONIZE, &attributes, &outcome, NULL,
        FILE_ATTRIBUTE_NORMAL, share, disposition, options | FILE_SYNCHRONOUS_IO_NONALERT, NULL, 0);
    if (status >= 0)
        return file;
    (void)fail_status(status);
    return INVALID_HANDLE_VALUE;
}

/* Whether a status says that this system does not know the call, not that it failed. */
static bool is_unknown(NTSTATUS status)
{
    static const DWORD unknown[] = {0xC0000002 /* not implemented */, 0xC0000003 /* class */,
                                    0xC000000D /* parameter */, 0xC0000010 /* device request */,
                                    0xC00000BB /* not supported */};

    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++)
        if ((DWORD)status == unknown[i])
            return true;
    return false;
}

int dlcore_windows_rename_in(HANDLE file, HANDLE folder, const char *to)
{
    struct {
        ULONG flags; /* to RENAME the first byte, a boolean, whether to replace */
        HANDLE folder;
        ULONG bytes;
        WCHAR name[DLCORE_WINDOWS_NAME_ROOM];
    } rename = {.flags = RENAME_REPLACES | RENAME_POSIX, .folder = folder};
    set_t *set = NATIVE(set_t, "NtSetInformationFile");
    IO_STATUS_BLOCK outcome;
    NTSTATUS status;

    if (!plain_name(to, rename.name))
        return -1;
    rename.bytes = (ULONG)(wcslen(rename.name) * sizeof(WCHAR));
    status = set(file, &outcome, &rename, sizeof rename, RENAME_EX);
    if (is_unknown(status)) {
        rename.flags = RENAME_REPLACES;
        status = set(file, &outcome, &rename, sizeof rename, RENAME);
    }
    return status >= 0 ? 0 : fail_status(status);
}

int dlcore_windows_delete(HANDLE file)
{
    ULONG flags = DELETE_IT | DELETE_POSIX | DELETE_READ_ONLY;
    FILE_BASIC_INFO writable = {.FileAttributes = FILE_ATTRIBUTE_NORMAL};
    BOOLEAN yes = TRUE;
    set_t *set = NATIVE(set_t, "NtSetInformationFile");
    IO_STATUS_BLOCK outcome;
    NTSTATUS status = set(file, &outcome, &flags, sizeof flags, DISPOSITION_EX);

    if (is_unknown(status)) {
        (void)SetFileInformationByHandle(file, FileBasicInfo, &writable, sizeof writable);
        status = set(file, &outcome, &yes, sizeof yes, DISPOSITION);
    }
    return status >= 0 ? 0 : fail_status(status);
}
