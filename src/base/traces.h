/* What computing and asking the system leave behind on a thread: errno and the floating-point
 * exception flags. Public functions leave both as they were.
 *
 *     dlcore_traces_t before = dlcore_traces_note();
 *     return dlcore_traces_end(before, load(path, error));
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_BASE_TRACES_H
#define DLCORE_BASE_TRACES_H

#include "system/compiler.h"

#include <errno.h>

#include "base/float_mode.h"
#include "dlcore/status.h"

typedef struct dlcore_traces {
    int number; /* errno */
    dlcore_float_mode_t flags;
} dlcore_traces_t;

static inline dlcore_traces_t dlcore_traces_note(void)
{
    return (dlcore_traces_t){.number = errno, .flags = dlcore_float_flags_get()};
}

/* Puts back what was, and passes the status on. */
static inline dlcore_status dlcore_traces_end(dlcore_traces_t before, dlcore_status status)
{
    errno = before.number;
    dlcore_float_flags_restore(before.flags);
    return status;
}

#endif
