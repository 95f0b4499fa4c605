/* The terminal.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_SYSTEM_TERMINAL_H
#define DLCORE_SYSTEM_TERMINAL_H

#include "system/compiler.h"

#include <stdbool.h>

DLCORE_HIDDEN_BEGIN

/* Whether a person reads stdout: not a file, not a pipe. */
bool dlcore_stdout_is_terminal(void);

DLCORE_HIDDEN_END

#endif
