/* Sorting numbers of things by what they stand for.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_BASE_SORT_H
#define DLCORE_BASE_SORT_H

#include "system/compiler.h"

#include <stdbool.h>
#include <stddef.h>

DLCORE_HIDDEN_BEGIN

/* Whether thing a comes before thing b; false where neither does. */
typedef bool dlcore_before_t(const void *things, size_t a, size_t b);

/* Sorts `order`, `count` different numbers, in place: n log n whatever the order, no recursion, no
 * memory. Of things that are equal the smaller number comes first. */
void dlcore_sort_numbers(size_t *order, size_t count, dlcore_before_t *before, const void *things);

DLCORE_HIDDEN_END

#endif
