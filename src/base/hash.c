/* XXH64 over pieces.
 *
 * SPDX-License-Identifier: MIT */
#include "base/hash.h"

#include <string.h>

#include "base/little_endian.h"

#define PRIME1 UINT64_C(0x9E3779B185EBCA87)
#define PRIME2 UINT64_C(0xC2B2AE3D27D4EB4F)
#define PRIME3 UINT64_C(0x165667B19E3779F9)
#define PRIME4 UINT64_C(0x85EBCA77C2B2AE63)
#define PRIME5 UINT64_C(0x27D4EB2F165667C5)

static uint64_t rotate(uint64_t value, unsigned bits)
{
    return value << bits | value >> (64 - bits);
}

static uint64_t round_of(uint64_t lane, uint64_t word)
{
    return rotate(lane + word * PRIME2, 31) * PRIME1;
}

/* Whole stripes of 32 bytes. */
static void stripes(uint64_t lanes[4], const unsigned char *bytes, size_t count)
{
    uint64_t a = lanes[0], b = lanes[1], c = lanes[2], d = lanes[3];

    for (; count > 0; count--, bytes += 32) {
        a = round_of(a, dlcore_load_u64(bytes));
        b = round_of(b, dlcore_load_u64(bytes + 8));
        c = round_of(c, dlcore_load_u64(bytes + 16));
        d = round_of(d, dlcore_load_u64(bytes + 24));
    }
    lanes[0] = a, lanes[1] = b, lanes[2] = c, lanes[3] = d;
}

dlcore_hash_t dlcore_hash_begin(void)
{
    return (dlcore_hash_t){.lanes = {PRIME1 + PRIME2, PRIME2, 0, 0 - PRIME1}};
}

void dlcore_hash_add(dlcore_hash_t *hash, const void *bytes, size_t size)
{
    const unsigned char *from = bytes;
    size_t waiting = (size_t)(hash->total % 32);

    hash->total += size;
    if (waiting + size < 32) {
        if (size > 0)
            memcpy(hash->rest + waiting, from, size);
        return;
    }
    if (waiting > 0) {
        memcpy(hash->rest + waiting, from, 32 - waiting);
        stripes(hash->lanes, hash->rest, 1);
        from += 32 - waiting;
        size -= 32 - waiting;
    }
    stripes(hash->lanes, from, size / 32);
    memcpy(hash->rest, from + size / 32 * 32, size % 32);
}

/* Four lanes into one number. */
static uint64_t merge(const uint64_t lanes[4])
{
    uint64_t value =
        rotate(lanes[0], 1) + rotate(lanes[1], 7) + rotate(lanes[2], 12) + rotate(lanes[3], 18);

    for (int i = 0; i < 4; i++)
        value = (value ^ round_of(0, lanes[i])) * PRIME1 + PRIME4;
    return value;
}

uint64_t dlcore_hash_value(const dlcore_hash_t *hash)
{
    uint64_t value = (hash->total >= 32 ? merge(hash->lanes) : PRIME5) + hash->total;
    const unsigned char *next = hash->rest, *end = next + hash->total % 32;

    for (; end - next >= 8; next += 8)
        value = rotate(value ^ round_of(0, dlcore_load_u64(next)), 27) * PRIME1 + PRIME4;
    if (end - next >= 4) {
        value = rotate(value ^ dlcore_load_u32(next) * PRIME1, 23) * PRIME2 + PRIME3;
        next += 4;
    }
    for (; next < end; next++)
        value = rotate(value ^ *next * PRIME5, 11) * PRIME1;
    value = (value ^ value >> 33) * PRIME2;
    value = (value ^ value >> 29) * PRIME3;
    return value ^ value >> 32;
}
