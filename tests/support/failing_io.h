/* System calls for tests: real ones on real files, counted, of which the n-th fails, is
 * interrupted, does half of its work, or takes its time.
 *
 *     failing_io_t io;
 *     failing_io_init(&io);
 *     io.fail_at = 3;                          // the third call fails with io.error
 *     io.only = "write";                       // the third write
 *     dlcore_system_t system = failing_io(&io);
 *
 * Closing really closes even when it is told to fail, as Linux does. Failures of unlinkat, readlink
 * and fstatat count, too.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TESTS_FAILING_IO_H
#define DLCORE_TESTS_FAILING_IO_H

#include <stdbool.h>
#include <stddef.h>

#include "files/output.h"

typedef struct failing_io {
    /* What is to happen. Calls are counted from 1; 0: none. */
    const char *only;   /* the name of the calls that are counted; NULL: all */
    size_t fail_at;     /* this one fails */
    bool fail_for_ever; /* and every later one, but for close and unlinkat */
    int error;          /* its errno; EIO at first */
    size_t shorten_at;  /* this one, if it is a write, takes half of what it is given */
    size_t delay_at;    /* this one takes that long, then works */
    long delay_ms;      /* milliseconds */
    size_t most;        /* bytes that every write takes and every pread gives; 0: all */

    /* What happened. */
    size_t calls; /* that were counted */
    size_t failures;
    size_t shortened, delayed;
    const char *failed; /* the name of the last call that failed */
    size_t opened, closed;
    size_t synced;
    const dlcore_system_t *beneath; /* does the work */
} failing_io_t;

void failing_io_init(failing_io_t *io);
dlcore_system_t failing_io(failing_io_t *io);

#endif
