/* Little-endian numbers in bytes, on any host.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_BASE_LITTLE_ENDIAN_H
#define DLCORE_BASE_LITTLE_ENDIAN_H

#include "system/compiler.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__BYTE_ORDER__) && defined(__ORDER_LITTLE_ENDIAN__)
#    define DLCORE_IS_LITTLE_ENDIAN (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
#else
#    define DLCORE_IS_LITTLE_ENDIAN 0 /* unknown: byte by byte is right everywhere */
#endif

static inline uint32_t dlcore_load_u32(const unsigned char bytes[4])
{
#if DLCORE_IS_LITTLE_ENDIAN
    uint32_t value;

    memcpy(&value, bytes, sizeof value);
    return value;
#else
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
           (uint32_t)bytes[3] << 24;
#endif
}

static inline uint64_t dlcore_load_u64(const unsigned char bytes[8])
{
#if DLCORE_IS_LITTLE_ENDIAN
    uint64_t value;

    memcpy(&value, bytes, sizeof value);
    return value;
#else
    return (uint64_t)dlcore_load_u32(bytes) | (uint64_t)dlcore_load_u32(bytes + 4) << 32;
#endif
}

static inline void dlcore_store_u64(unsigned char bytes[8], uint64_t value)
{
    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)(value >> 8 * i);
}

/* Floats between the host's order and little-endian, in place. */
static inline void dlcore_floats_little_endian(float *values, size_t count)
{
#if DLCORE_IS_LITTLE_ENDIAN
    (void)values;
    (void)count;
#else
    for (size_t i = 0; i < count; i++) {
        unsigned char bytes[4];
        uint32_t word;

        memcpy(bytes, &values[i], sizeof bytes);
        word = dlcore_load_u32(bytes);
        memcpy(&values[i], &word, sizeof word);
    }
#endif
}

#endif
