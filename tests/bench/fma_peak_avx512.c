/* Multiply-adds, sixteen lanes wide.
 *
 * SPDX-License-Identifier: MIT */
#include <immintrin.h>

#define NAME bench_fma_peak_avx512
#define VECTOR __m512
#define SPREAD(x) _mm512_set1_ps(x)
#define ADD(x, y) _mm512_add_ps(x, y)
#define FIRST(x) _mm_cvtss_f32(_mm512_castps512_ps128(x))
#define EVEN(r) _mm512_fmadd_ps(r, a, b)
#define ODD(r) _mm512_fmadd_ps(r, a, b)
#define FLOPS 32
#define MORE_REGISTERS

#include "bench/fma_peak_template.h"
