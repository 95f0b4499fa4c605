/* A gate that lets a bounded number of threads in, or one alone.
 *
 * Costs two atomic operations where nobody waits. Waiting threads spin for a moment, then sleep.
 * Not fair: who comes by as a place gets free may take it before those who sleep.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_BASE_GATE_H
#define DLCORE_BASE_GATE_H

#include "system/compiler.h"

#include "base/wait_word.h"

DLCORE_HIDDEN_BEGIN

#define DLCORE_GATE_ALONE                                                  \
    0xffffu /* one that is inside alone counts for as many as there can be \
             */
#define DLCORE_GATE_WAITING 0x10000u

typedef struct dlcore_gate {
    dlcore_wait_word_t state; /* threads inside + DLCORE_GATE_WAITING for each to be alone */
    unsigned limit;           /* 1 .. DLCORE_GATE_ALONE */
} dlcore_gate_t;

#define DLCORE_GATE_INITIALIZER(most) \
    {                                 \
        .limit = (most)               \
    }

/* Waits until fewer than `limit` threads are inside and none waits to be alone. */
void dlcore_gate_enter(dlcore_gate_t *gate);
void dlcore_gate_leave(dlcore_gate_t *gate);

/* Lets nobody in any more, and waits until the last has left. Not from inside. */
void dlcore_gate_enter_alone(dlcore_gate_t *gate);
void dlcore_gate_leave_alone(dlcore_gate_t *gate);

/* For the child after a fork: all threads but the caller are gone, and it adds `inside` to the
 * count: 0, 1, or DLCORE_GATE_ALONE. */
void dlcore_gate_after_fork(dlcore_gate_t *gate, unsigned inside);

DLCORE_HIDDEN_END

#endif
