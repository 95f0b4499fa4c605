/* Reading and setting BLAS's thread count, through weak symbols: one program for every BLAS.
 *
 * SPDX-License-Identifier: MIT */
#include "support/host_blas.h"

#include <stddef.h>
#include <string.h>

#include "products/blas.h"

#if defined(__ELF__)
__attribute__((weak)) int openblas_get_num_threads(void);
__attribute__((weak)) void openblas_set_num_threads(int threads);
__attribute__((weak)) int omp_get_max_threads(void);
__attribute__((weak)) void omp_set_num_threads(int threads);
#else
#    define openblas_get_num_threads ((int (*)(void))NULL)
#    define openblas_set_num_threads ((void (*)(int))NULL)
#    define omp_get_max_threads ((int (*)(void))NULL)
#    define omp_set_num_threads ((void (*)(int))NULL)
#endif

bool host_blas_is(const char *name)
{
    return strcmp(dlcore_blas_name(), name) == 0;
}

bool host_has_openmp(void)
{
    return omp_get_max_threads != NULL && omp_set_num_threads != NULL;
}

int host_count(void)
{
    if (host_blas_is("openblas openmp"))
        return host_has_openmp() ? omp_get_max_threads() : 1;
    return host_blas_is("openblas pthread") ? openblas_get_num_threads() : 1;
}

void set_host_count(int threads)
{
    if (host_blas_is("openblas openmp") && host_has_openmp())
        omp_set_num_threads(threads);
    if (host_blas_is("openblas pthread"))
        openblas_set_num_threads(threads);
}

int start_with_three(void)
{
    set_host_count(3);
    return host_count();
}
