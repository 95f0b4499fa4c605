/* Threads, and what becomes of them when the process forks.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_SYSTEM_THREADS_H
#define DLCORE_SYSTEM_THREADS_H

#include "system/compiler.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

DLCORE_HIDDEN_BEGIN

/* Whether threads can be started at all: the build may be one without (DLCORE_THREADS=OFF). */
#if defined(DLCORE_NO_THREADS)
#    define DLCORE_HAS_THREADS false
#else
#    define DLCORE_HAS_THREADS true
#endif

typedef struct dlcore_thread {
    uintptr_t handle;             /* the system's */
    void (*main)(void *argument); /* what it runs */
    void *argument;
} dlcore_thread_t;

/* Runs `main` on a new thread; 0, or an errno. *thread must stay where it is until the join. The
 * thread blocks all signals but those that a fault of its own raises (SIGSEGV and the like): these
 * must still reach the host's handler. Its stack has `stack_bytes`, or the system's default where
 * that is 0 or too small for the host's thread-local storage. */
int dlcore_thread_start(dlcore_thread_t *thread, size_t stack_bytes, void (*main)(void *argument),
                        void *argument);
/* Waits for its end. */
void dlcore_thread_join(dlcore_thread_t *thread);

/* A number of the calling thread that no other living thread has, never 0. */
uintptr_t dlcore_thread_current(void);
/* Gives the CPU to whoever wants it. */
void dlcore_thread_yield(void);

/* One call in the life of the process. */
typedef struct dlcore_once {
    atomic_bool done;
} dlcore_once_t;

/* Calls `run`, unless that was done before; returns when it is done, whoever did it. One `run` at a
 * time in the whole process: `run` must not call dlcore_once itself. */
void dlcore_once(dlcore_once_t *once, void (*run)(void));

/* From now on each fork calls these: `before` and `in_parent` on the thread that forks, `in_child`
 * on the only thread that the child has. NULL is nothing. Children made by other means than fork()
 * call none. Where there are no forks this does nothing. */
void dlcore_watch_forks(void (*before)(void), void (*in_parent)(void), void (*in_child)(void));

DLCORE_HIDDEN_END

#endif
