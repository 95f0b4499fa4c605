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
    double cpus;         /* that it had at work */
    double operations;   /* floating-point operations of a step's products */
    double seconds, best_seconds;
    double floor_own, floor_blas; /* one call per thread; threads of BLAS */
    double peak;                  /* operations a second of the loop of multiply-adds */
} bench_result_t;

/* Of the run: library, BLAS and its kernels, machine, date; and on stderr what the floor suffers
 * from. */
void bench_report_begin(bool json);
/* Operations a second of one core, for vectors of that kind. */
void bench_report_peak(const char *name, double rate);
/* Before the cases at a number of threads; operations a second of the best large product, and of
 * the loop of multiply-adds. */
void bench_report_threads(size_t threads, double large, double peak);
void bench_report_case(bool json, const bench_result_t *result);
/* For a case that was not measured. */
void bench_report_skipped(bool json, const char *name, const char *why);

#endif
