/* Cases of training that ranks and a model alone must agree on: what tests/mpi.sh runs over MPI.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TESTS_RANKED_CASES_H
#define DLCORE_TESTS_RANKED_CASES_H

#include "support/ranked_fit.h"

/* The index-th; false past the end. */
bool ranked_case_at(size_t index, ranked_case_t *ranked_case, char name[64]);

#endif
