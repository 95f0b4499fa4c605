/* JSON: what is JSON and what is not, what values mean, and that writing and reading agree.
 *
 * SPDX-License-Identifier: MIT */
#include <float.h>
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "json/json.h"
#include "json/json_writer.h"

/* Checks a copy that ends where its bytes end; the caller frees it. */
static bool check(const char *text, size_t size, dlcore_json_t *value,
                  dlcore_json_problem_t *problem, char **copy)
{
    *copy = malloc(size > 0 ? size : 1);
    assert_non_null(*copy);
    memcpy(*copy, text, size);
    return dlcore_json_check(*copy, size, value, problem);
}

static void assert_refused(const char *text, size_t size, const char *what)
{
    dlcore_json_problem_t problem;
    dlcore_json_t value;
    char *copy;

    if (check(text, size, &value, &problem, &copy))
        fail_msg("accepted: %s", text);
    if (strcmp(problem.what, what) != 0 || problem.at > size)
        fail_msg("%s: refused for \"%s\" at %zu", text, problem.what, problem.at);
    assert_int_equal(value.kind, DLCORE_JSON_NONE);
    free(copy);
}

static dlcore_json_t accept(const char *text)
{
    dlcore_json_problem_t problem;
    dlcore_json_t value;

    if (!dlcore_json_check(text, strlen(text), &value, &problem))
        fail_msg("%s: refused for \"%s\" at %zu", text, problem.what, problem.at);
    return value;
}

