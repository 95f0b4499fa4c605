/* Medians of numbers in the worst order.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "table/schema_learn.h"

enum { COUNT = 2001, TURNS = 200 };

/* The order in which each turn of halving takes two numbers away, the two least: the first is the
 * least, the one in the middle the next, whatever turns before have moved there (McIlroy, "A killer
 * adversary for quicksort", 1999). */
static void order_badly(double *numbers)
{
    size_t places[COUNT]; /* which number of the original order is where now */
    size_t next = 0;

    for (size_t i = 0; i < COUNT; i++)
        places[i] = i;
    for (size_t turn = 0, begin = 0; turn < TURNS; turn++, begin += 2) {
        size_t *part = places + begin, size = COUNT - begin, middle = size / 2,
               pivot = part[middle];

        numbers[part[0]] = (double)next++;
        numbers[pivot] = (double)next++;
        /* the greater ones go to the end one after the other, until the pivot comes to place 1 */
        for (size_t at = 1, high = size; at < high;) {
            if (part[at] == pivot) {
                at++;
            } else {
                size_t moved = part[at];

                part[at] = part[--high];
                part[high] = moved;
            }
        }
        assert_int_equal(part[1], pivot);
    }
    for (size_t i = (size_t)2 * TURNS; i < COUNT; i++)
        numbers[places[i]] = (double)next++;
}

static void test_schema_median_of_the_worst_order_is_exact(void **state)
{
    const int middle = (COUNT - 1) / 2;
    double numbers[COUNT];

    (void)state;
    order_badly(numbers);
    assert_true(dlcore_median(numbers, COUNT) == middle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schema_median_of_the_worst_order_is_exact),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
