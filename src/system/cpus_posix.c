/* CPUs on POSIX; on Linux also which of them a thread may use.
 *
 * SPDX-License-Identifier: MIT */
#include "system/features.h"

#include "system/cpus.h"

#include <unistd.h>

#if defined(__linux__)
#    include <limits.h>
#    include <sched.h>

/* Longer than CPU_SETSIZE: the kernel refuses a set shorter than its own. */
typedef struct cpu_numbers {
    unsigned long bits[8192 / (CHAR_BIT * sizeof(unsigned long))];
} cpu_numbers_t;

static cpu_set_t *set_of(cpu_numbers_t *numbers)
{
    return (cpu_set_t *)(void *)numbers->bits;
}

static size_t count_allowed(void)
{
    cpu_numbers_t allowed = {{0}};

    if (sched_getaffinity(0, sizeof allowed, set_of(&allowed)) != 0)
        return 0;
    return (size_t)CPU_COUNT_S(sizeof allowed, set_of(&allowed));
}

int dlcore_cpu_current(void)
{
    return sched_getcpu();
}

/* By allowing itself every CPU but those for a moment. */
void dlcore_cpu_leave(const int *cpus, size_t count)
{
    cpu_numbers_t allowed = {{0}}, others;

    if (sched_getaffinity(0, sizeof allowed, set_of(&allowed)) < 0)
        return;
    others = allowed;
    for (size_t i = 0; i < count; i++)
        if (cpus[i] >= 0)
            CPU_CLR_S((size_t)cpus[i], sizeof others, set_of(&others));
    if (CPU_COUNT_S(sizeof others, set_of(&others)) > 0 &&
        sched_setaffinity(0, sizeof others, set_of(&others)) == 0)
        sched_setaffinity(0, sizeof allowed, set_of(&allowed));
}
#else
static size_t count_allowed(void)
{
    return 0;
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
#endif

/* What is allowed is asked first: sysconf opens a file of the system, which takes 15 us, and short
 * calls ask each time. */
size_t dlcore_cpus(void)
{
    size_t allowed = count_allowed();
    long online = allowed > 0 ? 0 : sysconf(_SC_NPROCESSORS_ONLN);

    if (allowed > 0)
        return allowed;
    return online > 0 ? (size_t)online : 1;
}
