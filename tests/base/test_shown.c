/* Foreign text, paths and lists of names in messages.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/shown.h"

static void test_shown_text_is_cut_at_a_character_and_harmless(void **state)
{
    char to[DLCORE_SHOWN_SIZE], narrow[8];

    (void)state;
    assert_string_equal(dlcore_show(to, "a\x1b[2J\x7f", 6), "a?[2J?");
    assert_string_equal(dlcore_show(to, "123456789012345678901234567890", 30),
                        "123456789012345678901234567890");
    assert_string_equal(dlcore_show(to, "12345678901234567890123456789\xc3\xa4", 31),
                        "12345678901234567890123456789...");
    assert_string_equal(dlcore_show_in(narrow, sizeof narrow, "1234567", 7), "1234567");
    assert_string_equal(dlcore_show_in(narrow, sizeof narrow, "12345678", 8), "1234...");
    assert_string_equal(dlcore_show_in(narrow, sizeof narrow,
                                       "123\xc3\xa4"
                                       "678",
                                       8),
                        "123...");
}

static void test_shown_path_keeps_its_end(void **state)
{
    char to[8];

    (void)state;
    assert_string_equal(dlcore_show_path(to, sizeof to, "/a/b/cd"), "/a/b/cd");
    assert_string_equal(dlcore_show_path(to, sizeof to, "/a/b/c.d"), ".../c.d");
    assert_string_equal(dlcore_show_path(to, sizeof to, "/folder/\xc3\xa4.h5"), "....h5");
    assert_string_equal(dlcore_show_path(to, sizeof to, "a\nb"), "a?b");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shown_text_is_cut_at_a_character_and_harmless),
        cmocka_unit_test(test_shown_path_keeps_its_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
