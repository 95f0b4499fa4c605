/* A process that measures one subject for the bench that started it.
 *
 * It says "ready STEPS ROWS OPERATIONS KERNELS", and then answers each line with a count by the
 * seconds that its work took so often, after all of its threads have gone to sleep. It ends with
 * its input.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_BENCH_SERVE_H
#define DLCORE_BENCH_SERVE_H

#include "bench/options.h"

/* dlcore at a case */
#define BENCH_DLCORE "dlcore"
/* its floor, by threads like dlcore's, and by threads of BLAS */
#define BENCH_FLOOR_OWN "floor-own"
#define BENCH_FLOOR_BLAS "floor-blas"
/* one large product, likewise */
#define BENCH_LARGE_OWN "large-own"
#define BENCH_LARGE_BLAS "large-blas"
/* the loop of multiply-adds so named: "peak-avx2" */
#define BENCH_PEAK "peak-"

int bench_serve(const bench_options_t *options);

#endif
