/* Waiting for a number to change: atomics while awake, a mutex and a condition for the sleep.
 *
 * SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "base/wait_word.h"

#include <sched.h>
#include <time.h>

/* Looks between two readings of the clock and of the crowd, about 1 us. */
#define LOOKS 32
/* A crowded machine gets the CPU this often before the thread parks. */
#define CROWDED_YIELDS 8

bool dlcore_wait_word_init(dlcore_wait_word_t *word)
{
    atomic_init(&word->value, 0);
    atomic_init(&word->sleepers, 0);
    if (pthread_mutex_init(&word->mutex, NULL) != 0)
        return false;
    if (pthread_cond_init(&word->changed, NULL) != 0) {
        pthread_mutex_destroy(&word->mutex);
        return false;
    }
    return true;
}

void dlcore_wait_word_destroy(dlcore_wait_word_t *word)
{
    pthread_cond_destroy(&word->changed);
    pthread_mutex_destroy(&word->mutex);
}

void dlcore_wait_word_wake(dlcore_wait_word_t *word, bool all)
{
    /* Here: value, then sleepers. Sleeper: sleepers, then value. With both sequentially consistent
     * at least one of the two sees the other. */
    if (atomic_load(&word->sleepers) == 0)
        return;
    /* Who counted itself a sleeper holds the mutex until it sleeps: once we had the mutex, the
     * signal reaches it. Given back before the signal, so that nobody wakes into a held lock. */
    pthread_mutex_lock(&word->mutex);
    pthread_mutex_unlock(&word->mutex);
    if (all)
        pthread_cond_broadcast(&word->changed);
    else
        pthread_cond_signal(&word->changed);
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

static long nanoseconds_since(const struct timespec *start)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    if (now.tv_sec - start->tv_sec > 1)
        return 1000000000L;
    return (long)(now.tv_sec - start->tv_sec) * 1000000000L + (now.tv_nsec - start->tv_nsec);
}

bool dlcore_wait_word_spin(dlcore_wait_word_t *word, unsigned old,
                           const dlcore_patience_t *patience)
{
    long yield_until = patience->spin_ns + patience->yield_ns;
    struct timespec start;
    int yields = 0;

    if (differs(word, old))
        return true;
    clock_gettime(CLOCK_MONOTONIC, &start);
    while (!crowded(patience) && nanoseconds_since(&start) < patience->spin_ns) {
        for (int i = 0; i < LOOKS; i++) {
            if (differs(word, old))
                return true;
            dlcore_pause();
        }
    }
    while (crowded(patience) ? yields < CROWDED_YIELDS : nanoseconds_since(&start) < yield_until) {
        sched_yield();
        yields++;
        if (differs(word, old))
            return true;
    }
    return false;
}

void dlcore_wait_word_park(dlcore_wait_word_t *word, unsigned old)
{
    pthread_mutex_lock(&word->mutex);
    atomic_fetch_add(&word->sleepers, 1);
    while (atomic_load(&word->value) == old)
        pthread_cond_wait(&word->changed, &word->mutex);
    atomic_fetch_sub(&word->sleepers, 1);
    pthread_mutex_unlock(&word->mutex);
}
