/* A CPU with AVX-512 measured as one without: what __builtin_cpu_supports answers is a word of the
 * compiler's run-time library, filled in before main.
 *
 * SPDX-License-Identifier: MIT */
#include "bench/no_avx512.h"

#include "bench/support.h"
#include "kernels/cpu.h"

#if defined(__x86_64__) && defined(__GNUC__)
#    define AVX512F_BIT 15

/* As libgcc and compiler-rt have it. */
extern struct {
    unsigned vendor, type, subtype, features;
} __cpu_model; /* NOLINT(bugprone-reserved-identifier) */

static void clear_bit(void)
{
    __cpu_model.features &= ~(1u << AVX512F_BIT);
}
#else
static void clear_bit(void) {}
#endif

void bench_switch_avx512_off(void)
{
    clear_bit();
    if (dlcore_cpu_has_avx512())
        bench_fail("AVX-512 cannot be switched off in this build");
}
