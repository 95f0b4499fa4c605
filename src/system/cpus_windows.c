/* CPUs on Windows. Up to 64 of them are a group, and a thread runs in one group; what is said of
 * single CPUs here is said within the group of the calling thread.
 *
 * SPDX-License-Identifier: MIT */
#include "system/features.h"

#include "system/cpus.h"

#include <windows.h>

static DWORD_PTR allowed_cpus(void)
{
    DWORD_PTR process, machine;

    return GetProcessAffinityMask(GetCurrentProcess(), &process, &machine) ? process : 0;
}

/* The mask is 0 where a process has threads in several groups. */
size_t dlcore_cpus(void)
{
    DWORD_PTR allowed = allowed_cpus();
    size_t count = 0;

    if (allowed == 0)
        count = GetActiveProcessorCount(ALL_PROCESSOR_GROUPS);
    for (; allowed != 0; allowed &= allowed - 1)
        count++;
    return count > 0 ? count : 1;
}

int dlcore_cpu_current(void)
{
    return (int)GetCurrentProcessorNumber();
}

/* By allowing itself every CPU but those for a moment. */
void dlcore_cpu_leave(const int *cpus, size_t count)
{
    DWORD_PTR others = allowed_cpus(), before;

    for (size_t i = 0; i < count; i++)
        if (cpus[i] >= 0 && cpus[i] < 8 * (int)sizeof others)
            others &= ~((DWORD_PTR)1 << cpus[i]);
    if (others == 0)
        return;
    before = SetThreadAffinityMask(GetCurrentThread(), others);
    if (before != 0)
        SetThreadAffinityMask(GetCurrentThread(), before);
}
