/* Advice about memory changes neither what is in it nor errno.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include "system/memory.h"

static void test_memory_advice_changes_nothing(void **state)
{
    const size_t size = (size_t)8 << 20;
    unsigned char *bytes = malloc(size);

    (void)state;
    assert_non_null(bytes);
    memset(bytes, 0x5a, size);
    for (size_t skipped = 0; skipped < 3; skipped++) {
        errno = 99;
        dlcore_memory_prefer_large_pages(bytes + skipped, size - skipped);
        dlcore_memory_prefer_large_pages(bytes + skipped, skipped);
        assert_int_equal(errno, 99);
    }
    for (size_t i = 0; i < size; i++)
        if (bytes[i] != 0x5a)
            fail_msg("byte %d", (int)i);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_advice_changes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
