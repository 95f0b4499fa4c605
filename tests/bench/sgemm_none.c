/* Stands in for a BLAS where dlcore was built without one: there is no floor then.
 *
 * SPDX-License-Identifier: MIT */
#include "bench/sgemm.h"

bool bench_blas_exists(void)
{
    return false;
}

bool bench_blas_has_threads(void)
{
    return false;
}

int bench_blas_set_threads(int threads)
{
    (void)threads;
    return 1;
}

const char *bench_blas_config(void)
{
    return "no BLAS";
}

const char *bench_blas_core(void)
{
    return "";
}

void bench_sgemm(const bench_product_t *product)
{
    (void)product;
}
