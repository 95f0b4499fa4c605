/* Schemas as text: each member missing, of another kind, or out of its range is refused by its
 * name.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "data/csv_classes.h"
#include "support/tables.h"
#include "support/tensors.h"
#include "table/schema_json.h"

#define HEAD "{\"version\":\"1\",\"decimal\":\",\",\"missing\":\"\",\"columns\":["
#define DATE                                                                    \
    "{\"name\":\"d\",\"kind\":\"date\",\"fill\":\"median\",\"scale\":\"none\"," \
    "\"offset\":0,\"divisor\":1,\"fill_value\":20000,\"indicator\":true,"       \
    "\"form\":\"dmy\",\"zone_minutes\":60,\"cycles\":true}"
#define WORDS                                                                    \
    "{\"name\":\"w\",\"kind\":\"category\",\"fill\":\"most_frequent\","          \
    "\"encode\":\"one_hot\",\"rare\":true,\"missing\":true,\"fill_category\":1," \
    "\"categories\":[\"u\",\"v\"]}"
#define CLASS                                                                         \
    "{\"name\":\"y\",\"kind\":\"category\",\"fill\":\"refuse\",\"encode\":\"index\"," \
    "\"rare\":false,\"missing\":false,\"fill_category\":0,\"categories\":[\"m\",\"n\"]}"
#define NUMBER                                                                    \
    "{\"name\":\"z\",\"kind\":\"number\",\"fill\":\"refuse\",\"scale\":\"none\"," \
    "\"offset\":0,\"divisor\":1,\"fill_value\":0,\"indicator\":false}"

static const char whole[] = HEAD DATE "," WORDS "],\"targets\":[" CLASS "]}";

static void assert_unreadable(const char *text, dlcore_status status, const char *message)
{
    dlcore_allocator_t allocator = dlcore_allocator_default();
    dlcore_error_record_t error = {.message = ""};
    dlcore_schema_t *schema = NULL;

    assert_failed(dlcore_schema_read(text, &allocator, &schema, &error), status, &error, message);
    assert_null(schema);
}

/* The text with `to` in the place of `from`. */
static void assert_edit_unreadable(const char *from, const char *to, dlcore_status status,
                                   const char *message)
{
    const char *at = strstr(whole, from);
    char *edited = malloc(sizeof whole + strlen(to));

    assert_non_null(edited);
    if (at == NULL)
        fail_msg("\"%s\" is not in %s", from, whole);
    sprintf(edited, "%.*s%s%s", (int)(at - whole), whole, to, at + strlen(from));
    assert_unreadable(edited, status, message);
    free(edited);
}

static void test_schema_text_by_hand_is_read(void **state)
{
    dlcore_allocator_t allocator = dlcore_allocator_default();
    dlcore_error_record_t error = {.message = ""};
    dlcore_schema_t *schema = NULL;
    char name[64];

    (void)state;
    if (dlcore_schema_read(whole, &allocator, &schema, &error) != DLCORE_OK)
        fail_msg("%s", error.message);
    assert_int_equal(dlcore_schema_feature_count(schema), 12);
    assert_int_equal(dlcore_schema_class_count(schema), 2);
    assert_feature_name(schema, 0, "d");
    assert_feature_name(schema, 1, "d missing");
    assert_feature_name(schema, 2, "d year sine");
    assert_feature_name(schema, 7, "d day cosine");
    assert_feature_name(schema, 8, "w=u");
    assert_feature_name(schema, 10, "w missing");
    assert_feature_name(schema, 11, "w rare");
    assert_int_equal(dlcore_schema_feature_name(schema, 12, name, sizeof name), 0);
    assert_string_equal(name, "");
    assert_int_equal(dlcore_schema_feature_name(schema, 12, name, 0), 0);
    assert_int_equal(dlcore_schema_feature_name(schema, 8, NULL, 0), 3);
    assert_int_equal(dlcore_schema_feature_name(schema, 8, name, 2), 3);
    assert_string_equal(name, "w");
    assert_int_equal(dlcore_schema_feature_index_count(schema, 8), 0);
    assert_int_equal(dlcore_schema_feature_index_count(schema, 0), 0);
    assert_int_equal(dlcore_schema_feature_index_count(schema, 12), 0);
    assert_null(dlcore_schema_target_name(schema, 1));
    assert_null(dlcore_schema_class_name(schema, 2));
    dlcore_schema_free(schema);
}

