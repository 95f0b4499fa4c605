/* Counter-based random numbers: Philox4x32-10 (Salmon, Moraes, Dror, Shaw, "Parallel random
 * numbers: as easy as 1, 2, 3", SC11).
 *
 * A stream is named by seed, purpose, index and epoch, and its n-th number is a function of those
 * alone: nothing to store for a resume, and no stream disturbs another.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_BASE_RANDOM_H
#define DLCORE_BASE_RANDOM_H

#include "system/compiler.h"

#include <stddef.h>
#include <stdint.h>

DLCORE_HIDDEN_BEGIN

/* What a stream is for. Values are part of "same seed, same weights": never change them. */
typedef enum dlcore_random_purpose {
    DLCORE_RANDOM_INITIALIZE = 1, /* index: the number of the weight */
    DLCORE_RANDOM_SHUFFLE = 2,    /* epoch: the model's lifetime epoch */
    DLCORE_RANDOM_SELF_TEST = 3,  /* of model files; seed 0 */
    DLCORE_RANDOM_LAYER = 4,      /* index: the layer; epoch: the step */
    DLCORE_RANDOM_SPLIT = 16      /* of samples into training and test */
} dlcore_random_purpose_t;

typedef struct dlcore_random {
    uint32_t key[2];
    uint32_t counter[4]; /* block (two words), purpose and index, epoch */
    uint32_t block[4];
    unsigned used; /* numbers of the block that are spent */
} dlcore_random_t;

/* index below 2^24. */
dlcore_random_t dlcore_random_stream(uint64_t seed, dlcore_random_purpose_t purpose, uint32_t index,
                                     uint32_t epoch);
uint32_t dlcore_random_next(dlcore_random_t *random);
/* Evenly 0 .. n-1; n >= 1. */
uint64_t dlcore_random_below(dlcore_random_t *random, uint64_t n);
/* Evenly in [0, 1), 53 bits. */
double dlcore_random_uniform(dlcore_random_t *random);
/* Standard normal. */
double dlcore_random_normal(dlcore_random_t *random);
/* Likewise, cut at two standard deviations. */
double dlcore_random_truncated_normal(dlcore_random_t *random);
/* A random order of 0 .. n-1. */
void dlcore_random_permutation(dlcore_random_t *random, size_t *order, size_t n);

DLCORE_HIDDEN_END

#endif
