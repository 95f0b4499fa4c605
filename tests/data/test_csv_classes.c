/* Class names and their numbers: order, limits, lists that are given.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/allocator.h"
#include "data/csv_classes.h"
#include "support/tensors.h"

static dlcore_csv_classes_t classes_of(const char *const *names, size_t count, int32_t *codes)
{
    dlcore_csv_options_t options = dlcore_csv_options_default();
    dlcore_allocator_t allocator = dlcore_allocator_default();
    dlcore_csv_classes_t classes;

    assert_int_equal(dlcore_csv_start_classes(&classes, &options, &allocator, NULL), DLCORE_OK);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(dlcore_csv_class_code(&classes, names[i], strlen(names[i]), &codes[i]),
                         DLCORE_OK);
    assert_int_equal(dlcore_csv_finish_classes(&classes, codes, count, NULL), DLCORE_OK);
    return classes;
}

static void test_csv_classes_text_is_sorted_by_bytes(void **state)
{
    static const char *const names[] = {"b", "a", "B", "10", "9", "ab", "b", "\xC3\xA9", "a"};
    static const char *const sorted[] = {"10", "9", "B", "a", "ab", "b", "\xC3\xA9"};
    static const int32_t expected[] = {5, 3, 2, 0, 1, 4, 5, 6, 3};
    int32_t codes[9];
    dlcore_csv_classes_t classes = classes_of(names, 9, codes);

    (void)state;
    assert_int_equal(classes.count, 7);
    for (size_t i = 0; i < 7; i++)
        assert_string_equal(classes.names[i], sorted[i]);
    assert_memory_equal(codes, expected, sizeof expected);
    dlcore_csv_release_classes(&classes);
}

static void test_csv_classes_whole_numbers_are_sorted_as_such(void **state)
{
    static const char *const names[] = {"10", "9", "-1", "0", "100", "9", "-20"};
    static const char *const sorted[] = {"-20", "-1", "0", "9", "10", "100"};
    static const int32_t expected[] = {4, 3, 1, 2, 5, 3, 0};
    int32_t codes[7];
    dlcore_csv_classes_t classes = classes_of(names, 7, codes);

    (void)state;
    for (size_t i = 0; i < 6; i++)
        assert_string_equal(classes.names[i], sorted[i]);
    assert_memory_equal(codes, expected, sizeof expected);
    dlcore_csv_release_classes(&classes);
}

static void test_csv_classes_numbers_with_points_are_sorted_as_such(void **state)
{
    static const char *const names[] = {
        "10.0", "2.0", "0.0", "-1e3", "2", "+3", "9000000000000001", "9000000000000000.0", ".5"};
    static const char *const sorted[] = {
        "-1e3", "0.0", ".5", "2", "2.0", "+3", "10.0", "9000000000000000.0", "9000000000000001"};
    static const char *const mixed[] = {"10.0", "2.0", "many"};
    int32_t codes[9];
    dlcore_csv_classes_t classes = classes_of(names, 9, codes);

    (void)state;
    for (size_t i = 0; i < 9; i++)
        assert_string_equal(classes.names[i], sorted[i]);
    for (size_t i = 0; i < 9; i++)
        assert_string_equal(classes.names[codes[i]], names[i]);
    dlcore_csv_release_classes(&classes);
    classes = classes_of(mixed, 3, codes); /* not all are numbers: by bytes */
    for (size_t i = 0; i < 3; i++)
        assert_string_equal(classes.names[i], mixed[i]);
    dlcore_csv_release_classes(&classes);
}

/* However it is written; then by bytes, whatever came first. */
static void test_csv_classes_equal_numbers_are_sorted_by_bytes(void **state)
{
    static const char *const names[] = {"2", "5e0", "1e3", "1000", "5", "5.0", "1000.0", "0.5e1"};
    static const char *const sorted[] = {"2", "0.5e1", "5", "5.0", "5e0", "1000", "1000.0", "1e3"};
    int32_t codes[8];
    dlcore_csv_classes_t classes = classes_of(names, 8, codes);

    (void)state;
    for (size_t i = 0; i < 8; i++)
        assert_string_equal(classes.names[i], sorted[i]);
    for (size_t i = 0; i < 8; i++)
        assert_string_equal(classes.names[codes[i]], names[i]);
    dlcore_csv_release_classes(&classes);
}

static void test_csv_classes_have_their_limits(void **state)
{
    dlcore_csv_options_t options = dlcore_csv_options_default();
    dlcore_allocator_t allocator = dlcore_allocator_default();
    dlcore_csv_classes_t classes;
    dlcore_error_record_t error;
    dlcore_status status;
    char name[256];
    int32_t code;

    (void)state;
    dlcore_csv_start_classes(&classes, &options, &allocator, NULL);
    memset(name, 'x', sizeof name);
    status = dlcore_csv_class_code(&classes, name, 256, &code);
    assert_failed(dlcore_csv_refuse_class(&classes, name, 256, "here", status, &error),
                  DLCORE_ERROR_FORMAT, &error, "here: a class name has a zero byte, or 256 bytes");
    assert_int_equal(dlcore_csv_class_code(&classes, "a\0b", 3, &code), DLCORE_ERROR_FORMAT);
    assert_int_equal(dlcore_csv_class_code(&classes, name, 255, &code), DLCORE_OK);
    for (int i = 1; i < DLCORE_CSV_CLASSES_MAX; i++) {
        int length = snprintf(name, sizeof name, "%d", i * 7919 % 65537);

        assert_int_equal(dlcore_csv_class_code(&classes, name, (size_t)length, &code), DLCORE_OK);
        assert_int_equal(code, i);
    }
    status = dlcore_csv_class_code(&classes, "one more", 8, &code);
    assert_failed(dlcore_csv_refuse_class(&classes, "one more", 8, "here", status, &error),
                  DLCORE_ERROR_OVERFLOW, &error, "here: more than 10000 classes");
    dlcore_csv_release_classes(&classes);
}

static void test_csv_classes_bad_lists_are_refused(void **state)
{
    static const char *const twice[] = {"a", "b", "a"}, *const none[] = {"a", NULL};
    dlcore_csv_options_t options = dlcore_csv_options_default();
    dlcore_allocator_t allocator = dlcore_allocator_default();
    dlcore_csv_classes_t classes;
    dlcore_error_record_t error;

    (void)state;
    options.classes = twice;
    options.class_count = 3;
    assert_failed(dlcore_csv_start_classes(&classes, &options, &allocator, &error),
                  DLCORE_ERROR_ARGUMENT, &error, "csv: class 2 has the name of another");
    dlcore_csv_release_classes(&classes);
    options.classes = none;
    options.class_count = 2;
    assert_failed(dlcore_csv_start_classes(&classes, &options, &allocator, &error),
                  DLCORE_ERROR_ARGUMENT, &error, "csv: class 1 is NULL");
    dlcore_csv_release_classes(&classes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_csv_classes_text_is_sorted_by_bytes),
        cmocka_unit_test(test_csv_classes_whole_numbers_are_sorted_as_such),
        cmocka_unit_test(test_csv_classes_numbers_with_points_are_sorted_as_such),
        cmocka_unit_test(test_csv_classes_equal_numbers_are_sorted_by_bytes),
        cmocka_unit_test(test_csv_classes_have_their_limits),
        cmocka_unit_test(test_csv_classes_bad_lists_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
