/* The terminal.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_SYSTEM_TERMINAL_H
#define DLCORE_SYSTEM_TERMINAL_H

#include "system/compiler.h"

#include <stdbool.h>
#include <stddef.h>

DLCORE_HIDDEN_BEGIN

/* Whether a person reads stdout, not a file, not a pipe, and the terminal obeys escape sequences.
 */
bool dlcore_stdout_is_terminal(void);

/* Writes UTF-8 to stdout and flushes it. On a terminal the escape sequences of the text are obeyed.
 */
void dlcore_stdout_write(const char *text, size_t length);

DLCORE_HIDDEN_END

#endif
