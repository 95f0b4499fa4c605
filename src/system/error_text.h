/* The system's words for its errors.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_SYSTEM_ERROR_TEXT_H
#define DLCORE_SYSTEM_ERROR_TEXT_H

#include "system/compiler.h"

#include <stddef.h>

DLCORE_HIDDEN_BEGIN

/* The text for a value of errno, cut to `size` bytes; "errno 5" where the system has none. Unlike
 * strerror's it is the caller's own. */
void dlcore_error_text(int number, char *text, size_t size);

DLCORE_HIDDEN_END

#endif
