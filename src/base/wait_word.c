/* Waiting for a number to change: atomics while awake, the system for the sleep.
 *
 * SPDX-License-Identifier: MIT */
#include "base/wait_word.h"

#include "system/clock.h"
#include "system/threads.h"
#include "system/wait.h"

/* Looks between two readings of the clock and of the crowd, about 1 us. */
#define LOOKS 32
/* A crowded machine gets the CPU this often before the thread parks. */
#define CROWDED_YIELDS 8

void dlcore_wait_word_init(dlcore_wait_word_t *word)
{
    atomic_init(&word->value, 0);
    atomic_init(&word->sleepers, 0);
}

void dlcore_wait_word_wake(dlcore_wait_word_t *word, bool all)
{
    /* Here: value, then sleepers. Sleeper: sleepers, then value. With both sequentially consistent
     * at least one of the two sees the other. */
    if (atomic_load(&word->sleepers) != 0)
        dlcore_wake(&word->value, all);
}

void dlcore_wait_word_store(dlcore_wait_word_t *word, unsigned value)
{
    atomic_store(&word->value, value);
    dlcore_wait_word_wake(word, true);
}

static bool differs(dlcore_wait_word_t *word, unsigned old)
{
    return atomic_load_explicit(&word->value, memory_order_acquire) != old;
}

static bool crowded(const dlcore_patience_t *patience)
{
    return atomic_load_explicit(patience->busy, memory_order_relaxed) > patience->cpus;
}

static double nanoseconds_since(double start)
{
    return 1e9 * (dlcore_clock() - start);
}

bool dlcore_wait_word_spin(dlcore_wait_word_t *word, unsigned old,
                           const dlcore_patience_t *patience)
{
    double spin_until = (double)patience->spin_ns;
    double yield_until = spin_until + (double)patience->yield_ns;
    double start;
    int yields = 0;

    if (differs(word, old))
        return true;
    start = dlcore_clock();
    while (!crowded(patience) && nanoseconds_since(start) < spin_until) {
        for (int i = 0; i < LOOKS; i++) {
            if (differs(word, old))
                return true;
            dlcore_pause();
        }
    }
    while (crowded(patience) ? yields < CROWDED_YIELDS : nanoseconds_since(start) < yield_until) {
        dlcore_thread_yield();
        yields++;
        if (differs(word, old))
            return true;
    }
    return false;
}

void dlcore_wait_word_park(dlcore_wait_word_t *word, unsigned old)
{
    atomic_fetch_add(&word->sleepers, 1);
    while (atomic_load(&word->value) == old)
        dlcore_wait(&word->value, old);
    atomic_fetch_sub(&word->sleepers, 1);
}
