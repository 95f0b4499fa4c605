/* dlcore_bench: how fast dlcore trains and predicts, beside the gemm floor of the same work.
 *
 *     build/tests/bench/dlcore_bench --data DIR      everything, at 1 thread and at all CPUs
 *     build/tests/bench/dlcore_bench --help
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "bench/cases.h"
#include "bench/data.h"
#include "bench/floor.h"
#include "bench/options.h"
#include "bench/report.h"
#include "bench/subject.h"
#include "bench/support.h"
#include "bench/timing.h"
#include "engine/team.h"

#define PEAK_SIZE 2048 /* of the large sgemm: 17 GFLOP */
#define PEAK_SIZE_QUICK 256
#define PEAK_BESIDE 1e8      /* operations from which a case has the large sgemm beside it */
#define QUICK_OPERATIONS 5e9 /* beyond this a case takes too long for --quick */

static const bench_plan_t thorough = {0.05, 8.0, 3, 9};
static const bench_plan_t hasty = {0.001, 0.0, 1, 1};

typedef struct bench {
    bench_options_t options;
    bench_plan_t plan;
    bench_mnist_t mnist;
    bool has_mnist;
    size_t threads;
    bench_floor_t *large; /* the large sgemm; NULL without a BLAS */
    double peak;          /* its best rate so far, at this number of threads */
} bench_t;

/* Adds the ways of measuring a floor to the contenders; how many it has is returned. */
static size_t add_floor(bench_contender_t *contenders, bench_floor_t *floor, size_t threads)
{
    const bench_floor_ways_t ways = bench_floor_ways(threads);
    size_t count = 0;

    if (ways.own_threads)
        contenders[count++] = bench_floor_by_own_threads(floor);
    if (ways.blas_threads)
        contenders[count++] = bench_floor_by_blas_threads(floor);
    return count;
}

/* ---- the peak ---- */

static double large_operations(const bench_t *bench)
{
    const double size = bench->options.quick ? PEAK_SIZE_QUICK : PEAK_SIZE;

    return 2 * size * size * size;
}

static void note_peak(bench_t *bench, const bench_contender_t *contenders, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++)
        if (large_operations(bench) / contenders[i].best > bench->peak)
            bench->peak = large_operations(bench) / contenders[i].best;
}

static void begin_threads(bench_t *bench, size_t threads)
{
    bench_contender_t contenders[2];
    size_t count;

    bench->threads = threads;
    bench->peak = 0;
    bench->large =
        bench_floor_create_square(bench->options.quick ? PEAK_SIZE_QUICK : PEAK_SIZE, threads);
    count = add_floor(contenders, bench->large, threads);
    bench_race(&bench->plan, contenders, count);
    note_peak(bench, contenders, count);
    bench_report_threads(bench->options.json, threads, bench->peak);
}

static void end_threads(bench_t *bench)
{
    bench_floor_free(bench->large);
}

/* ---- a case ---- */

static bool is_predictor(const bench_case_t *which)
{
    return which->work == BENCH_PREDICTOR;
}

/* Why this case cannot be measured now, or NULL. */
static const char *reason_to_skip(const bench_t *bench, const bench_case_t *which)
{
    if (which->digits && !bench->has_mnist)
        return "needs MNIST, give --data DIR";
    if (bench->options.quick && bench_case_operations(which, which->batch) > QUICK_OPERATIONS)
        return "too long for --quick";
    return NULL;
}

static bench_subject_t make_subject(const bench_t *bench, const bench_case_t *which)
{
    const dlcore_engine_t engine = bench->options.engine;

    switch (which->work) {
    case BENCH_TRAIN:
        return bench_subject_train(which, engine, bench->threads, bench->options.quick);
    case BENCH_EPOCH:
        return bench_subject_epoch(which, engine, bench->threads, &bench->mnist);
    case BENCH_RECIPE:
        return bench_subject_recipe(which, engine, bench->threads, &bench->mnist);
    case BENCH_PREDICT:
        return bench_subject_predict(which, engine, bench->threads);
    case BENCH_PREDICTOR:
        return bench_subject_predictor(which, engine, &bench->mnist);
    }
    bench_fail("a case without work");
}

