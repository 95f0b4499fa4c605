/* Time.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_SYSTEM_CLOCK_H
#define DLCORE_SYSTEM_CLOCK_H

/* Seconds of a clock that only goes forward, to the nanosecond; its zero means nothing. */
double dlcore_clock(void);

#endif
