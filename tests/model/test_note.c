/* Notes of a model: set, changed, removed, listed, copied; lists of names; limits.
 *
 * SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L /* strdup */

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dlcore/note.h"
#include "support/failing_allocator.h"
#include "support/models.h"

static dlcore_model_t *new_model(void)
{
    dlcore_model_t *model;

    assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
    return model;
}

static void assert_refused(const dlcore_model_t *model, dlcore_status status,
                           dlcore_status expected, const char *text)
{
    if (status != expected || strstr(dlcore_model_error(model), text) == NULL)
        fail_msg("%s, \"%s\", not \"%s\"", dlcore_status_name(status), dlcore_model_error(model),
                 text);
}

static void test_note_texts_are_kept_in_order(void **state)
{
    dlcore_model_t *model = new_model();
    char key[] = "a", text[] = "first\nsecond line";

    (void)state;
    assert_int_equal(dlcore_model_note_count(model), 0);
    assert_null(dlcore_model_note(model, "a"));
    assert_accepted(model, dlcore_model_set_note(model, key, text));
    assert_accepted(model, dlcore_model_set_note(model, "b", ""));
    assert_accepted(model, dlcore_model_set_note(model, "gr\303\266\303\237e", "{\"x\": 1}"));
    memset(key, 'x', 1);
    memset(text, 'x', 5); /* copies are kept */
    assert_string_equal(dlcore_model_note(model, "a"), "first\nsecond line");
    assert_string_equal(dlcore_model_note(model, "b"), "");
    assert_int_equal(dlcore_model_note_count(model), 3);
    assert_string_equal(dlcore_model_note_key(model, 0), "a");
    assert_string_equal(dlcore_model_note_key(model, 2), "gr\303\266\303\237e");
    assert_null(dlcore_model_note_key(model, 3));
    assert_accepted(model, dlcore_model_set_note(model, "a", "changed"));
    assert_string_equal(dlcore_model_note(model, "a"), "changed");
    assert_string_equal(dlcore_model_note_key(model, 0), "a");
    assert_accepted(model, dlcore_model_set_note(model, "a", dlcore_model_note(model, "a")));
    assert_string_equal(dlcore_model_note(model, "a"), "changed");
    assert_accepted(model, dlcore_model_set_note(model, "b", NULL));
    assert_accepted(model, dlcore_model_set_note(model, "none", NULL));
    assert_int_equal(dlcore_model_note_count(model), 2);
    assert_null(dlcore_model_note(model, "b"));
    assert_string_equal(dlcore_model_note_key(model, 1), "gr\303\266\303\237e");
    dlcore_model_free(model);
}

static void assert_names(const dlcore_model_t *model, const char *key, const char *const *expected,
                         size_t count)
{
    size_t got;
    const char *const *names = dlcore_model_note_names(model, key, &got);

    assert_int_equal(got, count);
    assert_true((names == NULL) == (count == 0));
    for (size_t i = 0; i < count && names != NULL; i++)
        assert_string_equal(names[i], expected[i]);
}

static void test_note_names_are_a_json_array(void **state)
{
    static const char *const names[] = {"setosa", "", "a \"b\"\\\n", "gr\303\266\303\237e"};
    dlcore_model_t *model = new_model();

    (void)state;
    assert_accepted(model, dlcore_model_set_note_names(model, DLCORE_NOTE_CLASS_NAMES, names, 4));
    assert_string_equal(dlcore_model_note(model, "class_names"),
                        "[\"setosa\",\"\",\"a \\\"b\\\"\\\\\\u000a\",\"gr\303\266\303\237e\"]");
    assert_names(model, DLCORE_NOTE_CLASS_NAMES, names, 4);
    assert_accepted(
        model, dlcore_model_set_note_names(model, DLCORE_NOTE_CLASS_NAMES,
                                           dlcore_model_note_names(model, "class_names", NULL), 2));
    assert_names(model, DLCORE_NOTE_CLASS_NAMES, names, 2);
    dlcore_model_free(model);
}

