/* Which vector kernels this CPU runs.
 *
 * The build defines DLCORE_AVX2_KERNELS, DLCORE_AVX512_KERNELS and DLCORE_NEON_KERNELS where those
 * files are part of it.
 *
 * SPDX-License-Identifier: MIT */
#include "kernels/kernels.h"

#include "kernels/cpu.h"

#ifndef DLCORE_AVX2_KERNELS
const dlcore_kernels_t *dlcore_kernels_avx2(void)
{
    return NULL;
}
#endif

#ifndef DLCORE_AVX512_KERNELS
const dlcore_kernels_t *dlcore_kernels_avx512(void)
{
    return NULL;
}
#endif

#ifndef DLCORE_NEON_KERNELS
const dlcore_kernels_t *dlcore_kernels_neon(void)
{
    return NULL;
}
#endif

const dlcore_kernels_t *dlcore_kernels(void)
{
    const dlcore_kernels_t *kernels = NULL;

    if (dlcore_cpu_has_avx512())
        kernels = dlcore_kernels_avx512();
    if (kernels == NULL && dlcore_cpu_has_avx2())
        kernels = dlcore_kernels_avx2();
    if (kernels == NULL)
        kernels = dlcore_kernels_neon();
    if (kernels == NULL)
        kernels = dlcore_kernels_portable();
    return kernels;
}
