/* only_trains: a program that does nothing but train 3 x 1024 (batch 256, RMSprop) through the
 * public header, fit after fit, as a user's program would. What dlcore_bench and compare.sh say of
 * that case must agree with it.
 *
 *     build/tests/bench/only_trains [--threads N] [--seconds S] [--case TEXT] [--json]
 *
 * It takes the case's network and data from cases.c, and nothing else of the bench: no other
 * process, no BLAS, no threads but those of one model. The first fit, of 20 steps or a little more,
 * is shown apart, because it takes new memory from the system.
 *
 * SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/subject.h"
#include "bench/support.h"

#define FITS_MAX 4096
#define FIT_SECONDS 0.1 /* about so long is a fit */
#define FIRST_STEPS 20  /* has the first: its target is of so many */

static double now(clockid_t clock)
{
    struct timespec time;

    clock_gettime(clock, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

typedef struct arguments {
    size_t threads;
    double seconds;
    const char *text;
    bool json;
} arguments_t;

static arguments_t parse(int argc, char **argv)
{
    arguments_t arguments = {2, 3.0, "train 1024-1024-1024-1024 b256 rmsprop", false};

    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;

        if (strcmp(argv[i], "--json") == 0) {
            arguments.json = true;
            continue;
        }
        if (value != NULL && strcmp(argv[i], "--threads") == 0)
            arguments.threads = strtoul(value, NULL, 10);
        else if (value != NULL && strcmp(argv[i], "--seconds") == 0)
            arguments.seconds = strtod(value, NULL);
        else if (value != NULL && strcmp(argv[i], "--case") == 0)
            arguments.text = value;
        else
            bench_fail("usage: only_trains [--threads N] [--seconds S] [--case TEXT] [--json]");
        i++;
    }
    return arguments;
}

static const bench_case_t *find_case(const char *text)
{
    for (size_t i = 0; i < bench_case_count; i++)
        if (bench_cases[i].work == BENCH_TRAIN && strstr(bench_cases[i].name, text) != NULL)
            return &bench_cases[i];
    bench_fail("no case of training has such a name");
}

int main(int argc, char **argv)
{
    static double fits[FITS_MAX];
    const arguments_t arguments = parse(argc, argv);
    const bench_case_t *which = find_case(arguments.text);
    bench_subject_t subject =
        bench_subject_train(which, DLCORE_ENGINE_AUTO, arguments.threads, false);
    const double begin = now(CLOCK_MONOTONIC);
    const size_t first_epochs = (FIRST_STEPS + subject.steps - 1) / subject.steps;
    double first, cpu;
    size_t count = 0, epochs = 1;

    subject.contender.run(subject.contender.state, first_epochs);
    first = (now(CLOCK_MONOTONIC) - begin) / (double)first_epochs;
    if (first < FIT_SECONDS)
        epochs = (size_t)(FIT_SECONDS / first);
    cpu = now(CLOCK_PROCESS_CPUTIME_ID);
    while (count < FITS_MAX && now(CLOCK_MONOTONIC) - begin < arguments.seconds) {
        const double fit = now(CLOCK_MONOTONIC);

        subject.contender.run(subject.contender.state, epochs);
        fits[count++] = (now(CLOCK_MONOTONIC) - fit) / (double)(epochs * subject.steps);
    }
    if (count == 0)
        bench_fail("too few seconds for a second fit");
    cpu = (now(CLOCK_PROCESS_CPUTIME_ID) - cpu) / (double)(count * epochs * subject.steps);
    qsort(fits, count, sizeof fits[0], compare);
    printf(arguments.json
               ? "{\"case\": \"%s\", \"peer\": \"only_trains\", \"threads\": %zu, \"seconds\": "
                 "%.6g, \"best_seconds\": %.6g, \"first_seconds\": %.6g, \"cpu_seconds\": %.6g}\n"
               : "%s, %zu threads: median %.6g s a step, best %.6g, in the first fit %.6g; CPU "
                 "%.6g\n",
           which->name, arguments.threads, fits[count / 2], fits[0], first / (double)subject.steps,
           cpu);
    subject.free(subject.contender.state);
    return 0;
}
