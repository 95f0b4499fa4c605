/* How many workers a run of like steps takes. Bits do not depend on it, so that it may follow the
 * machine: where others want its CPUs, a team waits at every barrier for the worker that is not
 * running, and fewer workers are faster.
 *
 * Steps are timed in windows of a few, which end early when they are lost. A window that is far
 * slower than the best one calls for a trial of half the workers; they are kept while that is
 * faster, and fewer still or the whole team are tried from time to time, less and less often. On a
 * machine of one's own no window is far slower, and nothing is tried.
 *
 * A trial of the whole team costs a time slice of whoever has the CPU, ten milliseconds or so. What
 * other threads of this process take, such as a pool that spins, is known without one: while they
 * leave no room the team is hardly tried, and it is as soon as they have ended.
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
/* Seconds after which room is judged: two ticks of the system. */
#define DLCORE_PACE_OBSERVED 0.02

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

    /* of steps with fewer workers than all */
    size_t cpus;
    double observed;     /* seconds since room was last judged */
    double observed_cpu; /* what the process had of the CPUs in them */
    bool knows_room;     /* since fewer were first taken */
    bool has_room;       /* other threads of this process leave CPUs for all workers */
} dlcore_pace_t;

/* At most that many workers, which is what it begins with, on so many CPUs. */
dlcore_pace_t dlcore_pace_start(size_t most, size_t cpus);

/* Whether steps have to be timed at all. */
static inline bool dlcore_pace_watches(const dlcore_pace_t *pace)
{
    return pace->most > 1;
}

/* Whether the CPU time of steps has to be known, too. */
static inline bool dlcore_pace_observes(const dlcore_pace_t *pace)
{
    return pace->usual < pace->most && pace->workers == pace->usual;
}

/* After each step with pace->workers: settles that of the next. `cpu_seconds` is what all threads
 * of the process had meanwhile; it counts where dlcore_pace_observes. */
void dlcore_pace_note(dlcore_pace_t *pace, double seconds, double cpu_seconds);

DLCORE_HIDDEN_END

#endif
