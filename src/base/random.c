/* Philox4x32-10 and the distributions that the library draws from.
 *
 * SPDX-License-Identifier: MIT */
#include "base/random.h"

#include <math.h>

static void philox_round(uint32_t counter[4], const uint32_t key[2])
{
    uint64_t a = (uint64_t)0xD2511F53u * counter[0];
    uint64_t b = (uint64_t)0xCD9E8D57u * counter[2];
    uint32_t next[4] = {(uint32_t)(b >> 32) ^ counter[1] ^ key[0], (uint32_t)b,
                        (uint32_t)(a >> 32) ^ counter[3] ^ key[1], (uint32_t)a};

    for (int i = 0; i < 4; i++)
        counter[i] = next[i];
}

static void philox(const uint32_t counter[4], const uint32_t key[2], uint32_t block[4])
{
    uint32_t k[2] = {key[0], key[1]};

    for (int i = 0; i < 4; i++)
        block[i] = counter[i];
    for (int round = 0; round < 10; round++) {
        philox_round(block, k);
        k[0] += 0x9E3779B9u;
        k[1] += 0xBB67AE85u;
    }
}

dlcore_random_t dlcore_random_stream(uint64_t seed, dlcore_random_purpose_t purpose, uint32_t index,
                                     uint32_t epoch)
{
    dlcore_random_t random = {.key = {(uint32_t)seed, (uint32_t)(seed >> 32)},
                              .counter = {0, 0, (uint32_t)purpose << 24 | index, epoch},
                              .used = 4};
    return random;
}

uint32_t dlcore_random_next(dlcore_random_t *random)
{
    if (random->used == 4) {
        philox(random->counter, random->key, random->block);
        if (++random->counter[0] == 0)
            random->counter[1]++;
        random->used = 0;
    }
    return random->block[random->used++];
}

static uint64_t next64(dlcore_random_t *random)
{
    uint64_t high = dlcore_random_next(random);
    return high << 32 | dlcore_random_next(random);
}

uint64_t dlcore_random_below(dlcore_random_t *random, uint64_t n)
{
    /* numbers from `limit` up would favour the small results: draw again */
    uint64_t limit = UINT64_MAX - UINT64_MAX % n;
    uint64_t drawn;

    if (n <= 65536) { /* the common case: a 32-bit number, the same care */
        uint32_t small = (uint32_t)n, bound = UINT32_MAX - UINT32_MAX % small, number;
        do
            number = dlcore_random_next(random);
        while (number >= bound);
        return number % small;
    }
    do
        drawn = next64(random);
    while (drawn >= limit);
    return drawn % n;
}

double dlcore_random_uniform(dlcore_random_t *random)
{
    return (double)(next64(random) >> 11) * 0x1p-53;
}

double dlcore_random_normal(dlcore_random_t *random)
{
    /* Box-Muller on (0, 1] */
    double radius = sqrt(-2.0 * log(1.0 - dlcore_random_uniform(random)));
    double angle = 6.283185307179586 * dlcore_random_uniform(random);

    return radius * cos(angle);
}

double dlcore_random_truncated_normal(dlcore_random_t *random)
{
    /* again while the result lies outside: 4.6 % of the draws */
    for (;;) {
        double x = dlcore_random_normal(random);

        if (x >= -2.0 && x <= 2.0)
            return x;
    }
}

void dlcore_random_permutation(dlcore_random_t *random, size_t *order, size_t n)
{
    for (size_t i = 0; i < n; i++)
        order[i] = i;
    for (size_t i = n; i > 1; i--) { /* Fisher-Yates */
        size_t j = (size_t)dlcore_random_below(random, i);
        size_t kept = order[i - 1];
        order[i - 1] = order[j];
        order[j] = kept;
    }
}
