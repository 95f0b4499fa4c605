/* The floating-point control of the calling thread, for the length of a call.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_BASE_FLOAT_MODE_H
#define DLCORE_BASE_FLOAT_MODE_H

#include "system/compiler.h"

#include <stdbool.h>
#include <stdint.h>

DLCORE_HIDDEN_BEGIN

typedef uint64_t dlcore_float_mode_t;

/* Sets round-to-nearest, no traps, and, with `flush_denormals`, numbers below 1.2e-38 to zero;
 * without, they are kept, whatever the host had (x86: FTZ and DAZ, aarch64: FZ; elsewhere
 * nothing). Answers what to give back. */
dlcore_float_mode_t dlcore_float_mode_enter(bool flush_denormals);
/* Puts back the mode, exception flags included. */
void dlcore_float_mode_leave(dlcore_float_mode_t before);

/* The calling thread's current mode, and setting exactly that: for a team's workers. */
dlcore_float_mode_t dlcore_float_mode_get(void);
void dlcore_float_mode_set(dlcore_float_mode_t mode);

/* The exception flags that the calling thread has raised, and taking back those raised since. */
dlcore_float_mode_t dlcore_float_flags_get(void);
void dlcore_float_flags_restore(dlcore_float_mode_t before);

DLCORE_HIDDEN_END

#endif
