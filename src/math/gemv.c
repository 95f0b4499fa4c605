/* Which row products go with an engine, and with this CPU.
 *
 * DLCORE_X86_KERNELS is defined by the build where the AVX files are part of it.
 *
 * SPDX-License-Identifier: MIT */
#include "math/gemv.h"

const dlcore_gemv_functions_t *dlcore_gemv_of(const dlcore_products_t *products)
{
#ifdef DLCORE_X86_KERNELS
    if (products == dlcore_products_native_avx512())
        return dlcore_gemv_avx512();
    if (products == dlcore_products_native_avx2())
        return dlcore_gemv_avx2();
#endif
    (void)products;
    return NULL;
}

const dlcore_gemv_functions_t *dlcore_gemv_best(const dlcore_products_t **products)
{
    *products = dlcore_products_native_avx512();
    if (*products == NULL)
        *products = dlcore_products_native_avx2();
    return *products != NULL ? dlcore_gemv_of(*products) : dlcore_gemv_portable();
}
