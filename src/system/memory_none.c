/* Nobody takes advice about memory.
 *
 * SPDX-License-Identifier: MIT */
#include "system/features.h"

#include "system/memory.h"

void dlcore_memory_prefer_large_pages(void *memory, size_t size)
{
    (void)memory;
    (void)size;
}