/* Of epochs: all full batches, then the short ones that remain. */
static bench_floor_t *make_floor(const bench_case_t *which, size_t rows, size_t threads)
{
    const size_t layers = bench_case_layers(which);
    const size_t epochs = bench_case_epochs(which);
    const bool trains = which->work == BENCH_TRAIN || epochs > 0;
    bench_floor_t *floor = bench_floor_create(which->widths, layers, which->batch, trains, threads);
    bench_floor_t *tail = NULL;
    size_t rest;

    if (epochs == 0)
        return floor;
    rest = rows / epochs % which->batch;
    if (rest > 0) {
        tail = bench_floor_create(which->widths, layers, rest, true, 1);
        bench_floor_extend(tail, epochs, NULL);
    }
    bench_floor_extend(floor, epochs * (rows / epochs / which->batch), tail);
    return floor;
}

static void fill_result(bench_result_t *result, const bench_subject_t *subject,
                        const bench_contender_t *contenders, size_t threads)
{
    const bench_floor_ways_t ways = bench_floor_ways(threads);
    const double steps = (double)subject->steps;

    result->seconds = contenders[0].median / steps;
    result->best_seconds = contenders[0].best / steps;
    if (ways.own_threads)
        result->floor_own = contenders[1].median;
    if (ways.blas_threads)
        result->floor_blas = contenders[ways.own_threads ? 2 : 1].median;
}

static void measure(bench_t *bench, const bench_case_t *which)
{
    const size_t threads = is_predictor(which) ? 1 : bench->threads;
    bench_subject_t subject = make_subject(bench, which);
    bench_floor_t *floor = make_floor(which, subject.rows, threads);
    bench_result_t result = {
        .name = which->name,
        .threads = threads,
        .engine = bench_engine_name(bench->options.engine),
        .kernels = dlcore_model_engine(subject.model),
        .rows = subject.rows,
        .operations = bench_case_operations(which, subject.rows),
    };
    bench_contender_t contenders[5] = {subject.contender};
    size_t count = 1;
    size_t large;

    count += add_floor(contenders + count, floor, threads);
    large = count;
    if (result.operations >= PEAK_BESIDE && !bench->options.quick && threads == bench->threads)
        count += add_floor(contenders + count, bench->large, bench->threads);
    bench_race(&bench->plan, contenders, count);
    note_peak(bench, contenders + large, count - large);
    fill_result(&result, &subject, contenders, threads);
    result.peak = threads == bench->threads ? bench->peak : 0;
    bench_report_case(bench->options.json, &result);
    bench_floor_free(floor);
    subject.free(subject.contender.state);
}

/* ---- the program ---- */

static bool is_chosen(const bench_options_t *options, const bench_case_t *which)
{
    if (options->peers && !bench_case_has_peers(which))
        return false;
    return options->cases == NULL || strstr(which->name, options->cases) != NULL;
}

static void run_cases(bench_t *bench, size_t threads, bool again)
{
    size_t i;

    begin_threads(bench, threads);
    for (i = 0; i < bench_case_count; i++) {
        const bench_case_t *which = &bench_cases[i];
        const char *why = reason_to_skip(bench, which);

        /* A predictor belongs to one thread: once is enough. */
        if (!is_chosen(&bench->options, which) || (again && is_predictor(which)))
            continue;
        if (why != NULL)
            bench_report_skipped(bench->options.json, which->name, why);
        else
            measure(bench, which);
    }
    end_threads(bench);
}

static size_t count_chosen(const bench_options_t *options)
{
    size_t count = 0;
    size_t i;

    for (i = 0; i < bench_case_count; i++)
        if (is_chosen(options, &bench_cases[i])) {
            if (options->list)
                printf("%s\n", bench_cases[i].name);
            count++;
        }
    return count;
}

int main(int argc, char **argv)
{
    bench_t bench = {.options = bench_options_parse(argc, argv)};
    const size_t cpus = dlcore_team_cpus();

    if (count_chosen(&bench.options) == 0)
        bench_fail("no case has such a name; --list shows them");
    if (bench.options.list)
        return 0;
    bench.plan = bench.options.quick ? hasty : thorough;
    bench.has_mnist = bench_mnist_load(bench.options.data, &bench.mnist);
    bench_report_begin(bench.options.json);
    run_cases(&bench, bench.options.threads != 0 ? bench.options.threads : 1, false);
    if (bench.options.threads == 0 && cpus > 1)
        run_cases(&bench, cpus, true);
    bench_mnist_free(&bench.mnist);
    return 0;
}
