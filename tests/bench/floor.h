/* The gemm floor of a step or a prediction: its full products through the linked BLAS, and nothing
 * else; no bias, no activation, no loss, no update. Measured in two ways: by BLAS with its own
 * threads, and by one call of a part of the product per thread, on threads like dlcore's.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_BENCH_FLOOR_H
#define DLCORE_BENCH_FLOOR_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/cases.h"
#include "bench/timing.h"

typedef struct bench_floor bench_floor_t;

/* The products of `rows` samples through layers of those widths: forward, and with `trains` also
 * the gradients by every kernel and by the inputs of all layers but the first. */
bench_floor_t *bench_floor_create(const size_t *widths, size_t layers, size_t rows, bool trains,
                                  size_t threads);
/* One product of square matrices: what the peak is measured with. */
bench_floor_t *bench_floor_create_square(size_t size, size_t threads);
/* All products of a case: of a step, of a call, or of its epochs over MNIST. */
bench_floor_t *bench_floor_create_case(const bench_case_t *which, size_t threads);
void bench_floor_free(bench_floor_t *floor);

/* Compares some of the results with sums in double precision; ends the program where BLAS is wrong:
 * a floor that computes something else is none. */
void bench_floor_check(const bench_floor_t *floor);

/* To add to the work of each repeat `times` repeats of the floor, then one of `tail`, whose threads
 * are not used; the tail is then freed with it. */
void bench_floor_extend(bench_floor_t *floor, size_t times, bench_floor_t *tail);

/* The two ways, as contenders. The number of them that this BLAS and thread count have is returned:
 * with one thread both are the same, and not every BLAS may be called by several threads. */
typedef struct bench_floor_ways {
    bool own_threads, blas_threads;
} bench_floor_ways_t;
bench_floor_ways_t bench_floor_ways(size_t threads);
bench_contender_t bench_floor_by_own_threads(bench_floor_t *floor);
bench_contender_t bench_floor_by_blas_threads(bench_floor_t *floor);

#endif
