/* Time on Windows.
 *
 * SPDX-License-Identifier: MIT */
#include "system/features.h"

#include "system/clock.h"

#include <windows.h>

double dlcore_clock(void)
{
    LARGE_INTEGER ticks, rate; /* neither call fails since Windows XP */

    QueryPerformanceCounter(&ticks);
    QueryPerformanceFrequency(&rate);
    return (double)(ticks.QuadPart / rate.QuadPart) +
           (double)(ticks.QuadPart % rate.QuadPart) / (double)rate.QuadPart;
}

static double file_seconds(FILETIME time) /* units of 100 ns */
{
    return ((double)time.dwHighDateTime * 4294967296.0 + (double)time.dwLowDateTime) * 1e-7;
}

double dlcore_cpu_clock(void)
{
    FILETIME made, ended, kernel, user;

    if (!GetProcessTimes(GetCurrentProcess(), &made, &ended, &kernel, &user))
        return 0.0;
    return file_seconds(kernel) + file_seconds(user);
}

double dlcore_calendar_clock(void)
{
    FILETIME now; /* since 1601 */

    GetSystemTimeAsFileTime(&now);
    return file_seconds(now) - 11644473600.0;
}
