/* XXH64 (Yann Collet, "xxHash fast digest algorithm", version 0.1.1): a fast 64-bit checksum
 * against accidents, not against attackers. The value depends on the bytes alone, not on the host's
 * order.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_BASE_HASH_H
#define DLCORE_BASE_HASH_H

#include "system/compiler.h"

#include <stddef.h>
#include <stdint.h>

DLCORE_HIDDEN_BEGIN

typedef struct dlcore_hash {
    uint64_t lanes[4];
    uint64_t total;         /* bytes so far */
    unsigned char rest[32]; /* those that wait for a whole stripe: total % 32 of them */
} dlcore_hash_t;

dlcore_hash_t dlcore_hash_begin(void); /* seed 0 */
void dlcore_hash_add(dlcore_hash_t *hash, const void *bytes, size_t size);
/* The digest of all bytes added; more may be added afterwards. */
uint64_t dlcore_hash_value(const dlcore_hash_t *hash);

DLCORE_HIDDEN_END

#endif
