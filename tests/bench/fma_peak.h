/* What the cores of this CPU can do at most: the multiply-adds a second of a loop that stays in
 * registers, for each kind of vector. Percentages of this are the same with every BLAS.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_BENCH_FMA_PEAK_H
#define DLCORE_BENCH_FMA_PEAK_H

#include <stdbool.h>
#include <stddef.h>

/* Each runs for `rounds` and returns its floating-point operations; a multiply-add counts two. */
double bench_fma_peak_sse(size_t rounds); /* multiplications and additions: SSE has no more */
double bench_fma_peak_avx2(size_t rounds);
double bench_fma_peak_avx512(size_t rounds);
double bench_fma_peak_neon(size_t rounds);

#define BENCH_FMA_PEAKS_MAX 4

typedef struct bench_fma_peak {
    const char *name; /* "avx512" */
    double (*run)(size_t rounds);
    bool (*exists)(void);
} bench_fma_peak_t;

/* Those that this CPU has, narrow ones first. */
size_t bench_fma_peak_count(void);
const bench_fma_peak_t *bench_fma_peak(size_t index);
/* That of the kernels named so ("native avx2"), else the widest; NULL where there is none. */
const bench_fma_peak_t *bench_fma_peak_of(const char *kernels);

#endif
