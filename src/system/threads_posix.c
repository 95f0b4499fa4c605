/* Threads on POSIX.
 *
 * SPDX-License-Identifier: MIT */
#include "system/features.h"

#include "system/threads.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>

_Static_assert(sizeof(pthread_t) <= sizeof(uintptr_t), "a handle holds a thread");

static void *run(void *argument)
{
    dlcore_thread_t *thread = argument;

    thread->main(thread->argument);
    return NULL;
}

static void block_signals(sigset_t *before)
{
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS};
    sigset_t blocked;

    sigfillset(&blocked);
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
        sigdelset(&blocked, faults[i]);
    pthread_sigmask(SIG_SETMASK, &blocked, before);
}

static int create_thread(pthread_t *made, dlcore_thread_t *thread, size_t stack_bytes)
{
    pthread_attr_t attributes;
    int result = -1;

    if (stack_bytes > 0 && pthread_attr_init(&attributes) == 0) {
        if (pthread_attr_setstacksize(&attributes, stack_bytes) == 0)
            result = pthread_create(made, &attributes, run, thread);
        pthread_attr_destroy(&attributes);
    }
    /* Thread-local storage is taken from the stack: a host with much of it needs the default. */
    return result == 0 ? 0 : pthread_create(made, NULL, run, thread);
}

int dlcore_thread_start(dlcore_thread_t *thread, size_t stack_bytes, void (*main)(void *argument),
                        void *argument)
{
    pthread_t made;
    sigset_t before;
    int result;

    *thread = (dlcore_thread_t){.main = main, .argument = argument};
    block_signals(&before);
    result = create_thread(&made, thread, stack_bytes);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (result == 0)
        memcpy(&thread->handle, &made, sizeof made);
    return result;
}

static pthread_t thread_of(uintptr_t handle)
{
    pthread_t thread;

    memcpy(&thread, &handle, sizeof thread);
    return thread;
}

void dlcore_thread_join(dlcore_thread_t *thread)
{
    (void)pthread_join(thread_of(thread->handle), NULL);
}

uintptr_t dlcore_thread_current(void)
{
    pthread_t self = pthread_self();
    uintptr_t handle = 0;

    memcpy(&handle, &self, sizeof self);
    return handle;
}

void dlcore_thread_yield(void)
{
    sched_yield();
}

/* ---- once ---- */

static pthread_mutex_t once_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once_watched = PTHREAD_ONCE_INIT;

/* Who was inside stayed with the parent; the child begins anew. A fork that waited for him could
 * wait for ever: he may be installing a handler of forks, which waits for the fork.
 *
 * POSIX does not say what becomes of a mutex that is initialized while it is locked, and has no
 * other way to unlock one whose owner the child lacks. glibc, musl, bionic, the BSDs and macOS
 * write all of it anew. */
static void free_once_lock(void)
{
    (void)pthread_mutex_init(&once_lock, NULL);
}

static void fork_watch_once(void)
{
    pthread_atfork(NULL, NULL, free_once_lock);
}

void dlcore_once(dlcore_once_t *once, void (*run_once)(void))
{
    if (atomic_load_explicit(&once->done, memory_order_acquire))
        return;
    pthread_once(&once_watched, fork_watch_once);
    pthread_mutex_lock(&once_lock);
    if (!atomic_load_explicit(&once->done, memory_order_relaxed)) {
        run_once();
        atomic_store_explicit(&once->done, true, memory_order_release);
    }
    pthread_mutex_unlock(&once_lock);
}

void dlcore_watch_forks(void (*before)(void), void (*in_parent)(void), void (*in_child)(void))
{
    (void)pthread_atfork(before, in_parent, in_child);
}
