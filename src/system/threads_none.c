/* No threads (DLCORE_THREADS=OFF): for hosts that have one and call the library from it.
 *
 * SPDX-License-Identifier: MIT */
#include "system/features.h"

#include "system/threads.h"

#include <errno.h>

int dlcore_thread_start(dlcore_thread_t *thread, size_t stack_bytes, void (*main)(void *argument),
                        void *argument)
{
    (void)thread;
    (void)stack_bytes;
    (void)main;
    (void)argument;
    return ENOSYS;
}

void dlcore_thread_join(dlcore_thread_t *thread)
{
    (void)thread;
}

uintptr_t dlcore_thread_current(void)
{
    return 1;
}

void dlcore_thread_yield(void) {}

void dlcore_once(dlcore_once_t *once, void (*run)(void))
{
    if (!atomic_load_explicit(&once->done, memory_order_relaxed)) {
        run();
        atomic_store_explicit(&once->done, true, memory_order_relaxed);
    }
}

void dlcore_watch_forks(void (*before)(void), void (*in_parent)(void), void (*in_child)(void))
{
    (void)before;
    (void)in_parent;
    (void)in_child;
}
