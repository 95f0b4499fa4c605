/* The terminal.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_SYSTEM_TERMINAL_H
#define DLCORE_SYSTEM_TERMINAL_H

#include <stdbool.h>

/* Whether a person reads stdout: not a file, not a pipe. */
bool dlcore_stdout_is_terminal(void);

#endif
