/* Time as standard C has it: of the CPU, coarse, and 0 where there is no clock.
 *
 * SPDX-License-Identifier: MIT */
#include "system/features.h"

#include "system/clock.h"

#include <time.h>

double dlcore_clock(void)
{
    clock_t now = clock();

    return now == (clock_t)-1 ? 0.0 : (double)now / CLOCKS_PER_SEC;
}

double dlcore_cpu_clock(void)
{
    return dlcore_clock();
}

double dlcore_calendar_clock(void)
{
    time_t now = time(NULL);

    return now == (time_t)-1 ? 0.0 : (double)now;
}
