/* Texts of errors: the system's, the caller's own, of any size.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "system/error_text.h"

static void test_error_text_known_number_is_the_systems_text(void **state)
{
    char text[80];

    (void)state;
    dlcore_error_text(ENOENT, text, sizeof text);
    assert_string_equal(text, strerror(ENOENT));
}

static void test_error_text_unknown_number_names_it(void **state)
{
    char text[80];

    (void)state;
    dlcore_error_text(123456, text, sizeof text);
    /* or what a C library says of every such number */
    assert_true(strstr(text, "123456") != NULL || strcmp(text, strerror(123456)) == 0);
}

static void test_error_text_short_room_is_cut(void **state)
{
    char text[6] = "......";

    (void)state;
    dlcore_error_text(ENOENT, text, 5);
    assert_true(memchr(text, '\0', 5) != NULL);
    assert_int_equal(text[5], '.');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_error_text_known_number_is_the_systems_text),
        cmocka_unit_test(test_error_text_unknown_number_names_it),
        cmocka_unit_test(test_error_text_short_room_is_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
