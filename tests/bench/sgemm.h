/* The BLAS that dlcore is linked with, called as any program would: what the gemm floor consists
 * of. sgemm_blas.c calls it; sgemm_none.c stands in where dlcore was built without one.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_BENCH_SGEMM_H
#define DLCORE_BENCH_SGEMM_H

#include <stdbool.h>
#include <stddef.h>

/* C = op(A) op(B), row-major, with the leading dimensions given. */
typedef struct bench_product {
    bool transpose_a, transpose_b;
    size_t m, n, k;
    const float *a, *b;
    float *c;
    size_t lda, ldb, ldc;
} bench_product_t;

/* Whether there is a BLAS. Without one nothing else here may be called. */
bool bench_blas_exists(void);
/* Whether BLAS has threads of its own whose number can be set. */
bool bench_blas_has_threads(void);
/* The number of threads of BLAS's own for the calls that follow, and what it was before. */
int bench_blas_set_threads(int threads);
/* "OpenBLAS 0.3.21 ...", "" where BLAS does not say. */
const char *bench_blas_config(void);
/* The kernels that it runs, "Haswell"; "" where BLAS does not say. */
const char *bench_blas_core(void);

/* One call: sgemm, or sgemv where C is one row. */
void bench_sgemm(const bench_product_t *product);

#endif
