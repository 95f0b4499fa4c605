/* Checking JSON.
 *
 * SPDX-License-Identifier: MIT */
#include "json/json.h"

#include <string.h>

#include "base/ascii.h"
#include "base/utf8.h"

typedef struct checker {
    const char *begin, *next, *end;
    const char *what; /* the problem; NULL: none yet */
} checker_t;

static bool fails(checker_t *checker, const char *what)
{
    checker->what = what;
    return false;
}

static void skip_space(checker_t *checker)
{
    while (checker->next < checker->end && dlcore_json_is_space(*checker->next))
        checker->next++;
}

/* The next byte, or 0 at the end, where a zero byte is never right. */
static char peek(const checker_t *checker)
{
    return (char)(checker->next < checker->end ? *checker->next : '\0');
}

/* ---- strings ---- */

static bool read_hexadecimal(checker_t *checker, unsigned *unit)
{
    *unit = 0;
    for (int i = 0; i < 4; i++) {
        char c = peek(checker);
        unsigned digit;

        if (dlcore_is_digit(c))
            digit = (unsigned)(c - '0');
        else if (c >= 'a' && c <= 'f')
            digit = (unsigned)(c - 'a') + 10;
        else if (c >= 'A' && c <= 'F')
            digit = (unsigned)(c - 'A') + 10;
        else
            return fails(checker, "\\u needs four hexadecimal digits");
        *unit = *unit << 4 | digit;
        checker->next++;
    }
    return true;
}

/* After the backslash. */
static bool read_escape(checker_t *checker)
{
    char c = peek(checker);
    unsigned unit;

    if (c != '\0' && strchr("\"\\/bfnrt", c) != NULL) {
        checker->next++;
        return true;
    }
    if (c != 'u')
        return fails(checker, "an escape that JSON does not have");
    checker->next++;
    if (!read_hexadecimal(checker, &unit))
        return false;
    if (unit < 0xD800 || unit > 0xDFFF)
        return true;
    if (unit > 0xDBFF || peek(checker) != '\\')
        return fails(checker, "half of a surrogate pair");
    checker->next++;
    if (peek(checker) != 'u')
        return fails(checker, "half of a surrogate pair");
    checker->next++;
    if (!read_hexadecimal(checker, &unit))
        return false;
    if (unit < 0xDC00 || unit > 0xDFFF)
        return fails(checker, "half of a surrogate pair");
    return true;
}

/* One character of more than one byte: its shortest form only, no surrogates, up to U+10FFFF. */
static bool utf8(checker_t *checker)
{
    size_t length = dlcore_utf8_length(checker->next, checker->end);

    if (length == 0)
        return fails(checker, "bytes that are not UTF-8");
    checker->next += length;
    return true;
}

static bool string(checker_t *checker)
{
    checker->next++;
    while (checker->next < checker->end) {
        unsigned char c = (unsigned char)*checker->next;

        if (c == '"') {
            checker->next++;
            return true;
        }
        if (c < 0x20)
            return fails(checker, "a control character in a string");
        if (c == '\\') {
            checker->next++;
            if (!read_escape(checker))
                return false;
        } else if (c < 0x80) {
            checker->next++;
        } else if (!utf8(checker)) {
            return false;
        }
    }
    return fails(checker, "a string has no end");
}

/* ---- other values ---- */

static bool skip_digits(checker_t *checker)
{
    if (!dlcore_is_digit(peek(checker)))
        return fails(checker, "a number lacks digits");
    while (dlcore_is_digit(peek(checker)))
        checker->next++;
    return true;
}

static bool check_digits(checker_t *checker)
{
    if (peek(checker) == '-')
        checker->next++;
    if (peek(checker) == '0') {
        checker->next++;
        if (dlcore_is_digit(peek(checker)))
            return fails(checker, "a number begins with a zero too many");
    } else if (!skip_digits(checker)) {
        return false;
    }
    if (peek(checker) == '.') {
        checker->next++;
        if (!skip_digits(checker))
            return false;
    }
    if (peek(checker) == 'e' || peek(checker) == 'E') {
        checker->next++;
        if (peek(checker) == '+' || peek(checker) == '-')
            checker->next++;
        return skip_digits(checker);
    }
    return true;
}

