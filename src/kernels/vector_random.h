/* What is random in training: numbers that follow from a key and the number of an element, for
 * HASHES elements at a time. Included after a vector_*.h.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_KERNELS_VECTOR_RANDOM_H
#define DLCORE_KERNELS_VECTOR_RANDOM_H

#include "system/compiler.h"

#include <stdint.h>

/* A number for element i of a stream: the finalizer of MurmurHash3 over a Weyl sequence, with half
 * of the key before and half of it in the middle. Plain integers, so that every target gives the
 * same. */
static inline uint32_t element_hash(uint32_t i, uint64_t key)
{
    uint32_t h = i * 0x9e3779b1u + (uint32_t)key;

    h ^= h >> 16;
    h *= 0x85ebca6bu;
    h ^= h >> 13;
    h += (uint32_t)(key >> 32);
    h *= 0xc2b2ae35u;
    h ^= h >> 16;
    h *= 0x7feb352du;
    h ^= h >> 15;
    return h;
}

/* Hashes are made in an array of their own, which no other pointer reaches, and as many as are a
 * constant: so compilers make vectors of them. */
#define HASHES 16

static inline void keep_by_hash(float keep[HASHES], uint32_t first, uint64_t key,
                                uint32_t threshold)
{
    for (uint32_t j = 0; j < HASHES; j++)
        keep[j] = element_hash(first + j, key) >= threshold ? 1.0f : 0.0f;
}

/* In 0 .. 1, both ends left out. */
static inline void uniform_by_hash(float u[HASHES], uint32_t first, uint64_t key)
{
    for (uint32_t j = 0; j < HASHES; j++)
        u[j] = ((float)(int32_t)(element_hash(first + j, key) >> 9) + 0.5f) * 0x1p-23f;
}

#endif
