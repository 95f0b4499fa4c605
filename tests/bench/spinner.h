/* Training while a thread of somebody else's spins, as pools of other libraries do.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_BENCH_SPINNER_H
#define DLCORE_BENCH_SPINNER_H

#include "bench/cases.h"

#define BENCH_LIMIT_BESIDE 1.1 /* times one thread, while another one spins */
#define BENCH_LIMIT_RECOVERY 0.05

typedef struct bench_spinner {
    double during;   /* seconds of a step, in the mean, while the other thread spins for 0.3 s */
    double recovery; /* seconds from its end until steps are as fast as before it */
} bench_spinner_t;

/* A fit of a second and more, of which it notes when each step ends. */
bench_spinner_t bench_train_beside_spinner(const bench_case_t *which, size_t threads);

#endif
