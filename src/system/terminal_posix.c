/* The terminal on POSIX.
 *
 * SPDX-License-Identifier: MIT */
#include "system/features.h"

#include "system/terminal.h"

#include <stdio.h>
#include <unistd.h>

bool dlcore_stdout_is_terminal(void)
{
    return isatty(fileno(stdout)) == 1;
}

void dlcore_stdout_write(const char *text, size_t length)
{
    fwrite(text, 1, length, stdout);
    fflush(stdout);
}
