/* Time on POSIX.
 *
 * SPDX-License-Identifier: MIT */
#include "system/features.h"

#include "system/clock.h"

#include <time.h>

static double seconds_of(clockid_t clock)
{
    struct timespec now;

    if (clock_gettime(clock, &now) != 0)
        return 0.0;
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

double dlcore_clock(void)
{
    return seconds_of(CLOCK_MONOTONIC);
}

double dlcore_cpu_clock(void)
{
    return seconds_of(CLOCK_PROCESS_CPUTIME_ID);
}

double dlcore_calendar_clock(void)
{
    return seconds_of(CLOCK_REALTIME);
}
