/* Sleeping until a number changes: futexes on Linux, elsewhere mutexes and conditions.
 *
 * A system without futexes gets a table of places to sleep at, chosen by the word's address. Two
 * words may share a place, so everybody there is woken and looks. DLCORE_NO_FUTEX chooses that on
 * Linux, too.
 *
 * SPDX-License-Identifier: MIT */
#include "system/features.h"

#include "system/wait.h"

#if defined(__linux__) && !defined(DLCORE_NO_FUTEX)

#    include <errno.h>
#    include <limits.h>
#    include <sys/syscall.h>
#    include <unistd.h>

/* Without a time limit the two calls are one. */
#    if !defined(SYS_futex)
#        define SYS_futex SYS_futex_time64
#    endif

/* As in linux/futex.h, which is the kernel's: not every C library comes with it. */
enum { WAIT_PRIVATE = 128, WAKE_PRIVATE = 129 };

_Static_assert(sizeof(atomic_uint) == 4, "a futex has 32 bits");

void dlcore_wait(atomic_uint *word, unsigned old)
{
    int before = errno;

    (void)syscall(SYS_futex, word, WAIT_PRIVATE, old, NULL, NULL, 0);
    errno = before;
}

void dlcore_wake(atomic_uint *word, bool all)
{
    int before = errno;

    (void)syscall(SYS_futex, word, WAKE_PRIVATE, all ? INT_MAX : 1, NULL, NULL, 0);
    errno = before;
}

#else

#    include <pthread.h>
#    include <stdint.h>

enum { PLACES = 16 };

typedef struct place {
    pthread_mutex_t mutex; /* orders going to sleep with waking, guards no data */
    pthread_cond_t changed;
} place_t;

#    define PLACE                                                                   \
        {                                                                           \
            .mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER \
        }
#    define PLACES_4 PLACE, PLACE, PLACE, PLACE

static place_t places[PLACES] = {PLACES_4, PLACES_4, PLACES_4, PLACES_4};
static pthread_once_t wait_watch_once = PTHREAD_ONCE_INIT;

/* In the child nobody sleeps, and a mutex may be held by a thread that stayed with the parent.
 * POSIX does not say what becomes of a mutex or a condition that is initialized while it is in use,
 * and has no other way for the child to be rid of that. glibc, musl, bionic, the BSDs and macOS
 * write all of it anew. */
static void forget_sleepers(void)
{
    for (int i = 0; i < PLACES; i++) {
        (void)pthread_mutex_init(&places[i].mutex, NULL);
        (void)pthread_cond_init(&places[i].changed, NULL);
    }
}

static void watch_wait_forks(void)
{
    pthread_atfork(NULL, NULL, forget_sleepers);
}

static place_t *place_of(const atomic_uint *word)
{
    uintptr_t address = (uintptr_t)word / 64; /* words have cache lines of their own */

    return &places[(address ^ address / PLACES ^ address / (PLACES * PLACES)) % PLACES];
}

void dlcore_wait(atomic_uint *word, unsigned old)
{
    place_t *place = place_of(word);

    pthread_once(&wait_watch_once, watch_wait_forks);
    pthread_mutex_lock(&place->mutex);
    if (atomic_load(word) == old)
        pthread_cond_wait(&place->changed, &place->mutex);
    pthread_mutex_unlock(&place->mutex);
}

void dlcore_wake(atomic_uint *word, bool all)
{
    place_t *place = place_of(word);

    (void)all;
    /* Who found the old value holds the mutex until it sleeps: once we had the mutex, the signal
     * reaches it. Given back before the signal, so that nobody wakes into a held lock. */
    pthread_mutex_lock(&place->mutex);
    pthread_mutex_unlock(&place->mutex);
    pthread_cond_broadcast(&place->changed);
}

#endif
