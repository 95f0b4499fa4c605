/* Which row products go with an engine, and with this CPU.
 *
 * The build defines the same names as for products_native.c.
 *
 * SPDX-License-Identifier: MIT */
#include "products/gemv.h"

const dlcore_gemv_functions_t *dlcore_gemv_of(const dlcore_products_t *products)
{
    switch (products->engine) {
#ifdef DLCORE_AVX512_KERNELS
    case DLCORE_PRODUCTS_NATIVE_AVX512:
        return dlcore_gemv_avx512();
#endif
#ifdef DLCORE_AVX2_KERNELS
    case DLCORE_PRODUCTS_NATIVE_AVX2:
        return dlcore_gemv_avx2();
#endif
#ifdef DLCORE_NEON_KERNELS
    case DLCORE_PRODUCTS_NATIVE_NEON:
        return dlcore_gemv_neon();
#endif
    default:
        return NULL;
    }
}

const dlcore_gemv_functions_t *dlcore_gemv_best(const dlcore_products_t **products)
{
    *products = dlcore_products_native(0);
    return *products != NULL ? dlcore_gemv_of(*products) : dlcore_gemv_portable();
}
