/* Numbers in the order of bytes that a file has, on any host.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_FILES_BYTES_H
#define DLCORE_FILES_BYTES_H

#include "system/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline bool dlcore_host_is_big_endian(void)
{
    const uint16_t one = 1;
    unsigned char first;

    memcpy(&first, &one, 1);
    return first == 0;
}

static inline uint32_t dlcore_swap32(uint32_t x)
{
    x = (x & 0x00FF00FFu) << 8 | (x >> 8 & 0x00FF00FFu);
    return x << 16 | x >> 16;
}

static inline uint64_t dlcore_swap64(uint64_t x)
{
    return (uint64_t)dlcore_swap32((uint32_t)x) << 32 | dlcore_swap32((uint32_t)(x >> 32));
}

/* `count` elements of 4 bytes, each turned round; the two may be the same. */
static inline void dlcore_swap32_all(const unsigned char *from, unsigned char *to, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;

        memcpy(&bits, from + 4 * i, sizeof bits);
        bits = dlcore_swap32(bits);
        memcpy(to + 4 * i, &bits, sizeof bits);
    }
}

#endif
