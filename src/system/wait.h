/* Sleeping until a number changes: what futexes, WaitOnAddress and their like offer.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_SYSTEM_WAIT_H
#define DLCORE_SYSTEM_WAIT_H

#include "system/compiler.h"

#include <stdatomic.h>
#include <stdbool.h>

DLCORE_HIDDEN_BEGIN

/* Sleeps while *word is `old`. May also return for no reason: look at the word again. Whoever
 * changes the word has to wake those who may sleep on it. */
void dlcore_wait(atomic_uint *word, unsigned old);

/* Wakes all who sleep on the word, or, with `all` false, at least one of them. After the word was
 * changed, sequentially consistent. The word need not exist any more: only its address is used. */
void dlcore_wake(atomic_uint *word, bool all);

DLCORE_HIDDEN_END

#endif
