/* Tables and JSON.
 *
 * SPDX-License-Identifier: MIT */
#include "bench/report.h"

#include <stdio.h>
#include <time.h>

#include "bench/machine.h"
#include "bench/sgemm.h"
#include "dlcore/version.h"
#include "products/blas.h"

void bench_report_begin(bool json)
{
    char processor[128], warning[256], date[32] = "";
    const time_t now = time(NULL);
    const struct tm *today = localtime(&now);
    const char *core = bench_blas_core();

    if (bench_machine_warning(warning, sizeof warning))
        fprintf(stderr, "dlcore_bench: warning: %s\n", warning);
    if (json)
        return;
    bench_machine_processor(processor, sizeof processor);
    if (today != NULL)
        strftime(date, sizeof date, "%Y-%m-%d", today);
    printf("dlcore %s, %s (%s)%s%s\n%s, %s\n", dlcore_version_string(), dlcore_blas_name(),
           bench_blas_config(), core[0] != '\0' ? ", kernels for " : "", core, processor, date);
}

void bench_report_peak(const char *name, double rate)
{
    printf("multiply-adds of a core, %-6s %7.1f GFLOP/s\n", name, 1e-9 * rate);
    fflush(stdout);
}

void bench_report_threads(size_t threads, double large, double peak)
{
    printf("\n%zu thread%s", threads, threads == 1 ? "" : "s");
    if (peak > 0)
        printf(", peak %.1f GFLOP/s", 1e-9 * peak);
    if (large > 0)
        printf(", best large sgemm %.1f GFLOP/s", 1e-9 * large);
    if (large > 0 && peak > 0)
        printf(" (%.0f %% of it)", 100 * large / peak);
    printf("\n%-40s %9s %9s %9s %9s %9s %6s %8s %6s\n", "case (time of a step or call)", "dlcore",
           "best", "a sample", "floor,own", "floor,BLAS", "ratio", "GFLOP/s", "% peak");
    fflush(stdout);
}

static void print_time(double seconds)
{
    static const char *const units[] = {"s", "ms", "us", "ns"};
    size_t unit = 0;

    if (seconds == 0) {
        printf(" %9s", "-");
        return;
    }
    while (unit < 3 && seconds < 1) {
        seconds *= 1000;
        unit++;
    }
    printf(" %6.*f %-2s", seconds < 10 ? 3 : seconds < 100 ? 2 : 1, seconds, units[unit]);
}

static double floor_of(const bench_result_t *result)
{
    if (result->floor_own == 0 || result->floor_blas == 0)
        return result->floor_own + result->floor_blas;
    return result->floor_own < result->floor_blas ? result->floor_own : result->floor_blas;
}

/* A number, or null for what is not there. */
static void print_json(const char *key, double value)
{
    if (value > 0)
        printf(", \"%s\": %.6g", key, value);
    else
        printf(", \"%s\": null", key);
}

static void report_json(const bench_result_t *result)
{
    const double floor = floor_of(result);
    const double rate = result->operations / result->seconds;

    printf("{\"case\": \"%s\", \"threads\": %zu, \"engine\": \"%s\"", result->name, result->threads,
           result->engine);
    print_json("seconds", result->seconds);
    print_json("floor_seconds", floor);
    print_json("ratio", floor > 0 ? result->seconds / floor : 0);
    print_json("gflops", 1e-9 * rate);
    print_json("percent_of_peak", result->peak > 0 ? 100 * rate / result->peak : 0);
    print_json("best_seconds", result->best_seconds);
    print_json("seconds_per_sample", result->seconds / (double)result->rows);
    print_json("floor_one_call_per_thread_seconds", result->floor_own);
    print_json("floor_blas_threads_seconds", result->floor_blas);
    print_json("cpus", result->cpus);
    print_json("peak_gflops", 1e-9 * result->peak);
    printf(", \"kernels\": \"%s\"}\n", result->kernels);
}

static void report_row(const bench_result_t *result)
{
    const double floor = floor_of(result);
    const double rate = result->operations / result->seconds;

    printf("%-40s", result->name);
    print_time(result->seconds);
    print_time(result->best_seconds);
    print_time(result->seconds / (double)result->rows);
    print_time(result->floor_own);
    print_time(result->floor_blas);
    if (floor > 0)
        printf(" %6.3f %8.2f", result->seconds / floor, 1e-9 * rate);
    else
        printf(" %6s %8.2f", "-", 1e-9 * rate);
    if (result->peak > 0)
        printf(" %6.1f", 100 * rate / result->peak);
    else
        printf(" %6s", "-");
    printf("  %s\n", result->kernels);
}

void bench_report_case(bool json, const bench_result_t *result)
{
    if (json)
        report_json(result);
    else
        report_row(result);
    fflush(stdout);
}

void bench_report_skipped(bool json, const char *name, const char *why)
{
    fprintf(json ? stderr : stdout, "%-40s skipped: %s\n", name, why);
}
