/* Which row products go with an engine, and with this CPU.
 *
 * DLCORE_AVX2_KERNELS and DLCORE_AVX512_KERNELS are defined by the build where those files are part
 * of it.
 *
 * SPDX-License-Identifier: MIT */
#include "products/gemv.h"

#ifndef DLCORE_AVX2_KERNELS
const dlcore_gemv_functions_t *dlcore_gemv_avx2(void)
{
    return NULL;
}
#endif

#ifndef DLCORE_AVX512_KERNELS
const dlcore_gemv_functions_t *dlcore_gemv_avx512(void)
{
    return NULL;
}
#endif

const dlcore_gemv_functions_t *dlcore_gemv_of(const dlcore_products_t *products)
{
    if (products == dlcore_products_native_avx512())
        return dlcore_gemv_avx512();
    if (products == dlcore_products_native_avx2())
        return dlcore_gemv_avx2();
    return NULL;
}

const dlcore_gemv_functions_t *dlcore_gemv_best(const dlcore_products_t **products)
{
    *products = dlcore_products_native_avx512();
    if (*products == NULL)
        *products = dlcore_products_native_avx2();
    return *products != NULL ? dlcore_gemv_of(*products) : dlcore_gemv_portable();
}
