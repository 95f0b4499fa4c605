/* dlcore_bench: how fast dlcore trains and predicts, beside the gemm floor of the same work and the
 * peak of the CPU.
 *
 *     build/tests/bench/dlcore_bench --data DIR      everything, at 1 thread and at all CPUs
 *     build/tests/bench/dlcore_bench threads         how threads behave
 *     build/tests/bench/dlcore_bench --help
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "bench/cases.h"
#include "bench/data.h"
#include "bench/floor.h"
#include "bench/fma_peak.h"
#include "bench/no_avx512.h"
#include "bench/options.h"
#include "bench/process.h"
#include "bench/report.h"
#include "bench/serve.h"
#include "bench/support.h"
#include "bench/threads.h"
#include "bench/timing.h"
#include "engine/path.h"
#include "engine/team.h"
#include "kernels/cpu.h"

#define PEAK_BESIDE 1e6      /* operations from which a case has the peak beside it */
#define QUICK_OPERATIONS 5e9 /* beyond this a case takes too long for --quick */
#define CONTENDERS_MAX 4

static const bench_plan_t thorough = {0.08, 6.0, 3, 9};
static const bench_plan_t hasty = {0.001, 0.0, 1, 1};

typedef struct bench {
    bench_options_t options;
    bench_plan_t plan;
    size_t threads;
    double peaks[BENCH_FMA_PEAKS_MAX]; /* the best rate so far at that many threads, of each loop */
} bench_t;

/* ---- a race of processes ---- */

typedef struct race {
    bench_process_t processes[CONTENDERS_MAX];
    bench_contender_t contenders[CONTENDERS_MAX];
    size_t count;
} race_t;

/* Its place is returned. */
static size_t enter(race_t *race, const bench_t *bench, const char *subject,
                    const bench_case_t *which, size_t threads)
{
    bench_process_t *process = &race->processes[race->count];

    bench_process_start(process, &bench->options, subject, which, threads);
    race->contenders[race->count] = process->contender;
    return race->count++;
}

/* The loop of multiply-adds as wide as the kernels named so; 0 where there is none for this CPU. */
static size_t enter_peak(race_t *race, const bench_t *bench, const char *kernels, size_t threads)
{
    const bench_fma_peak_t *peak = bench_fma_peak_of(kernels);
    char subject[32];

    if (peak == NULL)
        return 0;
    snprintf(subject, sizeof subject, BENCH_PEAK "%s", peak->name);
    return enter(race, bench, subject, NULL, threads);
}

static void run_race(race_t *race, const bench_t *bench)
{
    bench_race(&bench->plan, race->contenders, race->count);
    for (size_t i = 0; i < race->count; i++)
        bench_process_end(&race->processes[i]);
}

/* Operations a second, at best. */
static double rate_of(const race_t *race, size_t place)
{
    return race->processes[place].operations / race->contenders[place].best;
}

/* Whatever a race found of a peak: a limit of the machine is the most that was ever seen. */
static double note_peak(bench_t *bench, const race_t *race, size_t place)
{
    double *best = NULL;

    for (size_t i = 0; i < bench_fma_peak_count(); i++)
        if (strcmp(bench_fma_peak(i)->name, race->processes[place].kernels) == 0)
            best = &bench->peaks[i];
    if (best == NULL)
        return 0;
    if (rate_of(race, place) > *best)
        *best = rate_of(race, place);
    return *best;
}

/* ---- the machine ---- */

static void report_peaks(const bench_t *bench)
{
    for (size_t i = 0; i < bench_fma_peak_count(); i++) {
        race_t race = {.count = 0};
        char subject[32];

        snprintf(subject, sizeof subject, BENCH_PEAK "%s", bench_fma_peak(i)->name);
        enter(&race, bench, subject, NULL, 1);
        run_race(&race, bench);
        bench_report_peak(bench_fma_peak(i)->name, rate_of(&race, 0));
    }
}

/* A large product beside the peak, which says how good a BLAS the floor has. */
static void report_threads(bench_t *bench)
{
    const bench_floor_ways_t ways = bench_floor_ways(bench->threads);
    race_t race = {.count = 0};
    double large = 0, peak = 0;
    size_t at_peak;

    if (ways.own_threads)
        enter(&race, bench, BENCH_LARGE_OWN, NULL, bench->threads);
    if (ways.blas_threads)
        enter(&race, bench, BENCH_LARGE_BLAS, NULL, bench->threads);
    at_peak = enter_peak(&race, bench, "", bench->threads);
    run_race(&race, bench);
    for (size_t i = 0; i < race.count; i++) {
        if (bench_fma_peak_count() > 0 && i == at_peak)
            peak = note_peak(bench, &race, i);
        else if (rate_of(&race, i) > large)
            large = rate_of(&race, i);
    }
    bench_report_threads(bench->threads, large, peak);
}

/* ---- a case ---- */

static bool is_predictor(const bench_case_t *which)
{
    return which->work == BENCH_PREDICTOR;
}

