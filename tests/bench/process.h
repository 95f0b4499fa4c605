/* What is measured, each in a process of its own: what one leaves behind in threads, memory and
 * libraries cannot meet another. This is the side of the process that measures; it has no threads,
 * and calls neither dlcore nor BLAS to compute.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_BENCH_PROCESS_H
#define DLCORE_BENCH_PROCESS_H

#include <stdio.h>
#include <sys/types.h>

#include "bench/cases.h"
#include "bench/options.h"
#include "bench/timing.h"

typedef struct bench_process {
    pid_t id;
    FILE *to, *from;
    bench_contender_t contender; /* to race it; its state is this */

    /* what it told of itself */
    size_t steps, rows; /* in one repeat; in a step */
    double operations;  /* in one repeat, of loops of multiply-adds; else 0 */
    char kernels[64];
    double cpus; /* at work in the last sample */
} bench_process_t;

/* Starts the program anew to measure `subject` (serve.h) of a case (NULL: of none) at a number of
 * threads, and waits until it has all it needs. Not to be moved while it runs. */
void bench_process_start(bench_process_t *process, const bench_options_t *options,
                         const char *subject, const bench_case_t *which, size_t threads);
void bench_process_end(bench_process_t *process);

#endif
