/* What the CPU can do, as the compiler's run-time library sees it (CPUID and the operating
 * system's part, once per process).
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_KERNELS_CPU_H
#define DLCORE_KERNELS_CPU_H

#include "system/compiler.h"

#include <stdbool.h>
#if defined(__x86_64__) && defined(__GNUC__)
#    include <cpuid.h>
#endif

/* AVX2 with FMA. */
static inline bool dlcore_cpu_has_avx2(void)
{
#if defined(__x86_64__) && defined(__GNUC__)
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
    return false;
#endif
}

/* AVX-512 F, BW, DQ and VL. */
static inline bool dlcore_cpu_has_avx512(void)
{
#if defined(__x86_64__) && defined(__GNUC__)
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
#else
    return false;
#endif
}

/* AVX512_BF16. */
static inline bool dlcore_cpu_has_bfloat16(void)
{
#if defined(__x86_64__) && defined(__GNUC__)
    return __builtin_cpu_supports("avx512bf16");
#else
    return false;
#endif
}

/* Where it pays. AMD's adds twice as many products an instruction as float32 has, at nearly its
 * pace (Zen 4: 1.99 times the speed, Zen 5: 1.84); Intel's, since Sapphire Rapids, has half its
 * speed. */
static inline bool dlcore_cpu_has_fast_bfloat16(void)
{
#if defined(__x86_64__) && defined(__GNUC__)
    return dlcore_cpu_has_bfloat16() && __builtin_cpu_is("amd");
#else
    return false;
#endif
}

/* The dot products of bytes that belong to AVX-512, and those that belong to AVX2. Compilers do not
 * yet all know the latter by name. */
static inline bool dlcore_cpu_has_avx512_vnni(void)
{
#if defined(__x86_64__) && defined(__GNUC__)
    return __builtin_cpu_supports("avx512vnni");
#else
    return false;
#endif
}

static inline bool dlcore_cpu_has_avx_vnni(void)
{
#if defined(__x86_64__) && defined(__GNUC__)
    unsigned a = 0, b = 0, c = 0, d = 0;

    return __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a >> 4 & 1) != 0;
#else
    return false;
#endif
}

#endif
