/* What a program has that a library has no business with: looked at before a call and after it.
 *
 * Comes after cmocka.h.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TESTS_HOST_STATE_H
#define DLCORE_TESTS_HOST_STATE_H

#include <stddef.h>

#include "base/float_mode.h"
#include "support/posix.h"

typedef struct host_state {
    dlcore_float_mode_t mode;
    int exceptions, rounding;
    sigset_t signals;
    char folder[1024];
    char locale[256];
    size_t descriptors, threads;
    int blas_threads;
    unsigned char cpus[128]; /* that the thread may run on, a bit each */
} host_state_t;

void host_look(host_state_t *host);
/* Threads that were joined may be listed a moment longer: waits until no more than `threads` are.
 */
void host_look_again(host_state_t *host, size_t threads);
/* What differs, errno being `number` after EILSEQ before; NULL where nothing does. */
const char *host_difference(const host_state_t *a, const host_state_t *b, int number);

#endif
