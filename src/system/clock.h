/* Time.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_SYSTEM_CLOCK_H
#define DLCORE_SYSTEM_CLOCK_H

#include "system/compiler.h"

DLCORE_HIDDEN_BEGIN

/* Seconds of a clock that only goes forward, to the nanosecond; its zero means nothing. */
double dlcore_clock(void);

DLCORE_HIDDEN_END

#endif
