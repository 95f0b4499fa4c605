/* Ranks of a loopback against a model alone, and against each other; they fail the test.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TESTS_RANKED_CHECK_H
#define DLCORE_TESTS_RANKED_CHECK_H

#include "support/ranked_fit.h"

/* All ranks have the same bits, and those of `expected` but for rounding. `what` begins messages.
 */
void ranked_assert_agree(const char *what, const ranked_result_t *results, size_t size,
                         const ranked_result_t *expected);
/* Runs the case alone and on 2, 3, 4 and 8 ranks, which agree. */
void ranked_check(const char *what, const ranked_case_t *ranked_case);
/* Runs it deterministic on 1, 2, 4 and 8 ranks, on one thread and on two: the same bits. */
void ranked_check_bits(const char *what, const ranked_case_t *ranked_case);

#endif
