/* Tables and JSON.
 *
 * SPDX-License-Identifier: MIT */
#include "bench/report.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "bench/sgemm.h"
#include "dlcore/version.h"
#include "products/blas.h"

/* "AMD EPYC", from where Linux tells it. */
static void find_processor(char *name, size_t size)
{
    FILE *file = fopen("/proc/cpuinfo", "r");
    char line[256];

    snprintf(name, size, "unknown processor");
    if (file == NULL)
        return;
    while (fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, "model name", 10) == 0 && strchr(line, ':') != NULL) {
            const char *value = strchr(line, ':') + 1;

            snprintf(name, size, "%.*s", (int)strcspn(value + 1, "\n"), value + 1);
            break;
        }
    fclose(file);
}

void bench_report_begin(bool json)
{
    char processor[128];
    char date[32] = "";
    const time_t now = time(NULL);
    const struct tm *today = localtime(&now);

    if (json)
        return;
    find_processor(processor, sizeof processor);
    if (today != NULL)
        strftime(date, sizeof date, "%Y-%m-%d", today);
    printf("dlcore %s, %s (%s)\n%s, %s\n", dlcore_version_string(), dlcore_blas_name(),
           bench_blas_config(), processor, date);
}

void bench_report_threads(bool json, size_t threads, double peak)
{
    if (json)
        return;
    printf("\n%zu thread%s", threads, threads == 1 ? "" : "s");
    if (peak > 0)
        printf(", best large sgemm %.1f GFLOP/s", 1e-9 * peak);
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
