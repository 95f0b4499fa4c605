/* What is printed: a table, or one JSON object per line.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_BENCH_REPORT_H
#define DLCORE_BENCH_REPORT_H

#include <stdbool.h>
#include <stddef.h>

/* Of one case; times in seconds of one step or call, medians unless said. 0 where there is none. */
typedef struct bench_result {
    const char *name;
    size_t threads;
    const char *engine;  /* as asked for: auto, blas, native */
    const char *kernels; /* what multiplied: "native avx512" */
    size_t rows;         /* samples of a step */
    double operations;   /* floating-point operations of a step's products */
    double seconds, best_seconds;
    double floor_own, floor_blas; /* one call per thread; threads of BLAS */
    double peak;                  /* operations a second of the best large sgemm */
} bench_result_t;

/* Of the run: library, BLAS, machine, date. */
void bench_report_begin(bool json);
/* Before the cases at a number of threads; `peak` as above. */
void bench_report_threads(bool json, size_t threads, double peak);
void bench_report_case(bool json, const bench_result_t *result);
/* For a case that was not measured. */
void bench_report_skipped(bool json, const char *name, const char *why);

#endif
