/* Which products in fewer bits this CPU runs.
 *
 * DLCORE_AVX2_KERNELS, DLCORE_AVX512_KERNELS and DLCORE_NEON_KERNELS are defined by the build where
 * those files are part of it.
 *
 * SPDX-License-Identifier: MIT */
#include "kernels/cpu.h"
#include "products/low.h"

enum { KINDS_MAX = 4 };

typedef struct low_kinds {
    const dlcore_low_functions_t *kinds[KINDS_MAX];
    size_t count;
} low_kinds_t;

static void add_kind(low_kinds_t *to, bool runs, const dlcore_low_functions_t *kind)
{
    if (runs)
        to->kinds[to->count++] = kind;
}

const dlcore_low_functions_t *dlcore_low_int8_kind(size_t index)
{
    low_kinds_t all = {.count = 0};

#ifdef DLCORE_AVX512_KERNELS
    add_kind(&all, dlcore_cpu_has_avx512() && dlcore_cpu_has_avx512_vnni(),
             &dlcore_low_int8_vnni_avx512);
#endif
#ifdef DLCORE_AVX2_KERNELS
    add_kind(&all, dlcore_cpu_has_avx2() && dlcore_cpu_has_avx_vnni(), &dlcore_low_int8_vnni_avx2);
    add_kind(&all, dlcore_cpu_has_avx2(), &dlcore_low_int8_avx2);
#endif
#ifdef DLCORE_NEON_KERNELS
    add_kind(&all, true, &dlcore_low_int8_neon);
#endif
    add_kind(&all, true, &dlcore_low_int8_portable);
    return index < all.count ? all.kinds[index] : NULL;
}

const dlcore_low_functions_t *dlcore_low_bfloat16_kind(size_t index)
{
    low_kinds_t all = {.count = 0};

#ifdef DLCORE_AVX512_KERNELS
    bool dots = dlcore_cpu_has_avx512() && dlcore_cpu_has_bfloat16();
    bool fast = dots && dlcore_cpu_has_fast_bfloat16();

    add_kind(&all, fast, &dlcore_low_bfloat16_dot_avx512);
    add_kind(&all, dlcore_cpu_has_avx512(), &dlcore_low_bfloat16_avx512);
    add_kind(&all, dots && !fast, &dlcore_low_bfloat16_dot_avx512);
#endif
#ifdef DLCORE_AVX2_KERNELS
    add_kind(&all, dlcore_cpu_has_avx2(), &dlcore_low_bfloat16_avx2);
#endif
#ifdef DLCORE_NEON_KERNELS
    add_kind(&all, true, &dlcore_low_bfloat16_neon);
#endif
    add_kind(&all, true, &dlcore_low_bfloat16_portable);
    return index < all.count ? all.kinds[index] : NULL;
}
