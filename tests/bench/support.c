/* The benchmark's errors, memory and numbers.
 *
 * SPDX-License-Identifier: MIT */
#include "bench/support.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/allocator.h"

void bench_fail(const char *message)
{
    fflush(stdout);
    fprintf(stderr, "dlcore_bench: %s\n", message);
    exit(EXIT_FAILURE);
}

void bench_check(dlcore_status status, const char *message)
{
    if (status != DLCORE_OK)
        bench_fail(message[0] != '\0' ? message : dlcore_status_string(status));
}

void *bench_allocate(size_t count, size_t size)
{
    const dlcore_allocator_t allocator = dlcore_allocator_default();
    void *memory = dlcore_allocate(&allocator, count, size);

    if (memory == NULL)
        bench_fail("no memory");
    return memory;
}

void bench_release(void *memory)
{
    const dlcore_allocator_t allocator = dlcore_allocator_default();

    dlcore_release(&allocator, memory);
}

/* Splitmix64 (Steele, Lea, Flood 2014). */
static uint64_t next_number(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

void bench_fill(float *values, size_t count, float scale, uint64_t seed)
{
    size_t i;

    for (i = 0; i < count; i++)
        values[i] = scale * (2.0f * (float)(next_number(&seed) >> 40) * 0x1p-24f - 1.0f);
}
