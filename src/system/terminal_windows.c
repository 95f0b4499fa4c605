/* The console of Windows. Its text is UTF-16, and it obeys escape sequences where it is told to,
 * which it is for the time of a write: the host's settings stay.
 *
 * SPDX-License-Identifier: MIT */
#include "system/features.h"

#include "system/terminal.h"

#include <stdio.h>

#include <windows.h>

#define SEQUENCES 0x0004u /* ENABLE_VIRTUAL_TERMINAL_PROCESSING, since Windows 10 */
#define CONSOLE_PIECE 512 /* bytes that are written at a time */

static HANDLE console(DWORD *mode)
{
    HANDLE handle = GetStdHandle(STD_OUTPUT_HANDLE);

    return handle != NULL && GetConsoleMode(handle, mode) ? handle : INVALID_HANDLE_VALUE;
}

bool dlcore_stdout_is_terminal(void)
{
    DWORD mode;
    HANDLE handle = console(&mode);
    bool knows;

    if (handle == INVALID_HANDLE_VALUE)
        return false;
    knows = SetConsoleMode(handle, mode | SEQUENCES);
    SetConsoleMode(handle, mode);
    return knows;
}

/* How much of a text is one piece: not into the middle of a character. */
static size_t piece_of(const char *text, size_t length)
{
    size_t piece = length < CONSOLE_PIECE ? length : CONSOLE_PIECE;

    while (piece < length && piece > CONSOLE_PIECE - 4 &&
           ((unsigned char)text[piece] & 0xC0) == 0x80)
        piece--;
    return piece;
}

static void write_console(HANDLE handle, const char *text, size_t length)
{
    while (length > 0) {
        WCHAR wide[CONSOLE_PIECE]; /* never more units than bytes */
        size_t piece = piece_of(text, length);
        int units = MultiByteToWideChar(CP_UTF8, 0, text, (int)piece, wide, CONSOLE_PIECE);
        DWORD written;

        if (!WriteConsoleW(handle, wide, (DWORD)units, &written, NULL))
            return;
        text += piece;
        length -= piece;
    }
}

void dlcore_stdout_write(const char *text, size_t length)
{
    DWORD mode;
    HANDLE handle = console(&mode);

    if (handle == INVALID_HANDLE_VALUE) {
        fwrite(text, 1, length, stdout);
        fflush(stdout);
        return;
    }
    fflush(stdout);
    SetConsoleMode(handle, mode | SEQUENCES);
    write_console(handle, text, length);
    SetConsoleMode(handle, mode);
}
