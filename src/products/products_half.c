/* Which products of bfloat16 an engine has on this CPU.
 *
 * The build defines the same names as for products_native.c.
 *
 * SPDX-License-Identifier: MIT */
#include "products/products_half.h"

#include "kernels/cpu.h"

#ifdef DLCORE_AVX512_KERNELS
static const dlcore_half_t *kind_of_avx512(size_t index)
{
    bool has_dots = dlcore_cpu_has_bfloat16(), prefers_dots = dlcore_cpu_has_fast_bfloat16();

    if (index == (prefers_dots ? 1u : 0u))
        return &dlcore_half_avx512;
    return has_dots && index < 2 ? &dlcore_half_dot_avx512 : NULL;
}
#endif

const dlcore_half_t *dlcore_half_kind(const dlcore_products_t *products, size_t index)
{
    switch (products->engine) {
#ifdef DLCORE_AVX512_KERNELS
    case DLCORE_PRODUCTS_NATIVE_AVX512:
        return kind_of_avx512(index);
#endif
#ifdef DLCORE_AVX2_KERNELS
    case DLCORE_PRODUCTS_NATIVE_AVX2:
        return index == 0 ? &dlcore_half_avx2 : NULL;
#endif
#ifdef DLCORE_NEON_KERNELS
    case DLCORE_PRODUCTS_NATIVE_NEON:
        return index == 0 ? &dlcore_half_neon : NULL;
#endif
    default:
        return index == 0 ? &dlcore_half_portable : NULL;
    }
}
