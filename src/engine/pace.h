/* How many workers a run of like steps takes. Bits do not depend on it, so that it may follow the
 * machine: where other processes want its CPUs, a team waits at every barrier for the worker that
 * is not running, and fewer workers are faster.
 *
 * Steps are timed in windows of a few. A window that is far slower than the best one calls for a
 * trial of half the workers; they are kept while that is faster, and fewer still or the whole team
 * are tried from time to time, less and less often. On a machine of one's own no window is far
 * slower, and nothing is tried.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_ENGINE_PACE_H
#define DLCORE_ENGINE_PACE_H

#include "system/compiler.h"

#include <stdbool.h>
#include <stddef.h>

DLCORE_HIDDEN_BEGIN

#define DLCORE_PACE_WINDOW 8
#define DLCORE_PACE_FAR 1.8 /* times the best window */
#define DLCORE_PACE_HOLD 4  /* windows between two trials, at first */
#define DLCORE_PACE_HOLD_MAX 64

typedef struct dlcore_pace {
    size_t most;    /* workers */
    size_t workers; /* of the window at hand */
    size_t usual;   /* outside of trials */
    double sum;     /* seconds of the window at hand */
    size_t count;   /* steps in it */
    double best;    /* seconds of a step, in the fastest window of `most`; 0: none yet */
    double last;    /* in the last window of `usual` */
    size_t hold;    /* windows from one trial to the next */
    size_t held;    /* windows since the last trial */
    bool tried_fewer;
} dlcore_pace_t;

/* At most that many workers, which is what it begins with. */
dlcore_pace_t dlcore_pace_start(size_t most);

/* Whether steps have to be timed at all. */
static inline bool dlcore_pace_watches(const dlcore_pace_t *pace)
{
    return pace->most > 1;
}

/* After each step with pace->workers: settles that of the next. */
void dlcore_pace_note(dlcore_pace_t *pace, double seconds);

DLCORE_HIDDEN_END

#endif