static void test_json_accepts_every_form(void **state)
{
    static const struct {
        const char *text;
        dlcore_json_kind_t kind;
    } cases[] = {
        {"{}", DLCORE_JSON_OBJECT},
        {" \t\r\n[ ] ", DLCORE_JSON_ARRAY},
        {"[[],{},[{}]]", DLCORE_JSON_ARRAY},
        {"{\"a\":1,\"b\":[true,false,null,\"x\"]}", DLCORE_JSON_OBJECT},
        {"{ \"a\" : { \"b\" : [ ] } }", DLCORE_JSON_OBJECT},
        {"0", DLCORE_JSON_NUMBER},
        {"-0.5e+10", DLCORE_JSON_NUMBER},
        {"1E5", DLCORE_JSON_NUMBER},
        {"\"\"", DLCORE_JSON_STRING},
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00\"", DLCORE_JSON_STRING},
        {"\"\\uD83D\\uDE00\\uDBFF\\uDFFF\\uABEF\"", DLCORE_JSON_STRING},
        {"\"\x7F\xC2\x80\xE0\xA0\x80\xED\x9F\xBF\xF0\x90\x80\x80\xF4\x8F\xBF\xBF\"",
         DLCORE_JSON_STRING},
        {"true", DLCORE_JSON_TRUE},
        {"false", DLCORE_JSON_FALSE},
        {"null", DLCORE_JSON_NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(accept(cases[i].text).kind, cases[i].kind);
}

static void test_json_refuses_what_is_not_json(void **state)
{
    static const struct {
        const char *text, *what;
    } cases[] = {
        {"", "a value was expected"},
        {"  ", "a value was expected"},
        {"{", "a member's name was expected"},
        {"[", "a value was expected"},
        {"[1", "a comma or a closing bracket was expected"},
        {"[1}", "a comma or a closing bracket was expected"},
        {"{\"a\":1]", "a comma or a closing bracket was expected"},
        {"[1,]", "a value was expected"},
        {"[,1]", "a value was expected"},
        {"{\"a\":1,}", "a member's name was expected"},
        {"{,}", "a member's name was expected"},
        {"{a:1}", "a member's name was expected"},
        {"{'a':1}", "a member's name was expected"},
        {"{\"a\"}", "a colon was expected"},
        {"{\"a\" 1}", "a colon was expected"},
        {"{\"a\":}", "a value was expected"},
        {"[1 2]", "a comma or a closing bracket was expected"},
        {"1 2", "something follows after the end"},
        {"{}{}", "something follows after the end"},
        {"// c\n1", "a value was expected"},
        {"tru", "a value was expected"},
        {"True", "a value was expected"},
        {"NaN", "a value was expected"},
        {"Infinity", "a value was expected"},
        {"+1", "a value was expected"},
        {".5", "a value was expected"},
        {"-", "a number lacks digits"},
        {"1.", "a number lacks digits"},
        {"1e", "a number lacks digits"},
        {"1e+", "a number lacks digits"},
        {"01", "a number begins with a zero too many"},
        {"-00", "a number begins with a zero too many"},
        {"0x10", "something follows after the end"},
        {"\"", "a string has no end"},
        {"\"a\\\"", "a string has no end"},
        {"\"a\nb\"", "a control character in a string"},
        {"\"\\x\"", "an escape that JSON does not have"},
        {"\"\\", "an escape that JSON does not have"},
        {"\"\\u12\"", "\\u needs four hexadecimal digits"},
        {"\"\\u12g4\"", "\\u needs four hexadecimal digits"},
        {"\"\\u12G4\"", "\\u needs four hexadecimal digits"},
        {"\"\\ud800\"", "half of a surrogate pair"},
        {"\"\\uD800\"", "half of a surrogate pair"},
        {"\"\\uDFFF\"", "half of a surrogate pair"},
        {"\"\\uD800\\uDBFF\"", "half of a surrogate pair"},
        {"\"\\ud800\\n\"", "half of a surrogate pair"},
        {"\"\\ud800\\u0041\"", "half of a surrogate pair"},
        {"\"\\udc00\"", "half of a surrogate pair"},
        {"\"\\udc00\\udc00\"", "half of a surrogate pair"},
        {"\"\\ud800xudc00\"", "half of a surrogate pair"},
        {"\"\\ud800\\ue000\"", "half of a surrogate pair"},
        {"\"\\ud800\\udc0\"", "\\u needs four hexadecimal digits"},
        {"\"\x80\"", "bytes that are not UTF-8"},
        {"\"\xC1\xBF\"", "bytes that are not UTF-8"},
        {"\"\xC3\"", "bytes that are not UTF-8"},
        {"\"\xE0\x9F\xBF\"", "bytes that are not UTF-8"},
        {"\"\xED\xA0\x80\"", "bytes that are not UTF-8"},
        {"\"\xF0\x8F\xBF\xBF\"", "bytes that are not UTF-8"},
        {"\"\xF4\x90\x80\x80\"", "bytes that are not UTF-8"},
        {"\"\xF8\x88\x80\x80\x80\"", "bytes that are not UTF-8"},
        {"\"\xE2\x82", "bytes that are not UTF-8"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_refused(cases[i].text, strlen(cases[i].text), cases[i].what);
    assert_refused("[1\0]", 4, "a comma or a closing bracket was expected");
    assert_refused("\"a\0b\"", 5, "a control character in a string");
    assert_refused("{}\0", 3, "something follows after the end");
}

static void test_json_nests_to_its_limit(void **state)
{
    char text[2 * DLCORE_JSON_DEPTH_MAX + 2];
    dlcore_json_problem_t problem;
    dlcore_json_t value;

    (void)state;
    memset(text, '[', DLCORE_JSON_DEPTH_MAX + 1);
    memset(text + DLCORE_JSON_DEPTH_MAX, ']', DLCORE_JSON_DEPTH_MAX);
    assert_true(dlcore_json_check(text, 2 * DLCORE_JSON_DEPTH_MAX, &value, &problem));
    memset(text, '[', DLCORE_JSON_DEPTH_MAX + 1);
    memset(text + DLCORE_JSON_DEPTH_MAX + 1, ']', DLCORE_JSON_DEPTH_MAX + 1);
    assert_refused(text, 2 * DLCORE_JSON_DEPTH_MAX + 2, "values are nested too deeply");
}

static void test_json_steps_through_arrays_and_objects(void **state)
{
    dlcore_json_t object = accept("{ \"a\" : [1, \"]\\\"\" ,[2]] ,\"b\":{\"c\":{}},\"d\" : -3.5 }");
    dlcore_json_steps_t steps = dlcore_json_steps(&object);
    dlcore_json_t name, value, inner;
    double number;

    (void)state;
    assert_true(dlcore_json_step(&steps, &name, &value));
    assert_true(dlcore_json_is(&name, "a"));
    {
        dlcore_json_steps_t elements = dlcore_json_steps(&value);

        assert_true(dlcore_json_step(&elements, NULL, &inner));
        assert_int_equal(inner.kind, DLCORE_JSON_NUMBER);
        assert_true(dlcore_json_step(&elements, NULL, &inner));
        assert_true(dlcore_json_is(&inner, "]\""));
        assert_true(dlcore_json_step(&elements, NULL, &inner));
        assert_int_equal(inner.kind, DLCORE_JSON_ARRAY);
        assert_false(dlcore_json_step(&elements, NULL, &inner));
    }
    assert_true(dlcore_json_step(&steps, &name, &value));
    assert_true(dlcore_json_is(&name, "b"));
    assert_int_equal(value.kind, DLCORE_JSON_OBJECT);
    inner = dlcore_json_at(value.begin, object.end);
    assert_ptr_equal(inner.end, value.end);
    assert_int_equal(inner.kind, DLCORE_JSON_OBJECT);
    assert_true(dlcore_json_step(&steps, &name, &value));
    assert_true(dlcore_json_double(&value, &number));
    assert_true(number == -3.5);
    assert_false(dlcore_json_step(&steps, &name, &value));
    steps = dlcore_json_steps(&value); /* of a number: nothing */
    assert_false(dlcore_json_step(&steps, NULL, &inner));
}

static void test_json_member_finds_one_and_refuses_two(void **state)
{
    dlcore_json_t object = accept("{\"a\":1,\"b\":{\"a\":2},\"\\u0061b\":3,\"c\":4,\"\\u0063\":5}");
    dlcore_json_t value, number = accept("7");
    size_t size;

    (void)state;
    assert_true(dlcore_json_member(&object, "a", &value));
    assert_true(dlcore_json_size(&value, &size));
    assert_int_equal(size, 1);
    assert_true(dlcore_json_member(&object, "ab", &value));
    assert_true(dlcore_json_size(&value, &size));
    assert_int_equal(size, 3);
    assert_true(dlcore_json_member(&object, "d", &value));
    assert_int_equal(value.kind, DLCORE_JSON_NONE);
    assert_false(dlcore_json_member(&object, "c", &value));
    assert_true(dlcore_json_member(&number, "a", &value));
    assert_int_equal(value.kind, DLCORE_JSON_NONE);
}

static void test_json_string_decodes_and_cuts_at_characters(void **state)
{
    dlcore_json_t value = accept("\"a\\u00e9\\ud83d\\ude00\\u20AC\\t\xC3\xA9\\u0000z\"");
    static const char whole[] = "a\xC3\xA9\xF0\x9F\x98\x80\xE2\x82\xAC\t\xC3\xA9\0z";
    dlcore_json_t number = accept("1"), none = {0};
    char text[32];

    (void)state;
    assert_int_equal(dlcore_json_string(&value, text, sizeof text), sizeof whole - 1);
    assert_memory_equal(text, whole, sizeof whole);
    assert_int_equal(dlcore_json_string(&value, NULL, 0), sizeof whole - 1);
    assert_int_equal(dlcore_json_string(&value, text, 6), sizeof whole - 1);
    assert_string_equal(text, "a\xC3\xA9"); /* the next has four bytes, and there is room for two */
    assert_int_equal(dlcore_json_string(&value, text, 1), sizeof whole - 1);
    assert_string_equal(text, "");
    assert_int_equal(dlcore_json_string(&number, text, sizeof text), 0);
    assert_string_equal(text, "");
    assert_false(dlcore_json_is(&none, ""));
    value = accept("\"\\ue000\\uFFFF\xE2\x82\xAC\xF0\x9F\x98\x80\"");
    assert_int_equal(dlcore_json_string(&value, text, sizeof text), 13);
    assert_string_equal(text, "\xEE\x80\x80\xEF\xBF\xBF\xE2\x82\xAC\xF0\x9F\x98\x80");
    value = accept("\"ab\"");
    assert_true(dlcore_json_is(&value, "ab"));
    assert_false(dlcore_json_is(&value, "a"));
    assert_false(dlcore_json_is(&value, "abc"));
}

static int sign(int order)
{
    return (order > 0) - (order < 0);
}

static void test_json_compare_orders_decoded_bytes(void **state)
{
    static const char *const ordered[] = {"\"\"",         "\"\\u0000\"", "\"a\"",
                                          "\"a\\u0062\"", "\"abc\"",     "\"b\"",
                                          "\"\xC3\xA9\"", "\"\\u20ac\"", "\"\\ud83d\\ude00\""};

    (void)state;
    for (int i = 0; i < 9; i++) {
        for (int j = 0; j < 9; j++) {
            dlcore_json_t a = accept(ordered[i]), b = accept(ordered[j]);
            assert_int_equal(sign(dlcore_json_compare(&a, &b)), sign(i - j));
        }
    }
    {
        dlcore_json_t a = accept("\"\\u0061b\""), b = accept("\"ab\"");
        assert_int_equal(dlcore_json_compare(&a, &b), 0);
    }
}

static void test_json_numbers_are_exact_or_refused(void **state)
{
    static const struct {
        const char *text;
        double value;
    } cases[] = {{"0", 0.0},
                 {"-1", -1.0},
                 {"0.1", 0.1},
                 {"1e-07", 1e-7},
                 {"12.5e3", 12500.0},
                 {"123456789012345678", 123456789012345678.0},
                 {"5e-324", 5e-324},
                 {"1e-400", 0.0},
                 {"1.7976931348623157e308", DBL_MAX},
                 {"0.000001E+3", 1e-3},
                 {"0e99999999999999999999", 0.0},
                 {"1e-99999999999999999999", 0.0}};
    uint64_t whole;
    double number;
    char digits[400];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dlcore_json_t value = accept(cases[i].text);

        assert_true(dlcore_json_double(&value, &number));
        if (number != cases[i].value)
            fail_msg("%s read as %.17g", cases[i].text, number);
    }
    {
        dlcore_json_t large = accept("18446744073709551615"),
                      larger = accept("18446744073709551616");
        dlcore_json_t fraction = accept("1.0"), power = accept("1e3"), minus = accept("-1");
        dlcore_json_t infinite = accept("1e309"), text = accept("\"1\"");

        assert_true(dlcore_json_uint64(&large, &whole));
        assert_true(whole == UINT64_MAX);
        assert_false(dlcore_json_uint64(&larger, &whole));
        assert_false(dlcore_json_uint64(&fraction, &whole));
        assert_false(dlcore_json_uint64(&power, &whole));
        assert_false(dlcore_json_uint64(&minus, &whole));
        assert_false(dlcore_json_uint64(&text, &whole));
        assert_false(dlcore_json_double(&infinite, &number));
        assert_false(dlcore_json_double(&text, &number));
    }
    memset(digits, '1', sizeof digits - 1);
    digits[sizeof digits - 1] = '\0';
    {
        dlcore_json_t value = accept(digits);
        assert_false(dlcore_json_double(&value, &number));
    }
}

static void write_sample(dlcore_json_writer_t *writer)
{
    dlcore_json_open(writer, NULL, '{');
    dlcore_json_put_string(writer, "te\"xt", "a\"\\\n\x01\xC3\xA9");
    dlcore_json_put_uint64(writer, "number", UINT64_MAX);
    dlcore_json_open(writer, "list", '[');
    dlcore_json_put_double(writer, NULL, 0.1);
    dlcore_json_put_double(writer, NULL, -1e-300);
    dlcore_json_put_double(writer, NULL, 1.0 / 3.0);
    dlcore_json_put_null(writer, NULL);
    dlcore_json_put_bool(writer, NULL, true);
    dlcore_json_close(writer, ']');
    dlcore_json_open_text(writer, "inner");
    dlcore_json_open(writer, NULL, '{');
    dlcore_json_put_string(writer, "a", "\"\\");
    dlcore_json_put_bool(writer, "b", false);
    dlcore_json_close(writer, '}');
    dlcore_json_close_text(writer);
    dlcore_json_open(writer, "empty", '{');
    dlcore_json_close(writer, '}');
    dlcore_json_close(writer, '}');
}

static const char sample[] =
    "{\"te\\\"xt\":\"a\\\"\\\\\\u000a\\u0001\xC3\xA9\",\"number\":18446744073709551615,"
    "\"list\":[0.1,-1e-300,0.3333333333333333,null,true],"
    "\"inner\":\"{\\\"a\\\":\\\"\\\\\\\"\\\\\\\\\\\",\\\"b\\\":false}\",\"empty\":{}}";

static void test_json_writer_measures_then_writes(void **state)
{
    dlcore_json_writer_t writer = dlcore_json_writer(NULL, 0);
    char text[512], short_text[8] = "12345678", inner_text[64];
    dlcore_json_t value, member;
    dlcore_json_problem_t problem;

    (void)state;
    write_sample(&writer);
    assert_int_equal(writer.size, sizeof sample - 1);
    writer = dlcore_json_writer(text, sizeof text);
    write_sample(&writer);
    assert_int_equal(writer.size, sizeof sample - 1);
    assert_memory_equal(text, sample, sizeof sample - 1);
    writer = dlcore_json_writer(short_text, 7);
    write_sample(&writer);
    assert_memory_equal(short_text, "{\"te\\\"x8", 8);

    assert_true(dlcore_json_check(text, sizeof sample - 1, &value, &problem));
    assert_true(dlcore_json_member(&value, "te\"xt", &member));
    assert_true(dlcore_json_is(&member, "a\"\\\n\x01\xC3\xA9"));
    assert_true(dlcore_json_member(&value, "inner", &member));
    dlcore_json_string(&member, inner_text, sizeof inner_text);
    value = accept(inner_text);
    assert_true(dlcore_json_member(&value, "a", &member));
    assert_true(dlcore_json_is(&member, "\"\\"));
}

static void test_json_writer_notes_numbers_that_are_not_finite(void **state)
{
    dlcore_json_writer_t writer = dlcore_json_writer(NULL, 0);

    (void)state;
    dlcore_json_put_double(&writer, NULL, 1.0);
    assert_false(writer.not_finite);
    dlcore_json_put_double(&writer, NULL, (double)INFINITY);
    assert_true(writer.not_finite);
}

static void assert_written(double number, bool for_keras, bool point, const char *expected)
{
    char text[64];
    dlcore_json_writer_t writer = dlcore_json_writer(text, sizeof text);

    writer.for_keras = for_keras;
    if (point)
        dlcore_json_put_point(&writer, NULL, number);
    else
        dlcore_json_put_double(&writer, NULL, number);
    text[writer.size] = '\0';
    assert_string_equal(text, expected);
}

/* As many digits as it takes to read the same number; where it is asked for, with a point. */
static void test_json_writer_puts_the_fewest_digits(void **state)
{
    dlcore_json_writer_t writer = dlcore_json_writer(NULL, 0);

    (void)state;
    assert_written(0.1, false, false, "0.1");
    assert_written(0.1 + 0.2, false, false, "0.30000000000000004");
    assert_written(1.0 / 3.0, false, false, "0.3333333333333333");
    assert_written(-3, false, false, "-3");
    assert_written(-3, true, false, "-3.0");
    assert_written(1e20, true, false, "1e+20");
    assert_written(3, false, true, "3.0");
    assert_written(3, true, true, "3.0");
    assert_written(-0.0, true, true, "-0.0");
    assert_written(1e20, true, true, "1e+20");
    assert_written(2.5, false, true, "2.5");
    assert_written(1e15, false, true, "1e+15");
    dlcore_json_put_double(&writer, "first", (double)NAN); /* the first is noted */
    dlcore_json_put_double(&writer, "second", (double)INFINITY);
    assert_true(writer.not_finite);
    assert_string_equal(writer.name, "first");
    assert_true(isnan(writer.number));
}

static void test_json_double_looks_at_no_byte_behind_the_number(void **state)
{
    static const char *const texts[] = {"1e57", "1E+57", "-1e-57", "15", "1.57"};
    static const double values[] = {1e5, 1e5, -1e-5, 1.0, 1.5};

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        dlcore_json_problem_t problem;
        dlcore_json_t value;
        double number;

        assert_true(dlcore_json_check(texts[i], strlen(texts[i]) - 1, &value, &problem));
        assert_true(dlcore_json_double(&value, &number));
        assert_true(number == values[i]);
    }
}

/* Numbers come back bit by bit, also where the decimal point is a comma. */
static void test_json_numbers_do_not_depend_on_the_locale(void **state)
{
    static const double numbers[] = {0.1,    1e-7,    1.5,   3.0,        -2.25e-10, 1e300,
                                     5e-324, DBL_MAX, 0.001, 123456.789, 1 / 255.0};
    const char *const locales[] = {"C", "de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8"};
    size_t tried = 0;

    (void)state;
    for (size_t l = 0; l < 4; l++) {
        if (setlocale(LC_NUMERIC, locales[l]) == NULL)
            continue;
        tried++;
        for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
            char text[64];
            dlcore_json_writer_t writer = dlcore_json_writer(text, sizeof text);
            dlcore_json_problem_t problem;
            dlcore_json_t value;
            double number;

            dlcore_json_put_double(&writer, NULL, numbers[i]);
            assert_null(memchr(text, ',', writer.size));
            assert_true(dlcore_json_check(text, writer.size, &value, &problem));
            assert_true(dlcore_json_double(&value, &number));
            assert_true(number == numbers[i]);
        }
    }
    setlocale(LC_NUMERIC, "C");
    if (tried < 2)
        skip();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_accepts_every_form),
        cmocka_unit_test(test_json_refuses_what_is_not_json),
        cmocka_unit_test(test_json_nests_to_its_limit),
        cmocka_unit_test(test_json_steps_through_arrays_and_objects),
        cmocka_unit_test(test_json_member_finds_one_and_refuses_two),
        cmocka_unit_test(test_json_string_decodes_and_cuts_at_characters),
        cmocka_unit_test(test_json_compare_orders_decoded_bytes),
        cmocka_unit_test(test_json_numbers_are_exact_or_refused),
        cmocka_unit_test(test_json_writer_measures_then_writes),
        cmocka_unit_test(test_json_writer_notes_numbers_that_are_not_finite),
        cmocka_unit_test(test_json_writer_puts_the_fewest_digits),
        cmocka_unit_test(test_json_double_looks_at_no_byte_behind_the_number),
        cmocka_unit_test(test_json_numbers_do_not_depend_on_the_locale),
    };

    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
