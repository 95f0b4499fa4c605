/* System calls for tests: real ones on real files, counted, of which the n-th fails, does half of
 * its work, or is interrupted first.
 *
 *     failing_io_t io;
 *     failing_io_init(&io);
 *     io.fail_at = 3;                          // the third call fails with io.error
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

#include "io/output.h"

typedef struct failing_io {
    /* What is to happen. */
    size_t fail_at;     /* the call of this number, counted from 1; 0: none */
    bool fail_for_ever; /* and every later one, but for close and unlinkat */
    int error;          /* its errno; EIO at first */
    size_t most;        /* bytes that one write takes; 0: all */

    /* What happened. */
    size_t calls;
    size_t failures;
    const char *failed; /* the name of the last call that failed */
    size_t opened, closed;
    size_t synced;
} failing_io_t;

void failing_io_init(failing_io_t *io);
dlcore_system_t failing_io(failing_io_t *io);

#endif
