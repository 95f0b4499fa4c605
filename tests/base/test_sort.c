/* Sorting numbers by what they stand for.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/sort.h"
#include "support/random_numbers.h"

static bool is_less(const void *things, size_t a, size_t b)
{
    const int *values = things;

    return values[a] < values[b];
}

/* Of every length, with many equal ones: each number once, in order, equal ones ascending. */
static void test_sort_numbers_orders_by_value_then_by_number(void **state)
{
    enum { MOST = 200 };
    int values[MOST];
    size_t order[MOST];

    (void)state;
    random_seed(5);
    for (size_t count = 0; count <= MOST; count++) {
        for (size_t i = 0; i < count; i++) {
            values[i] = (int)random_below(1 + count / 3);
            order[i] = count - 1 - i;
        }
        dlcore_sort_numbers(order, count, is_less, values);
        for (size_t i = 1; i < count; i++)
            assert_true(values[order[i - 1]] < values[order[i]] ||
                        (values[order[i - 1]] == values[order[i]] && order[i - 1] < order[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sort_numbers_orders_by_value_then_by_number),
    };

    return cmocka_run_group_tests_name("sort", tests, NULL, NULL);
}
