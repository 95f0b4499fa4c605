/* The gate: one number that says who is inside and whether somebody waits to be alone.
 *
 * SPDX-License-Identifier: MIT */
#include "base/gate.h"

#define GATE_SPIN_NS 2000L
#define YIELD_NS 20000L

/* Until the state differs from `seen`, with which the caller could not get in. */
static void wait_for_change(dlcore_gate_t *gate, unsigned seen)
{
    static const atomic_size_t nobody;
    const dlcore_patience_t patience = {
        .busy = &nobody, .cpus = 1, .spin_ns = GATE_SPIN_NS, .yield_ns = YIELD_NS};

    if (!dlcore_wait_word_spin(&gate->state, seen, &patience))
        dlcore_wait_word_park(&gate->state, seen);
}

void dlcore_gate_enter(dlcore_gate_t *gate)
{
    unsigned seen = atomic_load(&gate->state.value);

    for (;;) {
        /* Any limit is below DLCORE_GATE_WAITING. */
        if (seen < gate->limit) {
            if (atomic_compare_exchange_weak(&gate->state.value, &seen, seen + 1))
                return;
        } else {
            wait_for_change(gate, seen);
            seen = atomic_load(&gate->state.value);
        }
    }
}

void dlcore_gate_leave(dlcore_gate_t *gate)
{
    unsigned before = atomic_fetch_sub(&gate->state.value, 1);

    /* One place, one thread; unless somebody waits to be alone, whom a single signal might miss. */
    dlcore_wait_word_wake(&gate->state, before >= DLCORE_GATE_WAITING);
}

void dlcore_gate_enter_alone(dlcore_gate_t *gate)
{
    unsigned seen = atomic_fetch_add(&gate->state.value, DLCORE_GATE_WAITING);

    seen += DLCORE_GATE_WAITING;
    for (;;) {
        if (seen % DLCORE_GATE_WAITING == 0) {
            unsigned alone = seen - DLCORE_GATE_WAITING + DLCORE_GATE_ALONE;

            if (atomic_compare_exchange_weak(&gate->state.value, &seen, alone))
                return;
        } else {
            wait_for_change(gate, seen);
            seen = atomic_load(&gate->state.value);
        }
    }
}

void dlcore_gate_leave_alone(dlcore_gate_t *gate)
{
    atomic_fetch_sub(&gate->state.value, DLCORE_GATE_ALONE);
    dlcore_wait_word_wake(&gate->state, true);
}

void dlcore_gate_after_fork(dlcore_gate_t *gate, unsigned inside)
{
    dlcore_wait_word_init(&gate->state);
    atomic_store(&gate->state.value, inside);
}
