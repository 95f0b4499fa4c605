/* Timing contenders against each other: each in turn, several times over, so that what the machine
 * does meanwhile meets all of them.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_BENCH_TIMING_H
#define DLCORE_BENCH_TIMING_H

#include <stddef.h>

/* How long and how often. */
typedef struct bench_plan {
    double sample_seconds; /* a sample repeats its work for about so long */
    double budget_seconds; /* for a race; gone over where that leaves fewer than rounds_least */
    size_t rounds_least;
    size_t rounds_most; /* at most BENCH_ROUNDS_MAX */
} bench_plan_t;

#define BENCH_ROUNDS_MAX 15

typedef struct bench_contender {
    void (*run)(void *state, size_t count); /* does its work `count` times; this is timed */
    void (*before)(void *state);            /* not timed; may be NULL */
    void (*after)(void *state);
    /* In place of these three, where not NULL: the seconds that its work took `count` times. */
    double (*time)(void *state, size_t count);
    void *state;

    /* What the race found: seconds for its work done once. */
    double best;
    double median;
} bench_contender_t;

/* Seconds of a clock that only goes forward. */
double bench_now(void);
/* Seconds of CPU that all threads of this process have had. */
double bench_cpu_now(void);
/* Races count seconds of CPU from now on, of all threads: for one thread on a busy machine. */
void bench_count_cpu(void);
void bench_sleep(double seconds);

/* Sorts them. */
double bench_median(double *values, size_t count);
/* One sample: seconds that a contender's work takes `count` times. */
double bench_sample(const bench_contender_t *contender, size_t count);
/* Returns when the threads of this process have been asleep for some milliseconds, but for this
 * one; after a second at the latest. Threads of OpenBLAS stay awake for about 25 ms after a call.
 */
void bench_wait_for_sleep(void);

/* Finds each contender's repeat count, which warms it up, then times one sample of each in turn.
 * The number of rounds is returned. */
size_t bench_race(const bench_plan_t *plan, bench_contender_t *contenders, size_t count);

#endif
