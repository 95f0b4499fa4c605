/* The native packed engines: which of them this CPU runs.
 *
 * The build defines DLCORE_AVX2_KERNELS, DLCORE_AVX512_KERNELS and DLCORE_NEON_KERNELS where those
 * files are part of it.
 *
 * SPDX-License-Identifier: MIT */
#include "products/products_native.h"

#include "kernels/cpu.h"

enum { ENGINES_MAX = 3 };

const dlcore_products_t *dlcore_products_native(size_t index)
{
    const dlcore_products_t *engines[ENGINES_MAX];
    size_t count = 0;

#ifdef DLCORE_AVX512_KERNELS
    if (dlcore_cpu_has_avx512() && dlcore_cpu_has_avx2())
        engines[count++] = dlcore_native_table_avx512();
#endif
#ifdef DLCORE_AVX2_KERNELS
    if (dlcore_cpu_has_avx2())
        engines[count++] = dlcore_native_table_avx2();
#endif
#ifdef DLCORE_NEON_KERNELS
    engines[count++] = dlcore_native_table_neon();
#endif
    return index < count ? engines[index] : NULL;
}
