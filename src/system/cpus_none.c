/* One thread runs on one CPU, whatever its number.
 *
 * SPDX-License-Identifier: MIT */
#include "system/features.h"

#include "system/cpus.h"

size_t dlcore_cpus(void)
{
    return 1;
}

int dlcore_cpu_current(void)
{
    return -1;
}

void dlcore_cpu_leave(const int *cpus, size_t count)
{
    (void)cpus;
    (void)count;
}
