/* Sleeping until a number changes, on Windows: a table of places to sleep at, chosen by the word's
 * address. Two words may share a place, so everybody there is woken and looks.
 *
 * WaitOnAddress would do the same, but whoever embeds the library would have to link a library for
 * it.
 *
 * SPDX-License-Identifier: MIT */
#include "system/features.h"

#include "system/wait.h"

#include <stdint.h>

#include <windows.h>

enum { PLACES = 16 };

typedef struct place {
    SRWLOCK lock; /* orders going to sleep with waking, guards no data */
    CONDITION_VARIABLE changed;
} place_t;

static place_t places[PLACES]; /* all zero is how both begin */

static place_t *place_of(const atomic_uint *word)
{
    uintptr_t address = (uintptr_t)word / 64; /* words have cache lines of their own */

    return &places[(address ^ address / PLACES ^ address / (PLACES * PLACES)) % PLACES];
}

void dlcore_wait(atomic_uint *word, unsigned old)
{
    place_t *place = place_of(word);

    AcquireSRWLockExclusive(&place->lock);
    if (atomic_load(word) == old)
        (void)SleepConditionVariableSRW(&place->changed, &place->lock, INFINITE, 0);
    ReleaseSRWLockExclusive(&place->lock);
}

void dlcore_wake(atomic_uint *word, bool all)
{
    place_t *place = place_of(word);

    (void)all;
    /* Who found the old value holds the lock until it sleeps: once we had the lock, the signal
     * reaches it. Given back before the signal, so that nobody wakes into a held lock. */
    AcquireSRWLockExclusive(&place->lock);
    ReleaseSRWLockExclusive(&place->lock);
    WakeAllConditionVariable(&place->changed);
}
