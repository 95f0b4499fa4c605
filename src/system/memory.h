/* Advice about memory.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_SYSTEM_MEMORY_H
#define DLCORE_SYSTEM_MEMORY_H

#include "system/compiler.h"

#include <stddef.h>

DLCORE_HIDDEN_BEGIN

/* Asks for large pages under fresh memory that is about to be filled. Advice that the system may
 * not take; errno stays as it is. */
void dlcore_memory_prefer_large_pages(void *memory, size_t size);

DLCORE_HIDDEN_END

#endif
