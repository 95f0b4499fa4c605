/* What reference.c is made of.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TESTS_REFERENCE_PARTS_H
#define DLCORE_TESTS_REFERENCE_PARTS_H

#include "support/reference.h"

/* values[i + 1] of values[i], logits of the last activation, activities[i]; nearest_kink. */
void reference_forward(reference_t *network, size_t i);

/* The loss of a row of the last values; nearest_kink and nearest_clip. */
double reference_row_loss(reference_t *network, size_t row);

#endif