/* Plain C's products behind BLAS would take minutes. */
static bool trains_fast_in_bfloat16(const bench_t *bench)
{
    const dlcore_products_t *products = dlcore_path_products(bench->options.engine, true);

    return products != NULL && products->engine != DLCORE_PRODUCTS_BLAS;
}

/* Why this case cannot be measured now, or NULL. */
static const char *reason_to_skip(const bench_t *bench, const bench_case_t *which)
{
    if (which->digits && bench->options.data == NULL)
        return "needs MNIST, give --data DIR";
    if (!is_predictor(which) && which->precision == BENCH_BFLOAT16 &&
        !trains_fast_in_bfloat16(bench))
        return "needs the native engine";
    if (bench->options.quick && bench_case_operations(which, which->batch) > QUICK_OPERATIONS)
        return "too long for --quick";
    return NULL;
}

static void measure(bench_t *bench, const bench_case_t *which)
{
    const size_t threads = is_predictor(which) ? 1 : bench->threads;
    const bench_floor_ways_t ways = bench_floor_ways(threads);
    bench_result_t result = {.name = which->name,
                             .threads = threads,
                             .engine = bench_engine_name(bench->options.engine)};
    race_t race = {.count = 0};
    size_t own = 0, blas = 0, peak = 0;

    enter(&race, bench, BENCH_DLCORE, which, threads);
    if (!bench->options.no_floor) {
        const double operations = bench_case_operations(which, race.processes[0].rows);

        if (ways.own_threads)
            own = enter(&race, bench, BENCH_FLOOR_OWN, which, threads);
        if (ways.blas_threads)
            blas = enter(&race, bench, BENCH_FLOOR_BLAS, which, threads);
        if (operations >= PEAK_BESIDE)
            peak = enter_peak(&race, bench, race.processes[0].kernels, threads);
    }
    run_race(&race, bench);
    result.kernels = race.processes[0].kernels;
    result.rows = race.processes[0].rows;
    result.cpus = race.processes[0].cpus;
    result.operations = bench_case_operations(which, result.rows);
    result.seconds = race.contenders[0].median / (double)race.processes[0].steps;
    result.best_seconds = race.contenders[0].best / (double)race.processes[0].steps;
    result.floor_own = own > 0 ? race.contenders[own].median : 0;
    result.floor_blas = blas > 0 ? race.contenders[blas].median : 0;
    result.peak = peak > 0 ? note_peak(bench, &race, peak) : 0;
    bench_report_case(bench->options.json, &result);
}

/* ---- the program ---- */

/* Whether the name contains one of the texts between | signs. */
static bool is_named(const char *name, const char *texts)
{
    for (;; texts++) {
        const size_t length = strcspn(texts, "|");

        for (const char *at = name; strlen(at) >= length; at++)
            if (strncmp(at, texts, length) == 0)
                return true;
        texts += length;
        if (*texts == '\0')
            return false;
    }
}

static bool is_chosen(const bench_options_t *options, const bench_case_t *which)
{
    if (options->peers && !bench_case_has_peers(which))
        return false;
    return options->cases == NULL || is_named(which->name, options->cases);
}

static void run_cases(bench_t *bench, size_t threads, bool again)
{
    bench->threads = threads;
    memset(bench->peaks, 0, sizeof bench->peaks);
    if (!bench->options.json)
        report_threads(bench);
    for (size_t i = 0; i < bench_case_count; i++) {
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
}

static size_t count_chosen(const bench_options_t *options)
{
    size_t count = 0;

    for (size_t i = 0; i < bench_case_count; i++)
        if (is_chosen(options, &bench_cases[i])) {
            if (options->list)
                printf("%s\n", bench_cases[i].name);
            count++;
        }
    return count;
}

/* Each process reads it anew; what is wrong with it is better said once, and now. */
static void check_data(const bench_options_t *options)
{
    bench_mnist_t mnist;

    (void)bench_mnist_load(options->data, &mnist);
    bench_mnist_free(&mnist);
}

int main(int argc, char **argv)
{
    bench_t bench = {.options = bench_options_parse(argc, argv)};
    const size_t cpus = dlcore_team_cpus();

    if (bench.options.no_avx512)
        bench_switch_avx512_off();
    if (bench.options.no_avx512 && dlcore_cpu_has_avx512())
        bench_fail("AVX-512 cannot be switched off in this build");
    if (bench.options.subject != NULL)
        return bench_serve(&bench.options);
    if (bench.options.check_threads)
        return bench_check_threads(&bench.options);
    if (count_chosen(&bench.options) == 0)
        bench_fail("no case has such a name; --list shows them");
    if (bench.options.list)
        return 0;
    bench.plan = bench.options.quick ? hasty : thorough;
    if (bench.options.machine) {
        bench_report_begin(false);
        report_peaks(&bench);
        return 0;
    }
    check_data(&bench.options);
    bench_report_begin(bench.options.json);
    if (!bench.options.json)
        report_peaks(&bench);
    run_cases(&bench, bench.options.threads != 0 ? bench.options.threads : 1, false);
    if (bench.options.threads == 0 && cpus > 1)
        run_cases(&bench, cpus, true);
    return 0;
}
