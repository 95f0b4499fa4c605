/* Numbers as text: decimals, exponents, the ends of the range, and other locales' points.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <float.h>
#include <locale.h>
#include <math.h>
#include <string.h>

#include "base/number.h"

static void test_number_fixed_rounds_to_the_decimals(void **state)
{
    char text[DLCORE_NUMBER_SIZE];

    (void)state;
    assert_string_equal(dlcore_number(text, 0.91339, 4, 0), "0.9134");
    assert_string_equal(dlcore_number(text, -1.5, 1, 0), "-1.5");
    assert_string_equal(dlcore_number(text, 1234567.0, 2, 0), "1234567.00");
    assert_string_equal(dlcore_number(text, 2.6, 0, 0), "3");
    assert_ptr_equal(dlcore_number(text, 0.0, 4, 0), text);
    assert_string_equal(text, "0.0000");
}

static void test_number_exponent_keeps_its_signs(void **state)
{
    char text[DLCORE_NUMBER_SIZE];

    (void)state;
    assert_string_equal(dlcore_number(text, 0.0015, 1, 1), "1.5e-03");
    assert_string_equal(dlcore_number(text, -2.5e10, 4, 1), "-2.5000e+10");
}

static void test_number_not_finite_is_named(void **state)
{
    char text[DLCORE_NUMBER_SIZE];

    (void)state;
    assert_string_equal(dlcore_number(text, (double)INFINITY, 4, 0), "inf");
    assert_string_equal(dlcore_number(text, -(double)INFINITY, 4, 1), "-inf");
    assert_non_null(strstr(dlcore_number(text, (double)NAN, 4, 0), "nan"));
}

static void test_number_too_long_is_cut(void **state)
{
    char text[DLCORE_NUMBER_SIZE + 1];

    (void)state;
    text[DLCORE_NUMBER_SIZE] = '!';
    dlcore_number(text, DBL_MAX, 4, 0);
    assert_int_equal(strlen(text), DLCORE_NUMBER_SIZE - 1);
    assert_memory_equal(text, "179769313486231570", 18);
    assert_int_equal(text[DLCORE_NUMBER_SIZE], '!');
}

/* ps_AF writes U+066B, two bytes, where others write a comma. */
static void test_number_in_another_locale_has_a_point(void **state)
{
    static const char *const locales[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "ps_AF.UTF-8",
                                          "fa_IR.UTF-8"};
    char text[DLCORE_NUMBER_SIZE];
    size_t tried = 0;

    (void)state;
    for (size_t i = 0; i < sizeof locales / sizeof locales[0]; i++) {
        if (setlocale(LC_NUMERIC, locales[i]) == NULL)
            continue;
        tried++;
        assert_string_equal(dlcore_number(text, -3.25, 2, 0), "-3.25");
        assert_string_equal(dlcore_number(text, 0.0015, 1, 1), "1.5e-03");
    }
    setlocale(LC_NUMERIC, "C");
    if (tried == 0)
        skip();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_number_fixed_rounds_to_the_decimals),
        cmocka_unit_test(test_number_exponent_keeps_its_signs),
        cmocka_unit_test(test_number_not_finite_is_named),
        cmocka_unit_test(test_number_too_long_is_cut),
        cmocka_unit_test(test_number_in_another_locale_has_a_point),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
