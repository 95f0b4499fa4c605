/* Sizes that come from outside.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/size.h"

static void test_size_of_double_takes_counts_that_are_exact(void **state)
{
    static const double counts[] = {0.0, -0.0, 1.0, 4294967296.0, 0x1p53};

    (void)state;
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        size_t size = 7;

        if (counts[i] > (double)SIZE_MAX)
            continue;
        assert_true(dlcore_size_of_double(counts[i], &size));
        assert_true((double)size == counts[i]);
    }
}

static void test_size_of_double_refuses_what_is_no_count(void **state)
{
    const double others[] = {NAN,     INFINITY, -INFINITY, -1.0,   0.5,
                             -1e-300, 1e300,    0x1p54,    0x1p64, (double)UINT64_MAX};

    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        size_t size = 7;

        assert_false(dlcore_size_of_double(others[i], &size));
        assert_int_equal(size, 7);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_size_of_double_takes_counts_that_are_exact),
        cmocka_unit_test(test_size_of_double_refuses_what_is_no_count),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
