/* The inside of a table of cross-validation.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_FIT_CROSS_VALIDATION_H
#define DLCORE_FIT_CROSS_VALIDATION_H

#include "system/compiler.h"

#include "dlcore/cross_validation.h"

DLCORE_HIDDEN_BEGIN

/* One candidate on one fold. */
typedef struct dlcore_cross_cell {
    dlcore_evaluation_t result;
    double seconds;
} dlcore_cross_cell_t;

struct dlcore_cross_validation {
    dlcore_allocator_t allocator;
    size_t candidates, folds;
    char (*names)[DLCORE_CROSS_CANDIDATE_NAME_SIZE];
    dlcore_cross_cell_t *cells; /* fold by fold of each candidate */
};

DLCORE_HIDDEN_END

#endif
