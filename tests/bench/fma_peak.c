/* The loops of multiply-adds that this CPU can run.
 *
 * SPDX-License-Identifier: MIT */
#include "bench/fma_peak.h"

#include <string.h>

#include "kernels/cpu.h"

#if defined(DLCORE_BENCH_X86)
static bool always(void)
{
    return true;
}

static const bench_fma_peak_t peaks[] = {
    {"sse", bench_fma_peak_sse, always},
    {"avx2", bench_fma_peak_avx2, dlcore_cpu_has_avx2},
    {"avx512", bench_fma_peak_avx512, dlcore_cpu_has_avx512},
};
#elif defined(DLCORE_BENCH_NEON)
static bool always(void)
{
    return true;
}

static const bench_fma_peak_t peaks[] = {{"neon", bench_fma_peak_neon, always}};
#else
static bool never(void)
{
    return false;
}

static const bench_fma_peak_t peaks[] = {{"", NULL, never}};
#endif

size_t bench_fma_peak_count(void)
{
    size_t count = 0;

    while (count < sizeof peaks / sizeof peaks[0] && peaks[count].exists())
        count++;
    return count;
}

const bench_fma_peak_t *bench_fma_peak(size_t index)
{
    return &peaks[index];
}

const bench_fma_peak_t *bench_fma_peak_of(const char *kernels)
{
    const size_t count = bench_fma_peak_count();

    for (size_t i = count; i-- > 0;)
        if (strncmp(kernels, "native", 6) == 0 && strstr(kernels, peaks[i].name) != NULL)
            return &peaks[i];
    return count > 0 ? &peaks[count - 1] : NULL;
}
