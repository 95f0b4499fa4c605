/* A program that is linked with -ffast-math, or whose host asked for it, counts numbers below
 * 1.2e-38 as zero from its start. Tests that look at such numbers are skipped then.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TESTS_DENORMALS_H
#define DLCORE_TESTS_DENORMALS_H

#include <float.h>
#include <stdbool.h>

static inline bool process_flushes_denormals(void)
{
    volatile float least = FLT_MIN, half = least * 0.5f;

    return half == 0.0f;
}

#endif
