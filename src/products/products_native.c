/* The native packed engines: which of them this CPU runs.
 *
 * DLCORE_AVX2_KERNELS and DLCORE_AVX512_KERNELS are defined by the build where those files are part
 * of it.
 *
 * SPDX-License-Identifier: MIT */
#include "products/products_native.h"

#include "kernels/cpu.h"

const dlcore_products_t *dlcore_products_native_avx512(void)
{
#ifdef DLCORE_AVX512_KERNELS
    if (dlcore_cpu_has_avx512() && dlcore_cpu_has_avx2())
        return dlcore_native_table_avx512();
#endif
    return NULL;
}

const dlcore_products_t *dlcore_products_native_avx2(void)
{
#ifdef DLCORE_AVX2_KERNELS
    if (dlcore_cpu_has_avx2())
        return dlcore_native_table_avx2();
#endif
    return NULL;
}
