/* How long an exported network takes for a sample: best and median of many short measurements, over
 * samples of which none waits for the one before, and where each waits.
 *
 * Compiled by export.sh, with net.c beside it.
 *
 * SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define NET_DECLARE
#include "net.c"

enum { SAMPLES = 64, CALLS = 4096, MEASUREMENTS = 2001 };

static float x[SAMPLES][NET_INPUTS], y[NET_OUTPUTS], scratch[NET_SCRATCH_BYTES / sizeof(float)];
static volatile float sum;

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    double first = *(const double *)a, second = *(const double *)b;

    return (first > second) - (first < second);
}

static void measure(const char *name, int waits)
{
    static double times[MEASUREMENTS];

    for (int m = 0; m < MEASUREMENTS; m++) {
        float added = 0.0f;
        double begin = seconds();

        for (int call = 0; call < CALLS; call++) {
            net_predict(x[waits ? 0 : call % SAMPLES], y, scratch);
            added += y[0];
            if (waits)
                x[0][0] = y[0] * 1e-3f;
        }
        times[m] = (seconds() - begin) / CALLS * 1e9;
        sum += added;
    }
    qsort(times, MEASUREMENTS, sizeof times[0], compare);
    printf("%s: best %.1f ns, median %.1f ns\n", name, times[0], times[MEASUREMENTS / 2]);
}

int main(void)
{
    for (int i = 0; i < SAMPLES * NET_INPUTS; i++)
        x[i / NET_INPUTS][i % NET_INPUTS] = (float)(i * 37 % 101) / 50.0f - 1.0f;
    measure("  sample after sample", 0);
    measure("  each waits for the last", 1);
    return 0;
}
