/* Multiplications and additions, four lanes wide.
 *
 * SPDX-License-Identifier: MIT */
#include <emmintrin.h>

#define NAME bench_fma_peak_sse
#define VECTOR __m128
#define SPREAD(x) _mm_set1_ps(x)
#define ADD(x, y) _mm_add_ps(x, y)
#define FIRST(x) _mm_cvtss_f32(x)
#define EVEN(r) _mm_mul_ps(r, a)
#define ODD(r) _mm_add_ps(r, b)
#define FLOPS 4

#include "bench/fma_peak_template.h"
