/* Choosing workers by the clock.
 *
 * SPDX-License-Identifier: MIT */
#include "engine/pace.h"

#include "base/size.h"

dlcore_pace_t dlcore_pace_start(size_t most, size_t cpus)
{
    return (dlcore_pace_t){.most = most,
                           .workers = most,
                           .usual = most,
                           .hold = DLCORE_PACE_HOLD,
                           .held = DLCORE_PACE_HOLD,
                           .cpus = cpus};
}

/* Whether the other threads of this process leave room for all workers. When room appears after
 * there was none, try all workers at once. */
static void observe(dlcore_pace_t *pace, double seconds, double cpu_seconds)
{
    bool had_none = pace->knows_room && !pace->has_room;
    double others;

    pace->observed += seconds;
    pace->observed_cpu += cpu_seconds;
    if (pace->observed < DLCORE_PACE_OBSERVED)
        return;
    others = pace->observed_cpu / pace->observed - (double)pace->usual;
    pace->observed = pace->observed_cpu = 0.0;
    pace->knows_room = true;
    pace->has_room = others + (double)pace->most < (double)pace->cpus + 0.5;
    if (had_none && pace->has_room)
        pace->held = DLCORE_PACE_HOLD_MAX;
}

static void forget_room(dlcore_pace_t *pace)
{
    pace->observed = pace->observed_cpu = 0.0;
    pace->knows_room = false;
}

/* The other number of workers is kept when it was faster; else it is tried less often. */
static void end_trial(dlcore_pace_t *pace, double seconds)
{
    if (seconds < pace->last) {
        if (pace->usual == pace->most)
            forget_room(pace);
        pace->usual = pace->workers;
        pace->last = seconds;
        pace->hold = DLCORE_PACE_HOLD;
    } else {
        pace->hold = dlcore_size_min(2 * pace->hold, DLCORE_PACE_HOLD_MAX);
    }
    pace->workers = pace->usual;
    pace->held = 0;
}

static bool tries_all(const dlcore_pace_t *pace)
{
    return pace->usual < pace->most && (pace->tried_fewer || pace->usual == 1);
}

/* Half of the workers; or, where these are fewer already, in turn all of them. */
static void begin_trial(dlcore_pace_t *pace)
{
    bool all = tries_all(pace);

    if (all)
        pace->workers = pace->most;
    else if (pace->usual < pace->most || pace->last > DLCORE_PACE_FAR * pace->best)
        pace->workers = pace->usual / 2;
    pace->tried_fewer = !all;
}

static size_t hold_of(const dlcore_pace_t *pace)
{
    return tries_all(pace) && !(pace->knows_room && pace->has_room) ? DLCORE_PACE_HOLD_MAX
                                                                    : pace->hold;
}

/* Whether the steps so far have taken what the whole window might: of a trial that is not faster,
 * or of all workers where they are far slower. One step may wait for its turn on a CPU for as long
 * as twenty others take; no more of these are needed to see it. */
static bool is_lost(const dlcore_pace_t *pace)
{
    if (pace->workers != pace->usual)
        return pace->sum > DLCORE_PACE_WINDOW * pace->last;
    return pace->usual == pace->most && pace->best > 0.0 &&
           pace->sum > DLCORE_PACE_WINDOW * DLCORE_PACE_FAR * pace->best;
}

void dlcore_pace_note(dlcore_pace_t *pace, double seconds, double cpu_seconds)
{
    double mean;

    if (dlcore_pace_observes(pace))
        observe(pace, seconds, cpu_seconds);
    pace->sum += seconds;
    if (++pace->count < DLCORE_PACE_WINDOW && !is_lost(pace))
        return;
    mean = pace->sum / (double)pace->count;
    pace->sum = 0.0;
    pace->count = 0;
    if (pace->workers == pace->most && (pace->best == 0.0 || mean < pace->best))
        pace->best = mean;
    if (pace->workers != pace->usual) {
        end_trial(pace, mean);
        return;
    }
    pace->last = mean;
    if (pace->held++ >= hold_of(pace))
        begin_trial(pace);
}
