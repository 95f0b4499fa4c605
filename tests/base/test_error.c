/* Status texts and error records.
 *
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"

static void test_error_every_status_has_name_and_text(void **state)
{
    static const dlcore_status all[] = {
#define VALUE(name, value, message) DLCORE_##name,
        DLCORE_STATUS_LIST(VALUE)
#undef VALUE
    };
    const size_t count = sizeof all / sizeof all[0];

    (void)state;
    assert_int_equal(DLCORE_OK, 0);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(all[i], -(int)i); /* values in use never change */
        assert_memory_equal(dlcore_status_name(all[i]), "DLCORE_", 7);
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(dlcore_status_string(all[i]), dlcore_status_string(all[j]));
            assert_string_not_equal(dlcore_status_name(all[i]), dlcore_status_name(all[j]));
        }
    }
    assert_string_equal(dlcore_status_name(DLCORE_ERROR_SHAPE), "DLCORE_ERROR_SHAPE");
    assert_string_equal(dlcore_status_string(DLCORE_ERROR_MEMORY), "out of memory");
}

static void test_error_unknown_status_is_told(void **state)
{
    static const int unknown[] = {1, -1000, 1 << 30};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(dlcore_status_string((dlcore_status)unknown[i]), "unknown status");
        assert_string_equal(dlcore_status_name((dlcore_status)unknown[i]), "unknown status");
    }
}

static void test_error_fail_fills_the_record_and_answers_the_status(void **state)
{
    dlcore_error_record_t error;

    (void)state;
    assert_int_equal(
        dlcore_fail(&error, DLCORE_ERROR_SHAPE, "expects %d, got %zu", 784, (size_t)512),
        DLCORE_ERROR_SHAPE);
    assert_int_equal(error.status, DLCORE_ERROR_SHAPE);
    assert_string_equal(error.message, "expects 784, got 512");
    assert_int_equal(dlcore_fail(NULL, DLCORE_ERROR_NAME, "nobody reads this"), DLCORE_ERROR_NAME);
    assert_int_equal(dlcore_fail_memory(&error, "tensor", 4096), DLCORE_ERROR_MEMORY);
    assert_string_equal(error.message, "tensor: no memory for 4096 bytes");
    dlcore_error_clear(&error);
    assert_int_equal(error.status, DLCORE_OK);
    assert_string_equal(error.message, "");
    dlcore_error_clear(NULL);
}

static void test_error_long_messages_are_cut_and_ended(void **state)
{
    struct {
        dlcore_error_record_t error;
        char behind;
    } record = {.behind = 'b'};
    char text[2 * DLCORE_ERROR_MESSAGE_SIZE];

    (void)state;
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    (void)dlcore_fail(&record.error, DLCORE_ERROR_NAME, "%s", text);
    assert_int_equal(strlen(record.error.message), DLCORE_ERROR_MESSAGE_SIZE - 1);
    /* of every length around the end, with the reason behind */
    for (size_t length = DLCORE_ERROR_MESSAGE_SIZE - 50; length < DLCORE_ERROR_MESSAGE_SIZE + 5;
         length++) {
        text[length] = '\0';
        assert_int_equal(dlcore_fail_errno(&record.error, ENOENT, "%s", text), DLCORE_ERROR_IO);
        text[length] = 'x';
        assert_in_range(strlen(record.error.message), DLCORE_ERROR_MESSAGE_SIZE - 50,
                        DLCORE_ERROR_MESSAGE_SIZE - 1);
    }
    assert_int_equal(record.behind, 'b');
}

/* Names of layers and arrays come from files, and a terminal obeys what they may hold. */
static void test_error_messages_have_no_control_characters(void **state)
{
    dlcore_error_record_t error;

    (void)state;
    (void)dlcore_fail(&error, DLCORE_ERROR_NAME, "no layer \"%s\"", "\x1B[2J\ta\x7F\n\xC3\xA4");
    assert_string_equal(error.message, "no layer \"?[2J?a??\xC3\xA4\"");
    (void)dlcore_fail_errno(&error, ENOENT, "%s: cannot open", "a\rb");
    assert_memory_equal(error.message, "a?b: cannot open: ", 18);
}

static void test_error_errno_is_said_in_words(void **state)
{
    dlcore_error_record_t error;

    (void)state;
    assert_int_equal(dlcore_fail_errno(&error, ENOENT, "cannot open %s", "a.idx"), DLCORE_ERROR_IO);
    assert_int_equal(error.status, DLCORE_ERROR_IO);
    assert_string_equal(error.message, "cannot open a.idx: No such file or directory");
    assert_int_equal(dlcore_fail_errno(NULL, ENOENT, "nobody reads this"), DLCORE_ERROR_IO);
    /* one that no system has */
    (void)dlcore_fail_errno(&error, 123456, "x");
    assert_memory_equal(error.message, "x: ", 3);
    assert_true(strlen(error.message) > 3);
}

static const char *name_of(int value)
{
    static const char *const names[] = {"none", "first", "second"};

    return value < 3 ? names[value] : "a_name_that_is_long_enough_to_fill_records_soon";
}

