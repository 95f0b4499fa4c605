/* Paths with fields as Python's str.format fills them, and its shortest numbers.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <float.h>
#include <stdlib.h>

#include "store/path_pattern.h"
#include "support/callback_case.h"

static dlcore_status expand(char *to, size_t room, const char *pattern, bool by_batches,
                            dlcore_error_record_t *error)
{
    static const char *const names[] = {"loss", "val_loss", "val_mean_absolute_error"};
    static const double values[] = {0.12345, -1.0 / 3.0, NAN};
    dlcore_training_event_t event = {.epoch = 6,
                                     .batch = 41,
                                     .names = names,
                                     .values = values,
                                     .value_count = 3,
                                     .error = error};

    return dlcore_path_expand(to, room, pattern, "tester", &event, by_batches);
}

static void test_path_expand_fills_fields_as_python_does(void **state)
{
    static const struct {
        const char *pattern, *path;
    } cases[] = {
        {"plain.safetensors", "plain.safetensors"},
        {"{epoch}", "7"},
        {"{epoch:d}", "7"},
        {"{epoch:02d}-{val_loss:.2f}", "07--0.33"},
        {"{epoch:3d}|", "  7|"},
        {"{epoch:03}.{batch:04d}", "007.0042"},
        {"{loss:.3f}{loss:8.2f}{loss:08.2f}{val_loss:08.3f}", "0.123    0.1200000.12-000.333"},
        {"{loss:.2e} {loss:f} {loss:e}", "1.23e-01 0.123450 1.234500e-01"},
        {"{loss}{val_loss}", "0.12345-0.3333333333333333"},
        {"{val_mean_absolute_error:.1f}", "nan"},
        {"{{{epoch}}}", "{7}"},
    };
    char path[128];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dlcore_error_record_t error = {0};

        assert_int_equal(expand(path, sizeof path, cases[i].pattern,
                                strstr(cases[i].pattern, "{batch") != NULL, &error),
                         DLCORE_OK);
        assert_string_equal(path, cases[i].path);
    }
}

static void test_path_expand_by_batches_of_validation_is_refused(void **state)
{
    static const char *const bad[] = {"{batch}-{val_loss:.2f}", "{batch}-{ValLoss:.2f}",
                                      "{valloss}", "{_val_loss}", "{Val_MAE}"};
    char path[64];

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        dlcore_error_record_t error = {0};

        assert_int_equal(expand(path, sizeof path, bad[i], true, &error), DLCORE_ERROR_ARGUMENT);
        assert_non_null(strstr(error.message, "} has no value after a batch"));
    }
}

static void test_path_folder_varies_with_fields_before_the_name_alone(void **state)
{
    (void)state;
    assert_false(dlcore_path_folder_varies("m-{epoch}.safetensors"));
    assert_false(dlcore_path_folder_varies("folder/{epoch}-{loss:.2f}"));
    assert_false(dlcore_path_folder_varies("{{folder}}/{epoch}"));
    assert_false(dlcore_path_folder_varies("{{/m"));
    assert_true(dlcore_path_folder_varies("{epoch}/m"));
    assert_true(dlcore_path_folder_varies("/a{{{epoch}}}/m"));
    assert_true(dlcore_path_folder_varies("a/{epoch:02d}-{loss}/m"));
}

static void test_path_expand_of_malformed_fields_is_refused_with_the_place(void **state)
{
    static const char *const bad[] = {
        "{",
        "a}",
        "{}",
        "{epoch",
        "{epoch:",
        "{epoch:02x}",
        "{epoch:.2f}",
        "{loss:d}",
        "{loss:99.1f}",
        "{loss:.99f}",
        "{loss:.f}",
        "{epoch:02d",
        "{epoch:f}",
        "{{epoch}",
        "{epoch{loss}}",
        "{loss:.2f }",
        "{loss:.2}",
        "{epoch:.2}",
        "{epoch:.2d}",
        "{a_name_that_no_value_of_training_has_because_it_is_much_too_long_for_one}"};
    char path[64];

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        dlcore_error_record_t error = {0};

        if (expand(path, sizeof path, bad[i], true, &error) != DLCORE_ERROR_ARGUMENT)
            fail_msg("\"%s\" became \"%s\"", bad[i], path);
        assert_non_null(strstr(error.message, "tester: path: \""));
    }
}

static void test_path_expand_of_unknown_names_lists_those_that_are_there(void **state)
{
    dlcore_error_record_t error = {0};
    char path[64];

    (void)state;
    assert_int_equal(expand(path, sizeof path, "{los:.2f}", true, &error), DLCORE_ERROR_NAME);
    assert_string_equal(error.message, "tester: there is no value \"los\"; there are loss, "
                                       "val_loss, val_mean_absolute_error");
    assert_int_equal(expand(path, sizeof path, "{batch}", false, &error), DLCORE_ERROR_NAME);
    assert_int_equal(expand(path, sizeof path, "", false, &error), DLCORE_ERROR_ARGUMENT);
    assert_int_equal(expand(path, sizeof path, NULL, false, &error), DLCORE_ERROR_ARGUMENT);
}

static void test_path_expand_of_a_long_path_needs_its_room(void **state)
{
    dlcore_error_record_t error = {0};
    char path[9];

    (void)state;
    assert_int_equal(expand(path, 8, "{epoch:06d}a", false, &error), DLCORE_OK);
    assert_string_equal(path, "000007a");
    path[8] = '!';
    assert_int_equal(expand(path, 8, "{epoch:06d}ab", false, &error), DLCORE_ERROR_ARGUMENT);
    assert_int_equal(path[8], '!');
    assert_non_null(strstr(error.message, "has 8 bytes, at most 7"));
}

static void test_shortest_is_what_python_writes(void **state)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {{0.0, "0.0"},
                 {-0.0, "-0.0"},
                 {1.0, "1.0"},
                 {-2.5, "-2.5"},
                 {0.1, "0.1"},
                 {0.1 + 0.2, "0.30000000000000004"},
                 {1.0 / 3.0, "0.3333333333333333"},
                 {100.0, "100.0"},
                 {123456.789, "123456.789"},
                 {1e15, "1000000000000000.0"},
                 {1e16, "1e+16"},
                 {1.5e16, "1.5e+16"},
                 {0.0001, "0.0001"},
                 {0.00012, "0.00012"},
                 {0.00001, "1e-05"},
                 {1.25e-7, "1.25e-07"},
                 {DBL_MAX, "1.7976931348623157e+308"},
                 {5e-324, "5e-324"},
                 {2.2250738585072014e-308, "2.2250738585072014e-308"},
                 {9007199254740993.0, "9007199254740992.0"},
                 {INFINITY, "inf"},
                 {-INFINITY, "-inf"},
                 {NAN, "nan"}};
    char text[DLCORE_SHORTEST_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(dlcore_shortest(text, cases[i].value), cases[i].text);
}

static void test_shortest_reads_back_as_the_same_double(void **state)
{
    uint64_t bits = 1;
    char text[DLCORE_SHORTEST_SIZE];

    (void)state;
    for (int i = 0; i < 20000; i++) {
        double value;

        bits = bits * 6364136223846793005u + 1442695040888963407u;
        memcpy(&value, &bits, sizeof value);
        if (isfinite(value))
            assert_true(strtod(dlcore_shortest(text, value), NULL) == value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_path_expand_fills_fields_as_python_does),
        cmocka_unit_test(test_path_expand_by_batches_of_validation_is_refused),
        cmocka_unit_test(test_path_folder_varies_with_fields_before_the_name_alone),
        cmocka_unit_test(test_path_expand_of_malformed_fields_is_refused_with_the_place),
        cmocka_unit_test(test_path_expand_of_unknown_names_lists_those_that_are_there),
        cmocka_unit_test(test_path_expand_of_a_long_path_needs_its_room),
        cmocka_unit_test(test_shortest_is_what_python_writes),
        cmocka_unit_test(test_shortest_reads_back_as_the_same_double),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
