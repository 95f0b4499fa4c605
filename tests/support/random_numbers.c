/* splitmix64. Where two numbers are drawn in one expression, the order is the compiler's choice; so
 * each is drawn in a statement of its own, here and in what draws networks.
 *
 * SPDX-License-Identifier: MIT */
#include "support/random_numbers.h"

#include <math.h>

static uint64_t random_state;

void random_seed(uint64_t seed)
{
    random_state = seed;
}

static uint64_t random_bits(void)
{
    uint64_t z = random_state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

size_t random_below(size_t n)
{
    return (size_t)(random_bits() % n);
}

double random_unit(void)
{
    return (double)(random_bits() >> 11) * 0x1p-53;
}

double random_normal(void)
{
    double radius = sqrt(-2 * log(1 - random_unit()));

    return radius * cos(6.283185307179586 * random_unit());
}

uint64_t random_position(void)
{
    return random_state;
}