static void test_note_names_are_those_of_any_text_that_lists_some(void **state)
{
    static const char *const names[] = {"a", "b"};
    static const char *const none[] = {
        "",       "a",         "[]",   "[1]", "{\"a\": []}", "[\"a\", 1]", "[\"a\\u0000b\"]",
        "[\"a\"", "[\"a\"] b", "\"a\""};
    dlcore_model_t *model = new_model();

    (void)state;
    assert_accepted(model, dlcore_model_set_note(model, "k", " [ \"a\" ,\n\"\\u0062\"] "));
    assert_names(model, "k", names, 2);
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        assert_accepted(model, dlcore_model_set_note(model, "k", none[i]));
        assert_names(model, "k", NULL, 0);
        assert_string_equal(dlcore_model_note(model, "k"), none[i]);
    }
    assert_names(model, "other", NULL, 0);
    dlcore_model_free(model);
}

static void test_note_what_is_no_text_is_refused(void **state)
{
    static const char *const bad[] = {"a", NULL, "c"}, *const broken[] = {"a", "\xFF"};
    char longest[DLCORE_NOTE_KEY_MAX + 2];
    dlcore_model_t *model = new_model();

    (void)state;
    memset(longest, 'k', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    assert_refused(model, dlcore_model_set_note(model, NULL, "a"), DLCORE_ERROR_ARGUMENT,
                   "set_note: the key is NULL");
    assert_refused(model, dlcore_model_set_note(model, "", "a"), DLCORE_ERROR_ARGUMENT,
                   "the key is empty");
    assert_refused(model, dlcore_model_set_note(model, longest, "a"), DLCORE_ERROR_ARGUMENT,
                   "the key has more than 128 bytes");
    assert_refused(model, dlcore_model_set_note(model, "a\tb", "a"), DLCORE_ERROR_ARGUMENT,
                   "the key has a control character");
    assert_refused(model, dlcore_model_set_note(model, "k", "\xC3"), DLCORE_ERROR_ARGUMENT,
                   "set_note: the text of \"k\" is not UTF-8");
    assert_refused(model, dlcore_model_set_note_names(model, "k", NULL, 1), DLCORE_ERROR_ARGUMENT,
                   "names is NULL");
    assert_refused(model, dlcore_model_set_note_names(model, "k", bad, 0), DLCORE_ERROR_ARGUMENT,
                   "a list of 0 names");
    assert_refused(model, dlcore_model_set_note_names(model, "k", bad, 3), DLCORE_ERROR_ARGUMENT,
                   "name 1 is NULL");
    assert_refused(model, dlcore_model_set_note_names(model, "k", broken, 2), DLCORE_ERROR_ARGUMENT,
                   "name 1 is not UTF-8");
    assert_int_equal(dlcore_model_note_count(model), 0);
    longest[sizeof longest - 2] = '\0';
    assert_accepted(model, dlcore_model_set_note(model, longest, "a"));
    assert_int_equal(dlcore_model_set_note(NULL, "k", "a"), DLCORE_ERROR_ARGUMENT);
    assert_int_equal(dlcore_model_set_note_names(NULL, "k", bad, 1), DLCORE_ERROR_ARGUMENT);
    assert_null(dlcore_model_note(NULL, "k"));
    assert_null(dlcore_model_note(model, NULL));
    assert_null(dlcore_model_note_key(NULL, 0));
    assert_int_equal(dlcore_model_note_count(NULL), 0);
    assert_null(dlcore_model_note_names(NULL, "k", NULL));
    dlcore_model_free(model);
}

static void test_note_limits_are_exact(void **state)
{
    char *text = malloc(DLCORE_NOTE_BYTES_MAX + 1);
    dlcore_model_t *model = new_model();

    (void)state;
    assert_non_null(text);
    memset(text, 't', DLCORE_NOTE_BYTES_MAX);
    text[DLCORE_NOTE_BYTES_MAX] = '\0';
    assert_refused(model, dlcore_model_set_note(model, "k", text), DLCORE_ERROR_OVERFLOW,
                   "8388609 bytes and 0 of other notes are more than 8388608");
    text[DLCORE_NOTE_BYTES_MAX - 1] = '\0';
    assert_accepted(model, dlcore_model_set_note(model, "k", text));
    assert_accepted(model, dlcore_model_set_note(model, "k", text));
    assert_refused(model, dlcore_model_set_note(model, "l", ""), DLCORE_ERROR_OVERFLOW,
                   "1 bytes and 8388608 of other notes");
    assert_int_equal(strlen(dlcore_model_note(model, "k")), DLCORE_NOTE_BYTES_MAX - 1);
    assert_accepted(model, dlcore_model_set_note(model, "k", NULL));
    for (int i = 0; i < DLCORE_NOTE_COUNT_MAX; i++) {
        char key[8];

        snprintf(key, sizeof key, "%d", i);
        assert_accepted(model, dlcore_model_set_note(model, key, key));
    }
    assert_refused(model, dlcore_model_set_note(model, "more", ""), DLCORE_ERROR_OVERFLOW,
                   "more than 1000 notes");
    assert_accepted(model, dlcore_model_set_note(model, "7", "changed"));
    dlcore_model_free(model);
    free(text);
}

/* More names than are listed stay a text. */
static void test_note_names_have_a_limit_of_their_own(void **state)
{
    const size_t most = DLCORE_NOTE_NAMES_MAX;
    const char **names = malloc((most + 1) * sizeof *names);
    dlcore_model_t *model = new_model();
    char *copy;
    size_t count;

    (void)state;
    assert_non_null(names);
    for (size_t i = 0; i <= most; i++)
        names[i] = "n";
    assert_refused(model, dlcore_model_set_note_names(model, "k", names, most + 1),
                   DLCORE_ERROR_OVERFLOW, "65537 names and 0 of other notes");
    assert_accepted(model, dlcore_model_set_note_names(model, "k", names, most - 1));
    assert_accepted(model, dlcore_model_set_note_names(model, "l", names, 1));
    assert_refused(model, dlcore_model_set_note_names(model, "m", names, 1), DLCORE_ERROR_OVERFLOW,
                   "1 names and 65536 of other notes");
    assert_accepted(model, dlcore_model_set_note_names(model, "l", names, 1));
    copy = strdup(dlcore_model_note(model, "k"));
    assert_non_null(copy);
    assert_accepted(model, dlcore_model_set_note(model, "m", copy));
    assert_string_equal(dlcore_model_note(model, "m"), copy);
    assert_null(dlcore_model_note_names(model, "m", &count));
    assert_accepted(model, dlcore_model_set_note(model, "k", NULL));
    assert_accepted(model, dlcore_model_set_note(model, "m", copy));
    assert_non_null(dlcore_model_note_names(model, "m", &count));
    assert_int_equal(count, most - 1);
    free(copy);
    free(names);
    dlcore_model_free(model);
}

static void test_note_clones_have_them(void **state)
{
    static const char *const names[] = {"a", "b"};
    dlcore_model_t *model = new_model(), *clone;

    (void)state;
    assert_accepted(model, dlcore_model_set_note(model, "k", "text"));
    assert_accepted(model, dlcore_model_set_note_names(model, "l", names, 2));
    assert_int_equal(dlcore_model_clone(model, &clone), DLCORE_OK);
    dlcore_model_free(model);
    assert_int_equal(dlcore_model_note_count(clone), 2);
    assert_string_equal(dlcore_model_note_key(clone, 0), "k");
    assert_string_equal(dlcore_model_note(clone, "k"), "text");
    assert_names(clone, "l", names, 2);
    dlcore_model_free(clone);
}

static dlcore_status note_scenario(const dlcore_allocator_t *allocator, void *context)
{
    static const char *const names[] = {"a", "b"};
    dlcore_model_options_t options = dlcore_model_options_default();
    dlcore_model_t *model, *clone = NULL;
    dlcore_status status;

    (void)context;
    options.allocator = *allocator;
    status = dlcore_model_create(&options, &model);
    if (status == DLCORE_OK)
        status = dlcore_model_set_note(model, "k", "text");
    if (status == DLCORE_OK) {
        status = dlcore_model_set_note_names(model, "k", names, 2);
        if (status != DLCORE_OK)
            assert_string_equal(dlcore_model_note(model, "k"), "text");
    }
    if (status == DLCORE_OK)
        status = dlcore_model_clone(model, &clone);
    dlcore_model_free(clone);
    dlcore_model_free(model);
    return status;
}

static void test_note_failing_allocations_change_nothing(void **state)
{
    (void)state;
    assert_int_equal(failing_allocator_sweep(note_scenario, NULL), 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_note_texts_are_kept_in_order),
        cmocka_unit_test(test_note_names_are_a_json_array),
        cmocka_unit_test(test_note_names_are_those_of_any_text_that_lists_some),
        cmocka_unit_test(test_note_what_is_no_text_is_refused),
        cmocka_unit_test(test_note_limits_are_exact),
        cmocka_unit_test(test_note_names_have_a_limit_of_their_own),
        cmocka_unit_test(test_note_clones_have_them),
        cmocka_unit_test(test_note_failing_allocations_change_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