static void test_schema_members_that_are_missing_are_named(void **state)
{
    static const char *const members[] = {
        "version", "decimal",      "missing", "columns", "targets",       "name",      "kind",
        "fill",    "scale",        "offset",  "divisor", "fill_value",    "form",      "indicator",
        "cycles",  "zone_minutes", "encode",  "rare",    "fill_category", "categories"};

    (void)state;
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        bool first = i == 0 || strcmp(members[i], "name") == 0 || strcmp(members[i], "kind") == 0 ||
                     strcmp(members[i], "fill") == 0;
        char from[40], to[40], message[60];

        snprintf(from, sizeof from, "\"%s\":", members[i]);
        snprintf(to, sizeof to, "\"%.3s-\":", members[i]);
        if (first) /* they are looked for before what is not known is */
            snprintf(message, sizeof message, "\"%s\" is missing", members[i]);
        else
            snprintf(message, sizeof message, "\"%.3s-\" is not known", members[i]);
        assert_edit_unreadable(from, to, first ? DLCORE_ERROR_FORMAT : DLCORE_ERROR_UNSUPPORTED,
                               message);
    }
    assert_edit_unreadable("\"scale\":\"none\",", "", DLCORE_ERROR_FORMAT, "\"scale\" is missing");
    assert_edit_unreadable("\"offset\":0,", "", DLCORE_ERROR_FORMAT, "\"offset\" is missing");
    assert_edit_unreadable("\"indicator\":true,", "", DLCORE_ERROR_FORMAT,
                           "\"indicator\" is missing");
    assert_edit_unreadable(",\"cycles\":true", "", DLCORE_ERROR_FORMAT, "\"cycles\" is missing");
    assert_edit_unreadable("\"encode\":\"one_hot\",", "", DLCORE_ERROR_FORMAT,
                           "\"encode\" is missing");
    assert_edit_unreadable("\"fill_category\":1,", "", DLCORE_ERROR_FORMAT,
                           "\"fill_category\" is missing");
    assert_edit_unreadable(",\"categories\":[\"u\",\"v\"]", "", DLCORE_ERROR_FORMAT,
                           "\"categories\" is missing");
    assert_edit_unreadable("\"decimal\":\",\",", "", DLCORE_ERROR_FORMAT, "\"decimal\" is missing");
    assert_edit_unreadable("\"missing\":\"\",", "", DLCORE_ERROR_FORMAT, "\"missing\" is missing");
}

static void test_schema_members_of_another_kind_are_named(void **state)
{
    (void)state;
    assert_edit_unreadable("\"version\":\"1\"", "\"version\":1", DLCORE_ERROR_UNSUPPORTED,
                           "version");
    assert_edit_unreadable("\"columns\":[", "\"columns\":7,\"targets\":[", DLCORE_ERROR_FORMAT,
                           "there twice");
    assert_unreadable(
        "{\"version\":\"1\",\"decimal\":\".\",\"missing\":\"\",\"columns\":7,\"targets\":[]}",
        DLCORE_ERROR_FORMAT, "\"columns\" is no list");
    assert_unreadable(HEAD DATE "],\"targets\":{}}", DLCORE_ERROR_FORMAT, "\"targets\" is no list");
    assert_edit_unreadable("\"missing\":\"\"", "\"missing\":\"a\\u0000b\"", DLCORE_ERROR_FORMAT,
                           "\"missing\" has a zero byte");
    assert_edit_unreadable("[\"u\",\"v\"]", "{}", DLCORE_ERROR_FORMAT, "\"categories\" is no list");
    assert_edit_unreadable("\"kind\":\"date\"", "\"kind\":3", DLCORE_ERROR_UNSUPPORTED, "\"kind\"");
    assert_edit_unreadable("\"offset\":0", "\"offset\":\"0\"", DLCORE_ERROR_FORMAT,
                           "\"offset\" is no number");
    assert_edit_unreadable("\"offset\":0", "\"offset\":1e999", DLCORE_ERROR_FORMAT,
                           "\"offset\" is no number");
}

