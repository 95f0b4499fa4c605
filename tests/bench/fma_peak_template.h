/* A loop of multiply-adds that stays in registers: as many as a core can do.
 *
 * Included by one source for each kind of vector, which defines NAME, VECTOR, SPREAD(x), and
 * EVEN(r) and ODD(r): what is done to a register, FLOPS operations each; and MORE_REGISTERS where
 * there are 32 of them. Fourteen chains of dependent operations, or 24, keep two units, or four, of
 * a latency of six cycles at work.
 *
 * SPDX-License-Identifier: MIT */
#include "bench/fma_peak.h"

#define FEW(act)                                                                            \
    act(0, EVEN) act(1, ODD) act(2, EVEN) act(3, ODD) act(4, EVEN) act(5, ODD) act(6, EVEN) \
        act(7, ODD) act(8, EVEN) act(9, ODD) act(10, EVEN) act(11, ODD) act(12, EVEN) act(13, ODD)
#define MORE(act)                                                                                  \
    act(14, EVEN) act(15, ODD) act(16, EVEN) act(17, ODD) act(18, EVEN) act(19, ODD) act(20, EVEN) \
        act(21, ODD) act(22, EVEN) act(23, ODD)
#if defined(MORE_REGISTERS)
#    define EACH(act) FEW(act) MORE(act)
#    define CHAINS 24
#else
#    define EACH(act) FEW(act)
#    define CHAINS 14
#endif
#define DECLARE(i, how) VECTOR r##i = SPREAD(one);
#define ADVANCE(i, how) r##i = how(r##i);
#define GATHER(i, how) sum = ADD(sum, r##i);
#define UNROLLED 4

double NAME(size_t rounds)
{
    /* Read anew for each register, so that the compiler cannot know that all do the same. With ones
     * there are neither denormal numbers nor infinities. */
    static volatile float one = 1.0f;
    static volatile float sink;
    const VECTOR a = SPREAD(one), b = SPREAD(one);
    VECTOR sum = SPREAD(one);
    EACH(DECLARE)

    for (size_t i = 0; i < rounds; i++) {
        EACH(ADVANCE)
        EACH(ADVANCE)
        EACH(ADVANCE)
        EACH(ADVANCE)
    }
    EACH(GATHER)
    sink = FIRST(sum);
    (void)sink;
    return (double)rounds * UNROLLED * CHAINS * FLOPS;
}