static void test_error_unknown_choice_is_told_with_the_names_there_are(void **state)
{
    dlcore_error_record_t error;

    (void)state;
    assert_int_equal(dlcore_check_choice("it", "kind", 2, 1, 2, name_of, &error), DLCORE_OK);
    assert_int_equal(dlcore_check_choice("it", "kind", 3, 1, 2, name_of, NULL),
                     DLCORE_ERROR_ARGUMENT);
    assert_int_equal(dlcore_check_choice("it", "kind", 3, 1, 2, name_of, &error),
                     DLCORE_ERROR_ARGUMENT);
    assert_int_equal(error.status, DLCORE_ERROR_ARGUMENT);
    assert_string_equal(error.message, "it: kind 3 is unknown: known are first, second");
    (void)dlcore_check_choice("it", "kind", 0, 1, 2, name_of, &error);
    assert_string_equal(
        error.message,
        "it: kind 0 is unknown (not set, or a name that was not found?): known are first, second");
    (void)dlcore_check_choice("it", "kind", -1, 0, 1, name_of, &error);
    assert_string_equal(
        error.message,
        "it: kind -1 is unknown (a name that was not found?): known are none, first");
    (void)dlcore_check_choice("it", "kind", 99, 0, 50, name_of, &error);
    assert_true(strlen(error.message) < sizeof error.message);
    assert_string_equal(error.message + strlen(error.message) - 5, ", ...");
    assert_non_null(strstr(error.message, "records_soon, ..."));
}

static void test_error_numbers_out_of_their_range_are_told(void **state)
{
    dlcore_error_record_t error;

    (void)state;
    assert_int_equal(dlcore_check_range("it", "rate", 0.5, 0.5, 2, &error), DLCORE_OK);
    assert_int_equal(dlcore_check_range("it", "rate", 2, 0.5, 2, &error), DLCORE_OK);
    assert_int_equal(dlcore_check_range("it", "rate", 0.4375, 0.5, 2, &error),
                     DLCORE_ERROR_ARGUMENT);
    assert_string_equal(error.message, "it: rate must lie in 0.5 .. 2, got 0.4375");
    assert_int_equal(dlcore_check_range("it", "rate", 2.5, 0.5, 2, NULL), DLCORE_ERROR_ARGUMENT);
    assert_int_equal(dlcore_check_range("it", "rate", NAN, 0.5, 2, NULL), DLCORE_ERROR_ARGUMENT);

    assert_int_equal(dlcore_check_below("it", "rate", 0, 0, 1, &error), DLCORE_OK);
    assert_int_equal(dlcore_check_below("it", "rate", 0.9999999, 0, 1, &error), DLCORE_OK);
    assert_int_equal(dlcore_check_below("it", "rate", 1, 0, 1, &error), DLCORE_ERROR_ARGUMENT);
    assert_string_equal(error.message, "it: rate must be at least 0 and below 1, got 1");
    assert_int_equal(dlcore_check_below("it", "rate", 0.99999999, 0, 1, NULL),
                     DLCORE_ERROR_ARGUMENT); /* 1 as a float */
    assert_int_equal(dlcore_check_below("it", "rate", -0.5, 0, 1, NULL), DLCORE_ERROR_ARGUMENT);
    assert_int_equal(dlcore_check_below("it", "rate", NAN, 0, 1, NULL), DLCORE_ERROR_ARGUMENT);

    assert_int_equal(dlcore_check_count("it", "units", 1, 1, 16, &error), DLCORE_OK);
    assert_int_equal(dlcore_check_count("it", "units", 16, 1, 16, &error), DLCORE_OK);
    assert_int_equal(dlcore_check_count("it", "units", 17, 1, 16, &error), DLCORE_ERROR_ARGUMENT);
    assert_string_equal(error.message, "it: units must lie in 1 .. 16, got 17");
    assert_int_equal(dlcore_check_count("it", "units", 0, 1, 16, NULL), DLCORE_ERROR_ARGUMENT);
    assert_int_equal(dlcore_check_count("it", "units", SIZE_MAX, 1, SIZE_MAX, &error), DLCORE_OK);
    assert_int_equal(dlcore_check_count("it", "units", 0, 1, SIZE_MAX, &error),
                     DLCORE_ERROR_ARGUMENT);
    assert_string_equal(error.message, "it: units must be 1 or more, got 0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_error_every_status_has_name_and_text),
        cmocka_unit_test(test_error_unknown_status_is_told),
        cmocka_unit_test(test_error_fail_fills_the_record_and_answers_the_status),
        cmocka_unit_test(test_error_long_messages_are_cut_and_ended),
        cmocka_unit_test(test_error_messages_have_no_control_characters),
        cmocka_unit_test(test_error_errno_is_said_in_words),
        cmocka_unit_test(test_error_unknown_choice_is_told_with_the_names_there_are),
        cmocka_unit_test(test_error_numbers_out_of_their_range_are_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
