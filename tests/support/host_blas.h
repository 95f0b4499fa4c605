/* The thread count of the BLAS that is linked, as the host of dlcore sees it.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TESTS_HOST_BLAS_H
#define DLCORE_TESTS_HOST_BLAS_H

#include <stdbool.h>

/* dlcore_blas_name() is `name`. */
bool host_blas_is(const char *name);
/* Of OpenBLAS's process, or for its OpenMP build of the calling thread; a BLAS without a count of
 * its own has 1. */
int host_count(void);
void set_host_count(int threads);
/* Sets what the host sees outside of dlcore's calls to 3, and answers what it is then. */
int start_with_three(void);
/* OpenMP's count can be read and set by this program. */
bool host_has_openmp(void);

#endif
