/* Calls that are left out of the host's code, by longjmp or by a C++ exception: one table of the
 * places where dlcore runs such code, for the tests of both.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TESTS_LEFT_CALLS_H
#define DLCORE_TESTS_LEFT_CALLS_H

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct left_calls {
    /* Leaves the code that calls it, for `attempt` to return true. */
    void (*leave)(void);
    /* Runs `call`; whether it was left. */
    bool (*attempt)(void (*call)(void *), void *argument);
} left_calls_t;

/* Leaves every place in turn, and asserts what the model then answers, that abandoning the call
 * makes it whole, and that nothing leaks, abandoned or not. Answers the number of places. */
unsigned left_calls_check(const left_calls_t *by);

#ifdef __cplusplus
}
#endif

#endif
