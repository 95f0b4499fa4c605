/* A CPU with AVX-512 measured as one without: what __builtin_cpu_supports answers is a word of the
 * compiler's run-time library, filled in before main. clang 14 may crash where a source both
 * declares that word and asks, so nobody asks here.
 *
 * SPDX-License-Identifier: MIT */
#include "bench/no_avx512.h"

#if defined(__x86_64__) && defined(__GNUC__)
#    define AVX512F_BIT 15

/* As libgcc and compiler-rt have it, and as clang declares it, to the array. */
extern struct {
    unsigned vendor, type, subtype, features[1];
} __cpu_model; /* NOLINT(bugprone-reserved-identifier) */

static void clear_bit(void)
{
    __cpu_model.features[0] &= ~(1u << AVX512F_BIT);
}
#else
static void clear_bit(void) {}
#endif

void bench_switch_avx512_off(void)
{
    clear_bit();
}
