/* SPDX-License-Identifier: MIT */
#if defined(__linux__)
#    define _GNU_SOURCE /* sched_getaffinity */
#else
#    define _POSIX_C_SOURCE 200809L
#endif
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/host_state.h"

#include <dirent.h>
#include <errno.h>
#include <fenv.h>
#include <locale.h>
#if defined(__linux__)
#    include <sched.h>
#endif
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "support/host_blas.h"

static size_t entries(const char *path)
{
    DIR *folder = opendir(path);
    size_t count = 0;

    while (folder != NULL && readdir(folder) != NULL)
        count++;
    if (folder != NULL)
        (void)closedir(folder);
    return count;
}

static void look_at_cpus(host_state_t *host)
{
    memset(host->cpus, 0, sizeof host->cpus);
#if defined(__linux__)
    (void)sched_getaffinity(0, sizeof host->cpus, (cpu_set_t *)(void *)host->cpus);
#endif
}

void host_look(host_state_t *host)
{
    host->mode = dlcore_float_mode_get();
    host->exceptions = fetestexcept(FE_ALL_EXCEPT);
    host->rounding = fegetround();
    sigprocmask(SIG_BLOCK, NULL, &host->signals);
    assert_non_null(getcwd(host->folder, sizeof host->folder));
    snprintf(host->locale, sizeof host->locale, "%s", setlocale(LC_ALL, NULL));
    host->descriptors = HAS_PROC ? entries("/proc/self/fd") : 0;
    host->threads = HAS_PROC ? entries("/proc/self/task") : 0;
    host->blas_threads = host_count();
    look_at_cpus(host);
}

const char *host_difference(const host_state_t *a, const host_state_t *b, int number)
{
    if (number != EILSEQ)
        return "errno";
    if (a->exceptions != b->exceptions)
        return "the floating-point exception flags";
    if (a->rounding != b->rounding || a->mode != b->mode)
        return "the floating-point mode";
    for (int i = 1; i < 32; i++) {
        if (sigismember(&a->signals, i) != sigismember(&b->signals, i))
            return "the signal mask";
    }
    if (strcmp(a->folder, b->folder) != 0)
        return "the working folder";
    if (strcmp(a->locale, b->locale) != 0)
        return "the locale";
    if (a->descriptors != b->descriptors)
        return "open descriptors";
    if (a->blas_threads != b->blas_threads)
        return "the threads of BLAS";
    if (memcmp(a->cpus, b->cpus, sizeof a->cpus) != 0)
        return "the CPUs that it may run on";
    return a->threads != b->threads ? "threads" : NULL;
}

void host_look_again(host_state_t *host, size_t threads)
{
    static const struct timespec pause = {.tv_nsec = 1000000};

    host_look(host);
    for (int i = 0; i < 10000 && host->threads > threads; i++) {
        nanosleep(&pause, NULL);
        host->threads = HAS_PROC ? entries("/proc/self/task") : 0;
    }
}
