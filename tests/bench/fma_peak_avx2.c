/* Multiply-adds, eight lanes wide.
 *
 * SPDX-License-Identifier: MIT */
#include <immintrin.h>

#define NAME bench_fma_peak_avx2
#define VECTOR __m256
#define SPREAD(x) _mm256_set1_ps(x)
#define ADD(x, y) _mm256_add_ps(x, y)
#define FIRST(x) _mm_cvtss_f32(_mm256_castps256_ps128(x))
#define EVEN(r) _mm256_fmadd_ps(r, a, b)
#define ODD(r) _mm256_fmadd_ps(r, a, b)
#define FLOPS 16

#include "bench/fma_peak_template.h"