static void test_schema_numbers_out_of_range_are_named(void **state)
{
    (void)state;
    assert_edit_unreadable("\"divisor\":1", "\"divisor\":0", DLCORE_ERROR_FORMAT,
                           "\"divisor\" is 0");
    assert_edit_unreadable("\"divisor\":1", "\"divisor\":-1", DLCORE_ERROR_FORMAT,
                           "\"divisor\" is no number");
    assert_edit_unreadable("20000", "2932899", DLCORE_ERROR_FORMAT, "\"fill_value\" is no date");
    assert_edit_unreadable("20000", "-719165", DLCORE_ERROR_FORMAT, "\"fill_value\" is no date");
    assert_edit_unreadable("\"zone_minutes\":60", "\"zone_minutes\":-841", DLCORE_ERROR_FORMAT,
                           "zone_minutes");
    assert_edit_unreadable("\"fill_category\":1", "\"fill_category\":1.5", DLCORE_ERROR_FORMAT,
                           "is none of them");
    assert_edit_unreadable("\"fill_category\":1", "\"fill_category\":2", DLCORE_ERROR_FORMAT,
                           "is none of them");
    assert_edit_unreadable("\"fill_category\":1", "\"fill_category\":10001", DLCORE_ERROR_FORMAT,
                           "is no number");
    assert_edit_unreadable("\"fill\":\"median\"", "\"fill\":\"place\"", DLCORE_ERROR_FORMAT,
                           "does not go with");
    assert_unreadable(HEAD WORDS "],\"targets\":[" CLASS "," CLASS "]}", DLCORE_ERROR_FORMAT,
                      "has several, and classes");
    assert_unreadable(HEAD WORDS "],\"targets\":[" NUMBER "," CLASS "]}", DLCORE_ERROR_FORMAT,
                      "has several, and classes");
    assert_edit_unreadable("[\"m\",\"n\"]", "[]", DLCORE_ERROR_FORMAT, "or no class");
}

/* Names of 255 bytes and 10,000 of them are the most there may be. */
static void test_schema_categories_have_a_limit(void **state)
{
    enum { SIZE = (DLCORE_CSV_CLASSES_MAX + 2) * 9 };
    char *list = malloc(SIZE), name[300];
    size_t length = 0;

    (void)state;
    assert_non_null(list);
    memset(name, 'x', sizeof name);
    snprintf(list, SIZE, "[\"%.256s\"]", name);
    assert_edit_unreadable("[\"u\",\"v\"]", list, DLCORE_ERROR_FORMAT,
                           "no text of up to 255 bytes");
    list[length++] = '[';
    for (int i = 0; i <= DLCORE_CSV_CLASSES_MAX; i++)
        length += (size_t)snprintf(list + length, SIZE - length, "%s\"%d\"", i > 0 ? "," : "", i);
    snprintf(list + length, SIZE - length, "]");
    assert_edit_unreadable("[\"u\",\"v\"]", list, DLCORE_ERROR_FORMAT, "more than 10000");
    free(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schema_text_by_hand_is_read),
        cmocka_unit_test(test_schema_members_that_are_missing_are_named),
        cmocka_unit_test(test_schema_members_of_another_kind_are_named),
        cmocka_unit_test(test_schema_numbers_out_of_range_are_named),
        cmocka_unit_test(test_schema_categories_have_a_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
