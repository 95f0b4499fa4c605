/* No terminal: stdout goes where the host's C library sends it.
 *
 * SPDX-License-Identifier: MIT */
#include "system/features.h"

#include "system/terminal.h"

#include <stdio.h>

bool dlcore_stdout_is_terminal(void)
{
    return false;
}

void dlcore_stdout_write(const char *text, size_t length)
{
    fwrite(text, 1, length, stdout);
    fflush(stdout);
}
