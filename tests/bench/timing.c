/* Timing contenders against each other.
 *
 * SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "bench/timing.h"

#include <stdlib.h>
#include <time.h>

#include "bench/support.h"

#define CONTENDERS_MAX 8

static clockid_t race_clock = CLOCK_MONOTONIC;

static double seconds_of(clockid_t id)
{
    struct timespec now;

    clock_gettime(id, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

double bench_now(void)
{
    return seconds_of(CLOCK_MONOTONIC);
}

double bench_cpu_now(void)
{
    return seconds_of(CLOCK_PROCESS_CPUTIME_ID);
}

void bench_count_cpu(void)
{
    race_clock = CLOCK_PROCESS_CPUTIME_ID;
}

void bench_wait_for_sleep(void)
{
    const double end = bench_now() + 1;
    unsigned quiet = 0;

    while (quiet < 3 && bench_now() < end) {
        const double before = bench_cpu_now();

        bench_sleep(0.002);
        quiet = bench_cpu_now() - before < 0.0003 ? quiet + 1 : 0;
    }
}

void bench_sleep(double seconds)
{
    struct timespec duration = {.tv_sec = (time_t)seconds};

    duration.tv_nsec = (long)(1e9 * (seconds - (double)duration.tv_sec));
    nanosleep(&duration, NULL);
}

double bench_sample(const bench_contender_t *contender, size_t count)
{
    double begin;
    double end;

    if (contender->time != NULL)
        return contender->time(contender->state, count);
    if (contender->before != NULL)
        contender->before(contender->state);
    begin = seconds_of(race_clock);
    contender->run(contender->state, count);
    end = seconds_of(race_clock);
    if (contender->after != NULL)
        contender->after(contender->state);
    return end - begin;
}

/* The repeat count whose sample lasts about as long as is wanted. */
static size_t calibrate(const bench_contender_t *contender, double wanted, double *seconds)
{
    size_t count = 1;
    double took = bench_sample(contender, count);

    while (took < wanted / 4) {
        double factor = took > 0 ? 0.5 * wanted / took : 100;

        count = factor < 2 ? 2 * count : (size_t)((double)count * (factor < 100 ? factor : 100));
        took = bench_sample(contender, count);
    }
    if (took < wanted) {
        double scaled = (double)count * wanted / took;

        took *= scaled / (double)count;
        count = (size_t)scaled;
    }
    *seconds = took;
    return count;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;

    return (x > y) - (x < y);
}

double bench_median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, compare);
    return count % 2 == 1 ? values[count / 2] : 0.5 * (values[count / 2 - 1] + values[count / 2]);
}

/* An odd number, so that the median is one of the samples. */
static size_t choose_rounds(const bench_plan_t *plan, double round_seconds)
{
    size_t rounds = plan->rounds_most;

    while (rounds > plan->rounds_least && (double)rounds * round_seconds > plan->budget_seconds)
        rounds--;
    return rounds % 2 == 0 && rounds > plan->rounds_least ? rounds - 1 : rounds;
}

size_t bench_race(const bench_plan_t *plan, bench_contender_t *contenders, size_t count)
{
    double samples[CONTENDERS_MAX][BENCH_ROUNDS_MAX];
    size_t repeats[CONTENDERS_MAX];
    double round_seconds = 0;
    size_t rounds;
    size_t r;
    size_t c;

    if (count > CONTENDERS_MAX || plan->rounds_most > BENCH_ROUNDS_MAX)
        bench_fail("too many contenders or rounds");
    for (c = 0; c < count; c++) {
        double seconds = 0;

        repeats[c] = calibrate(&contenders[c], plan->sample_seconds, &seconds);
        round_seconds += seconds;
    }
    rounds = choose_rounds(plan, round_seconds);
    for (r = 0; r < rounds; r++)
        for (c = 0; c < count; c++)
            samples[c][r] = bench_sample(&contenders[c], repeats[c]) / (double)repeats[c];
    for (c = 0; c < count; c++) {
        contenders[c].median = bench_median(samples[c], rounds);
        contenders[c].best = samples[c][0];
    }
    return rounds;
}
