/* Advice about memory on Windows, which takes none: large pages need a privilege there.
 *
 * SPDX-License-Identifier: MIT */
#include "system/features.h"

#include "system/memory.h"

void dlcore_memory_prefer_large_pages(void *memory, size_t size)
{
    (void)memory;
    (void)size;
}
