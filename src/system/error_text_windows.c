/* Texts of errors on Windows.
 *
 * SPDX-License-Identifier: MIT */
#include "system/features.h"

#include "system/error_text.h"
#include "system/windows.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <windows.h>

/* What the older of the two C libraries has no text for. */
static const char *text_of(int number)
{
    switch (number) {
    case ELOOP:
        return "Too many levels of symbolic links";
    case EWOULDBLOCK:
        return "Another has it locked";
    case ENOTSUP:
        return "Not supported";
    case EILSEQ:
        return "Not UTF-8";
    default:
        return strerror(number); /* each thread has its own there */
    }
}

void dlcore_error_text(int number, char *text, size_t size)
{
    if (number >= DLCORE_WINDOWS_ERRNO)
        snprintf(text, size, "error %d of Windows", number - DLCORE_WINDOWS_ERRNO);
    else if (number < 0 || number >= 200)
        snprintf(text, size, "errno %d", number);
    else
        snprintf(text, size, "%s", text_of(number));
}
