/* Nobody to wait for: with one thread a number that is not there yet never comes, and nothing in
 * the library waits.
 *
 * SPDX-License-Identifier: MIT */
#include "system/features.h"

#include "system/wait.h"

void dlcore_wait(atomic_uint *word, unsigned old)
{
    (void)word;
    (void)old;
}

void dlcore_wake(atomic_uint *word, bool all)
{
    (void)word;
    (void)all;
}
