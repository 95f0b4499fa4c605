/* aligned_alloc where free does not take what is aligned: on Windows all memory of the files that
 * include this is aligned, so that each free has its kind. Comes after the headers of the system.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TESTS_ALIGNED_H
#define DLCORE_TESTS_ALIGNED_H

#include <stdlib.h>

#if defined(_WIN32)
#    include <malloc.h>
#    include <string.h>

static inline void *aligned_zeroed(size_t bytes)
{
    void *memory = _aligned_malloc(bytes, 64);

    return memory != NULL ? memset(memory, 0, bytes) : NULL;
}

#    define aligned_alloc(alignment, bytes) _aligned_malloc(bytes, alignment)
#    define malloc(bytes) _aligned_malloc(bytes, 64)
#    define calloc(count, size) aligned_zeroed((count) * (size))
#    define realloc(memory, bytes) _aligned_realloc(memory, bytes, 64)
#    define free(memory) _aligned_free(memory)
#endif

#endif
