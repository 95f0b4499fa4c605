/* The CPU time that the control groups of Linux allow, as containers limit it.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_SYSTEM_CPU_QUOTA_H
#define DLCORE_SYSTEM_CPU_QUOTA_H

#include "system/compiler.h"

#include <stddef.h>

DLCORE_HIDDEN_BEGIN

/* How many CPUs the quotas of this process's control groups and of all groups around these come
 * to: the least quota / period, rounded, at least 1. SIZE_MAX where there is no quota, no control
 * groups, or nothing can be read. Knows versions 1 and 2. Reads a handful of small files: not for
 * every step. All of them lie under `root`, "" for the system's own; a test has a folder there.
 *
 * Halves are rounded up. Measured with two CPUs and steps of 1 and 10 ms, two threads take 0.75 to
 * 0.85 of the time of one under a quota of 1.5 CPUs and 0.9 to 1.0 under 1.25; under 1.1 they are
 * at times slower, because they use CPU time to wait for each other and then are stopped together
 * until the period ends. */
size_t dlcore_cpu_quota(const char *root);

DLCORE_HIDDEN_END

#endif
