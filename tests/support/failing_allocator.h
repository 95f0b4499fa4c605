/* An allocator for tests: counts calls, bytes and the peak, guards the borders of every block, and
 * fails on demand.
 *
 *     failing_allocator_t memory;
 *     failing_allocator_init(&memory);
 *     memory.fail_at = 3;                             // the third call fails, the fourth does not
 *     dlcore_allocator_t allocator = failing_allocator(&memory);
 *     ...
 *     failing_allocator_assert_clean(&memory);        // all given back, no border damaged
 *
 * New blocks are filled with 0xA5 and released ones with 0xDD, so that reading what was never set,
 * or no longer is, shows. May be used by several threads at once.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TESTS_FAILING_ALLOCATOR_H
#define DLCORE_TESTS_FAILING_ALLOCATOR_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "dlcore/status.h"

typedef struct failing_allocator {
    /* What is to happen; may be changed at any time between calls. */
    size_t fail_at;     /* the call of this number, counted from 1, fails; 0: none */
    bool fail_for_ever; /* and every later one */
    size_t live_limit;  /* calls that would take live_bytes above it fail; 0: no limit */

    /* What happened. Bytes are those asked for. */
    size_t calls;
    size_t failures;
    size_t releases;
    size_t live_blocks;
    size_t live_bytes;
    size_t peak_bytes;
    size_t largest; /* most bytes asked for in one call, failed ones included */
    size_t damaged; /* released blocks that were written beyond, or were none of ours */

    atomic_flag lock;
} failing_allocator_t;

/* Nothing fails, nothing happened. */
void failing_allocator_init(failing_allocator_t *memory);

/* What to hand to the library; `memory` must outlive what is made with it. */
dlcore_allocator_t failing_allocator(failing_allocator_t *memory);

/* Fails the test unless every block was given back undamaged. */
void failing_allocator_assert_clean(const failing_allocator_t *memory);

/* Something that allocates, and frees all of it before it returns, failed or not. It answers the
 * status of the first call that failed, or DLCORE_OK; other expectations (handles are NULL, an
 * object still works) it asserts itself. */
typedef dlcore_status failing_scenario_t(const dlcore_allocator_t *allocator, void *context);

/* Runs the scenario with the n-th allocation failing, n = 1, 2, ... until none fails, first with
 * only that one failing, then with all after it, too. Fails the test unless every run with a
 * failure answers DLCORE_ERROR_MEMORY, the others DLCORE_OK, and all memory is given back. Answers
 * the number of allocations of a run without failures. */
size_t failing_allocator_sweep(failing_scenario_t *scenario, void *context);

#endif
