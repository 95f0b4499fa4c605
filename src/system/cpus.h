/* The CPUs of the machine.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_SYSTEM_CPUS_H
#define DLCORE_SYSTEM_CPUS_H

#include "system/compiler.h"

#include <stddef.h>

DLCORE_HIDDEN_BEGIN

/* CPUs that this process may run on, at least 1. */
size_t dlcore_cpus(void);

/* The number of the CPU that the calling thread runs on; -1 where the system does not say. */
int dlcore_cpu_current(void);

/* Moves the calling thread to a CPU that is none of these `count`, if it may run on another one;
 * numbers below 0 mean nothing. Nothing stays pinned. Does nothing where the system cannot do
 * that. */
void dlcore_cpu_leave(const int *cpus, size_t count);

DLCORE_HIDDEN_END

#endif
