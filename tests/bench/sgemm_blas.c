/* Products through the linked BLAS.
 *
 * SPDX-License-Identifier: MIT */
#include "bench/sgemm.h"

#include <cblas.h>

/* As in the library: weak where OpenBLAS may or may not be what is linked. */
#if defined(DLCORE_OPENBLAS_STRONG)
#    define OPENBLAS
#    define OPENBLAS_FOUND true
#elif defined(__ELF__) && defined(__GNUC__)
#    define OPENBLAS __attribute__((weak))
#    define OPENBLAS_FOUND                                                    \
        (openblas_get_parallel != NULL && openblas_get_num_threads != NULL && \
         openblas_set_num_threads != NULL && openblas_get_config != NULL &&   \
         openblas_get_corename != NULL)
#endif

#if defined(OPENBLAS)
OPENBLAS int openblas_get_parallel(void);
OPENBLAS int openblas_get_num_threads(void);
OPENBLAS void openblas_set_num_threads(int threads);
OPENBLAS char *openblas_get_config(void);
OPENBLAS char *openblas_get_corename(void);
#else
#    define OPENBLAS_FOUND false
#    define openblas_get_parallel() 0
#    define openblas_get_num_threads() 1
#    define openblas_set_num_threads(threads) ((void)(threads))
#    define openblas_get_config() ""
#    define openblas_get_corename() ""
#endif

bool bench_blas_exists(void)
{
    return true;
}

bool bench_blas_has_threads(void)
{
    return OPENBLAS_FOUND && openblas_get_parallel() != 0;
}

int bench_blas_set_threads(int threads)
{
    int before = 1;

    if (OPENBLAS_FOUND) {
        before = openblas_get_num_threads();
        openblas_set_num_threads(threads);
    }
    return before;
}

const char *bench_blas_config(void)
{
    return OPENBLAS_FOUND ? openblas_get_config() : "";
}

const char *bench_blas_core(void)
{
    return OPENBLAS_FOUND ? openblas_get_corename() : "";
}

void bench_sgemm(const bench_product_t *p)
{
    const int m = (int)p->m;
    const int n = (int)p->n;
    const int k = (int)p->k;

    if (m == 1 && !p->transpose_a)
        cblas_sgemv(CblasRowMajor, p->transpose_b ? CblasNoTrans : CblasTrans,
                    p->transpose_b ? n : k, p->transpose_b ? k : n, 1.0f, p->b, (int)p->ldb, p->a,
                    1, 0.0f, p->c, 1);
    else
        cblas_sgemm(CblasRowMajor, p->transpose_a ? CblasTrans : CblasNoTrans,
                    p->transpose_b ? CblasTrans : CblasNoTrans, m, n, k, 1.0f, p->a, (int)p->lda,
                    p->b, (int)p->ldb, 0.0f, p->c, (int)p->ldc);
}
