/* Advice about memory where there is madvise.
 *
 * SPDX-License-Identifier: MIT */
#include "system/features.h"

#include "system/memory.h"

#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>

void dlcore_memory_prefer_large_pages(void *memory, size_t size)
{
#if defined(MADV_HUGEPAGE)
    const uintptr_t page = 4096; /* or a multiple: then the system says no */
    size_t skipped = (size_t)((page - (uintptr_t)memory % page) % page);
    int before = errno;

    if (size > skipped)
        (void)madvise((char *)memory + skipped, size - skipped, MADV_HUGEPAGE);
    errno = before;
#else
    (void)memory;
    (void)size;
#endif
}
