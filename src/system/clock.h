/* Time.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_SYSTEM_CLOCK_H
#define DLCORE_SYSTEM_CLOCK_H

#include "system/compiler.h"

DLCORE_HIDDEN_BEGIN

/* Seconds of a clock that only goes forward, to the nanosecond; its zero means nothing. */
double dlcore_clock(void);

/* Seconds of CPU that all threads of this process have had; 0 where the system does not say. What
 * threads on other CPUs are at may count only when the system's next tick comes, 10 ms at most. */
double dlcore_cpu_clock(void);

/* Seconds since 1970 by the host's calendar, which may be set; 0 where the system does not say. */
double dlcore_calendar_clock(void);

DLCORE_HIDDEN_END

#endif
