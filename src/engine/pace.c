/* Choosing workers by the clock.
 *
 * SPDX-License-Identifier: MIT */
#include "engine/pace.h"

#include "base/size.h"

dlcore_pace_t dlcore_pace_start(size_t most)
{
    return (dlcore_pace_t){.most = most,
                           .workers = most,
                           .usual = most,
                           .hold = DLCORE_PACE_HOLD,
                           .held = DLCORE_PACE_HOLD};
}

/* The other number of workers is kept when it was faster; else it is tried less often. */
static void end_trial(dlcore_pace_t *pace, double seconds)
{
    if (seconds < pace->last) {
        pace->usual = pace->workers;
        pace->last = seconds;
        pace->hold = DLCORE_PACE_HOLD;
    } else {
        pace->hold = dlcore_size_min(2 * pace->hold, DLCORE_PACE_HOLD_MAX);
    }
    pace->workers = pace->usual;
    pace->held = 0;
}

/* Half of the workers; or, where these are fewer already, in turn all of them. */
static void begin_trial(dlcore_pace_t *pace)
{
    bool all = pace->usual < pace->most && (pace->tried_fewer || pace->usual == 1);

    if (all)
        pace->workers = pace->most;
    else if (pace->usual < pace->most || pace->last > DLCORE_PACE_FAR * pace->best)
        pace->workers = pace->usual / 2;
    pace->tried_fewer = !all;
}

void dlcore_pace_note(dlcore_pace_t *pace, double seconds)
{
    double mean;

    pace->sum += seconds;
    if (++pace->count < DLCORE_PACE_WINDOW)
        return;
    mean = pace->sum / DLCORE_PACE_WINDOW;
    pace->sum = 0.0;
    pace->count = 0;
    if (pace->workers == pace->most && (pace->best == 0.0 || mean < pace->best))
        pace->best = mean;
    if (pace->workers != pace->usual) {
        end_trial(pace, mean);
        return;
    }
    pace->last = mean;
    if (pace->held++ >= pace->hold)
        begin_trial(pace);
}
