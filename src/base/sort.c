/* Heap sort.
 *
 * SPDX-License-Identifier: MIT */
#include "base/sort.h"

static bool comes_before(dlcore_before_t *before, const void *things, size_t a, size_t b)
{
    if (before(things, a, b))
        return true;
    return a < b && !before(things, b, a);
}

/* Moves the number at `at` down until none below it comes later. */
static void sift_number(size_t *order, size_t count, size_t at, dlcore_before_t *before,
                        const void *things)
{
    size_t moved = order[at];

    for (;;) {
        size_t below = 2 * at + 1;

        if (below >= count)
            break;
        if (below + 1 < count && comes_before(before, things, order[below], order[below + 1]))
            below++;
        if (!comes_before(before, things, moved, order[below]))
            break;
        order[at] = order[below];
        at = below;
    }
    order[at] = moved;
}

void dlcore_sort_numbers(size_t *order, size_t count, dlcore_before_t *before, const void *things)
{
    for (size_t at = count / 2; at-- > 0;)
        sift_number(order, count, at, before, things);
    while (count > 1) {
        size_t last = order[--count];

        order[count] = order[0];
        order[0] = last;
        sift_number(order, count, 0, before, things);
    }
}
