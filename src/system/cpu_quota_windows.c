/* The CPU time that Windows allows a job, as its containers limit it: a share of all CPUs.
 *
 * SPDX-License-Identifier: MIT */
#include "system/features.h"

#include "system/cpu_quota.h"

#include <stdint.h>

#include <windows.h>

/* JOBOBJECT_CPU_RATE_CONTROL_INFORMATION, which older headers do not have. */
typedef struct rate {
    DWORD flags;
    DWORD per_10000;
} cpu_rate_t;

enum { RATE_CLASS = 15, RATE_LIMITS = 1 | 4 /* on, and a hard cap */ };

size_t dlcore_cpu_quota(const char *root)
{
    cpu_rate_t rate = {0};
    size_t cpus;

    (void)root;
    if (!QueryInformationJobObject(NULL, (JOBOBJECTINFOCLASS)RATE_CLASS, &rate, sizeof rate,
                                   NULL) ||
        (rate.flags & RATE_LIMITS) != RATE_LIMITS)
        return SIZE_MAX;
    cpus =
        (size_t)(((uint64_t)rate.per_10000 * GetActiveProcessorCount(ALL_PROCESSOR_GROUPS) + 5000) /
                 10000);
    return cpus > 0 ? cpus : 1;
}
