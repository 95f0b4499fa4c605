/* The side of the process that is measured.
 *
 * SPDX-License-Identifier: MIT */
#include "bench/serve.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/floor.h"
#include "bench/fma_peak.h"
#include "bench/subject.h"
#include "bench/support.h"
#include "engine/team.h"

#define LARGE 2048 /* 17 GFLOP */
#define LARGE_QUICK 256
#define PEAK_ROUNDS 20000 /* a tenth of a millisecond or so */

/* Before each sample it works untimed for so long, because others have had the caches since; work
 * that takes longer warms itself. */
#define WARM_SECONDS 0.01
#define WARM_LONGEST 0.04

typedef struct service {
    bench_contender_t contender;
    void (*free)(void *state); /* the contender's */
    size_t steps, rows;
    double operations;
    const char *kernels;
} service_t;

static const bench_case_t *find_case(const char *name)
{
    for (size_t i = 0; i < bench_case_count; i++)
        if (name != NULL && strcmp(bench_cases[i].name, name) == 0)
            return &bench_cases[i];
    bench_fail("no such case");
}

static service_t serve_dlcore(const bench_options_t *options)
{
    static bench_mnist_t mnist; /* for as long as the process */
    const bench_case_t *which = find_case(options->cases);
    bench_subject_t subject;

    bench_mnist_load(which->digits ? options->data : NULL, &mnist);
    subject =
        bench_subject_create(which, options->engine, options->threads, options->quick, &mnist);
    return (service_t){.contender = subject.contender,
                       .free = subject.free,
                       .steps = subject.steps,
                       .rows = subject.rows,
                       .kernels = dlcore_model_engine(subject.model)};
}

static void free_floor(void *state)
{
    bench_floor_free(state);
}

static service_t serve_floor(const bench_options_t *options, bool large, bool own)
{
    bench_floor_t *floor =
        large ? bench_floor_create_square(options->quick ? LARGE_QUICK : LARGE, options->threads)
              : bench_floor_create_case(find_case(options->cases), options->threads);
    const double size = options->quick ? LARGE_QUICK : LARGE;

    bench_floor_check(floor);
    return (service_t){.contender = own ? bench_floor_by_own_threads(floor)
                                        : bench_floor_by_blas_threads(floor),
                       .free = free_floor,
                       .steps = 1,
                       .operations = large ? 2 * size * size * size : 0,
                       .kernels = "blas"};
}

/* ---- loops of multiply-adds ---- */

typedef struct peak {
    const bench_fma_peak_t *loop;
    dlcore_team_t *team;
    size_t count;
} peak_t;

static void run_loop(void *argument, size_t worker, size_t workers)
{
    const peak_t *peak = argument;

    (void)worker;
    (void)workers;
    peak->loop->run(peak->count * PEAK_ROUNDS);
}

static void run_peak(void *state, size_t count)
{
    peak_t *peak = state;

    peak->count = count;
    dlcore_team_run(peak->team, dlcore_team_size(peak->team), run_loop, peak);
}

static void free_peak(void *state)
{
    const peak_t *peak = state;

    dlcore_team_free(peak->team);
}

static service_t serve_peak(const bench_options_t *options, const char *name)
{
    static peak_t peak;

    for (size_t i = 0; i < bench_fma_peak_count(); i++)
        if (strcmp(bench_fma_peak(i)->name, name) == 0)
            peak.loop = bench_fma_peak(i);
    if (peak.loop == NULL)
        bench_fail("no such vectors");
    bench_check(dlcore_team_create(NULL, options->threads, &peak.team), "no memory for threads");
    return (service_t){
        .contender = {.run = run_peak, .state = &peak},
        .free = free_peak,
        .steps = 1,
        .operations = peak.loop->run(PEAK_ROUNDS) * (double)options->threads,
        .kernels = peak.loop->name,
    };
}

static service_t make_service(const bench_options_t *options)
{
    const char *subject = options->subject;

    if (strcmp(subject, BENCH_DLCORE) == 0)
        return serve_dlcore(options);
    if (strncmp(subject, BENCH_PEAK, strlen(BENCH_PEAK)) == 0)
        return serve_peak(options, subject + strlen(BENCH_PEAK));
    return serve_floor(
        options, strcmp(subject, BENCH_LARGE_OWN) == 0 || strcmp(subject, BENCH_LARGE_BLAS) == 0,
        strcmp(subject, BENCH_FLOOR_OWN) == 0 || strcmp(subject, BENCH_LARGE_OWN) == 0);
}

int bench_serve(const bench_options_t *options)
{
    const service_t service = make_service(options);
    double once = 0; /* seconds of one repeat, when it is known */
    char line[64];

    if (options->cpu)
        bench_count_cpu();
    if (!options->quick)
        bench_wait_for_sleep();
    printf("ready %zu %zu %.17g %s\n", service.steps, service.rows, service.operations,
           service.kernels);
    fflush(stdout);
    while (fgets(line, sizeof line, stdin) != NULL) {
        const size_t count = strtoul(line, NULL, 10);
        double begin, cpu;

        if (once > 0 && once < WARM_LONGEST && !options->quick)
            (void)bench_sample(&service.contender,
                               once < WARM_SECONDS ? (size_t)(WARM_SECONDS / once) : 1);
        begin = bench_now();
        cpu = bench_cpu_now();
        once = bench_sample(&service.contender, count);
        cpu = (bench_cpu_now() - cpu) / (bench_now() - begin);
        if (!options->quick)
            bench_wait_for_sleep();
        printf("%.17g %.3f\n", once, cpu);
        fflush(stdout);
        once /= (double)count;
    }
    service.free(service.contender.state);
    return 0;
}
