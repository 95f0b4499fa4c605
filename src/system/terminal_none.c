/* No terminal: stdout goes where the host's C library sends it.
 *
 * SPDX-License-Identifier: MIT */
#include "system/features.h"

#include "system/terminal.h"

bool dlcore_stdout_is_terminal(void)
{
    return false;
}
