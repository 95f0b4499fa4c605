/* Time on POSIX.
 *
 * SPDX-License-Identifier: MIT */
#include "system/features.h"

#include "system/clock.h"

#include <time.h>

double dlcore_clock(void)
{
    struct timespec now;

    if (clock_gettime(CLOCK_MONOTONIC, &now) != 0)
        return 0.0;
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}
