/* A number that threads wait for to change: they spin, then yield, then park.
 *
 * Any number of threads wait. Everything a thread wrote before its store is seen
 * by those whose wait it ended.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_BASE_WAIT_WORD_H
#define DLCORE_BASE_WAIT_WORD_H

#include "system/compiler.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/allocator.h"

DLCORE_HIDDEN_BEGIN

typedef struct dlcore_wait_word {
    _Alignas(DLCORE_ALIGNMENT) atomic_uint value;
    atomic_uint sleepers;
} dlcore_wait_word_t; /* of static storage it has the value 0 and no sleepers */

/* How long a thread waits awake. It spins for spin_ns, then gives its CPU to whoever wants it until
 * yield_ns more have passed. While *busy, the threads that want a CPU, exceeds `cpus` it does not
 * spin and yields only a few times. */
typedef struct dlcore_patience {
    const atomic_size_t *busy;
    size_t cpus;
    long spin_ns;
    long yield_ns;
} dlcore_patience_t;

/* Makes a word of value 0 out of any memory, also out of a word whose sleepers were lost in a fork.
 * There is nothing to take back when nobody waits any more. */
void dlcore_wait_word_init(dlcore_wait_word_t *word);

/* For one thread at a time. */
void dlcore_wait_word_store(dlcore_wait_word_t *word, unsigned value);
/* The second half of a store, for who changed the value by an atomic operation of its own
 * (sequentially consistent): wakes those who sleep, or only one of them. */
void dlcore_wait_word_wake(dlcore_wait_word_t *word, bool all);

/* Waits awake for the value to differ from `old`; whether it does. */
bool dlcore_wait_word_spin(dlcore_wait_word_t *word, unsigned old,
                           const dlcore_patience_t *patience);
/* Sleeps until the value differs from `old`. */
void dlcore_wait_word_park(dlcore_wait_word_t *word, unsigned old);

/* Tells the CPU that this thread spins. */
static inline void dlcore_pause(void)
{
#if defined(__GNUC__) && (defined(__x86_64__) || defined(__i386__))
    __builtin_ia32_pause();
#elif defined(__GNUC__) && defined(__aarch64__)
    __asm__ volatile("isb" ::: "memory"); /* yield is a nop on most cores */
#else
    atomic_signal_fence(memory_order_seq_cst);
#endif
}

DLCORE_HIDDEN_END

#endif
