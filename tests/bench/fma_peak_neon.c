/* Multiply-adds, four lanes wide, of 64-bit ARM.
 *
 * SPDX-License-Identifier: MIT */
#include <arm_neon.h>

#define NAME bench_fma_peak_neon
#define VECTOR float32x4_t
#define SPREAD(x) vdupq_n_f32(x)
#define ADD(x, y) vaddq_f32(x, y)
#define FIRST(x) vgetq_lane_f32(x, 0)
#define EVEN(r) vfmaq_f32(b, r, a)
#define ODD(r) vfmaq_f32(b, r, a)
#define FLOPS 8
#define MORE_REGISTERS

#include "bench/fma_peak_template.h"