static bool word(checker_t *checker, const char *expected)
{
    size_t length = strlen(expected);

    if ((size_t)(checker->end - checker->next) < length ||
        memcmp(checker->next, expected, length) != 0)
        return fails(checker, "a value was expected");
    checker->next += length;
    return true;
}

static bool scalar(checker_t *checker)
{
    switch (peek(checker)) {
    case '"':
        return string(checker);
    case 't':
        return word(checker, "true");
    case 'f':
        return word(checker, "false");
    case 'n':
        return word(checker, "null");
    default:
        if (peek(checker) != '-' && !dlcore_is_digit(peek(checker)))
            return fails(checker, "a value was expected");
        return check_digits(checker);
    }
}

/* A member's name and its colon. */
static bool member_name(checker_t *checker)
{
    skip_space(checker);
    if (peek(checker) != '"')
        return fails(checker, "a member's name was expected");
    if (!string(checker))
        return false;
    skip_space(checker);
    if (peek(checker) != ':')
        return fails(checker, "a colon was expected");
    checker->next++;
    return true;
}

/* What is open: '{' or '[' for each. */
typedef struct nest {
    char kinds[DLCORE_JSON_DEPTH_MAX];
    size_t depth;
} nest_t;

/* A scalar, or the beginning of something larger: then *inside, at the first value in it. An empty
 * one leaves its closing bracket to be read. */
static bool begin_value(checker_t *checker, nest_t *nest, bool *inside)
{
    char c;

    *inside = false;
    skip_space(checker);
    c = peek(checker);
    if (c != '{' && c != '[')
        return scalar(checker);
    if (nest->depth == DLCORE_JSON_DEPTH_MAX)
        return fails(checker, "values are nested too deeply");
    nest->kinds[nest->depth++] = c;
    checker->next++;
    skip_space(checker);
    *inside = peek(checker) != (c == '{' ? '}' : ']');
    return !*inside || c == '[' || member_name(checker);
}

/* After a value: closes what ends here, up to a comma and what it leads to, or the very end. */
static bool end_value(checker_t *checker, nest_t *nest)
{
    while (nest->depth > 0) {
        bool object = nest->kinds[nest->depth - 1] == '{';
        char c;

        skip_space(checker);
        c = peek(checker);
        if (c != ',' && c != (object ? '}' : ']'))
            return fails(checker, "a comma or a closing bracket was expected");
        checker->next++;
        if (c == ',')
            return !object || member_name(checker);
        nest->depth--;
    }
    return true;
}

/* One value, with all that is in it. */
static bool whole_value(checker_t *checker)
{
    nest_t nest = {.depth = 0};
    bool inside;

    do {
        if (!begin_value(checker, &nest, &inside))
            return false;
        if (!inside && !end_value(checker, &nest))
            return false;
    } while (nest.depth > 0);
    return true;
}

bool dlcore_json_check(const char *text, size_t size, dlcore_json_t *value,
                       dlcore_json_problem_t *problem)
{
    checker_t checker = {.begin = text, .next = text, .end = text + size};

    *value = (dlcore_json_t){0};
    skip_space(&checker);
    value->begin = checker.next;
    if (whole_value(&checker)) {
        value->end = checker.next;
        skip_space(&checker);
        if (checker.next == checker.end) {
            value->kind = dlcore_json_kind_of(*value->begin);
            return true;
        }
        checker.what = "something follows after the end";
    }
    *value = (dlcore_json_t){0};
    *problem = (dlcore_json_problem_t){.at = (size_t)(checker.next - text), .what = checker.what};
    return false;
}
