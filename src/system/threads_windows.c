/* Threads on Windows. They have no signals, and there are no forks.
 *
 * SPDX-License-Identifier: MIT */
#include "system/features.h"

#include "system/threads.h"

#include <errno.h>
#include <stdbool.h>

#include <windows.h>

#include <process.h>

static unsigned __stdcall run(void *argument)
{
    dlcore_thread_t *thread = argument;

    thread->main(thread->argument);
    return 0;
}

int dlcore_thread_start(dlcore_thread_t *thread, size_t stack_bytes, void (*main)(void *argument),
                        void *argument)
{
    *thread = (dlcore_thread_t){.main = main, .argument = argument};
    /* by the C library, which has memory for each thread */
    thread->handle = _beginthreadex(NULL, (unsigned)stack_bytes, run, thread,
                                    STACK_SIZE_PARAM_IS_A_RESERVATION, NULL);
    if (thread->handle != 0)
        return 0;
    return errno != 0 ? errno : EAGAIN;
}

void dlcore_thread_join(dlcore_thread_t *thread)
{
    HANDLE handle = (HANDLE)thread->handle; /* NOLINT: what the C library says it is */

    (void)WaitForSingleObject(handle, INFINITE);
    (void)CloseHandle(handle);
}

uintptr_t dlcore_thread_current(void)
{
    return GetCurrentThreadId();
}

void dlcore_thread_yield(void)
{
    (void)SwitchToThread();
}

static SRWLOCK once_lock = SRWLOCK_INIT;

void dlcore_once(dlcore_once_t *once, void (*run_once)(void))
{
    if (atomic_load_explicit(&once->done, memory_order_acquire))
        return;
    AcquireSRWLockExclusive(&once_lock);
    if (!atomic_load_explicit(&once->done, memory_order_relaxed)) {
        run_once();
        atomic_store_explicit(&once->done, true, memory_order_release);
    }
    ReleaseSRWLockExclusive(&once_lock);
}

void dlcore_watch_forks(void (*before)(void), void (*in_parent)(void), void (*in_child)(void))
{
    (void)before;
    (void)in_parent;
    (void)in_child;
}
