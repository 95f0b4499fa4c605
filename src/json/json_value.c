/* Strings and numbers of checked JSON.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "json/json.h"

#define NUMBER_LENGTH_MAX 300
#define JSON_EXPONENT_MAX 100000

/* ---- strings, character by character ---- */

static unsigned hexadecimal_value(const char *at)
{
    unsigned unit = 0;

    for (int i = 0; i < 4; i++) {
        unsigned c = (unsigned char)at[i];
        unit = unit << 4 | (c <= '9' ? c - (unsigned)'0' : (c | 0x20u) - 'a' + 10u);
    }
    return unit;
}

static size_t encode_utf8(unsigned code, unsigned char bytes[4])
{
    if (code < 0x80) {
        bytes[0] = (unsigned char)code;
        return 1;
    }
    if (code < 0x800) {
        bytes[0] = (unsigned char)(0xC0 | code >> 6);
        bytes[1] = (unsigned char)(0x80 | (code & 0x3F));
        return 2;
    }
    if (code < 0x10000) {
        bytes[0] = (unsigned char)(0xE0 | code >> 12);
        bytes[1] = (unsigned char)(0x80 | (code >> 6 & 0x3F));
        bytes[2] = (unsigned char)(0x80 | (code & 0x3F));
        return 3;
    }
    bytes[0] = (unsigned char)(0xF0 | code >> 18);
    bytes[1] = (unsigned char)(0x80 | (code >> 12 & 0x3F));
    bytes[2] = (unsigned char)(0x80 | (code >> 6 & 0x3F));
    bytes[3] = (unsigned char)(0x80 | (code & 0x3F));
    return 4;
}

/* The bytes of the character at *next, which moves on; 0 at the closing quote. */
static size_t character(const char **next, unsigned char bytes[4])
{
    static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    const char *at = *next;
    unsigned char c = (unsigned char)*at;
    size_t length = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : c >= 0xC0 ? 2 : 1;
    unsigned code;

    if (c == '"')
        return 0;
    if (c != '\\') {
        memcpy(bytes, at, length);
        *next = at + length;
        return length;
    }
    if (at[1] != 'u') {
        bytes[0] = at[1] == '"' ? (unsigned char)'"' /* of JSON in JSON, the most frequent */
                                : (unsigned char)meanings[strchr(letters, at[1]) - letters];
        *next = at + 2;
        return 1;
    }
    code = hexadecimal_value(at + 2);
    *next = at + 6;
    if (code >= 0xD800 && code <= 0xDFFF) {
        code = 0x10000 + ((code - 0xD800) << 10) + (hexadecimal_value(at + 8) - 0xDC00);
        *next = at + 12;
    }
    return encode_utf8(code, bytes);
}

size_t dlcore_json_string(const dlcore_json_t *value, char *to, size_t room)
{
    const char *next;
    size_t length = 0, used = 0, count;
    unsigned char bytes[4];

    if (room > 0)
        to[0] = '\0';
    if (value->kind != DLCORE_JSON_STRING)
        return 0;
    next = value->begin + 1;
    while ((count = character(&next, bytes)) > 0) {
        if (used == length && length + count < room) { /* nothing was cut so far */
            memcpy(to + used, bytes, count);
            used += count;
            to[used] = '\0';
        }
        length += count;
    }
    return length;
}

bool dlcore_json_is(const dlcore_json_t *value, const char *text)
{
    const char *next;
    size_t count, left = strlen(text);
    unsigned char bytes[4];

    if (value->kind != DLCORE_JSON_STRING)
        return false;
    next = value->begin + 1;
    while ((count = character(&next, bytes)) > 0) {
        if (count > left || memcmp(text, bytes, count) != 0)
            return false;
        text += count;
        left -= count;
    }
    return left == 0;
}

/* The order of UTF-8 bytes is the order of characters, so comparing one by one will do. */
int dlcore_json_compare(const dlcore_json_t *a, const dlcore_json_t *b)
{
    const char *x = a->begin + 1, *y = b->begin + 1;

    while (*x == *y && *x != '"' && *x != '\\' && (unsigned char)*x < 0x80) {
        x++;
        y++;
    }
    for (;;) {
        unsigned char from_a[4] = {0}, from_b[4] = {0};
        size_t length = character(&x, from_a), other = character(&y, from_b);
        int order;

        if (length == 0 || other == 0)
            return (length != 0) - (other != 0);
        order = memcmp(from_a, from_b, 4);
        if (order != 0)
            return order;
    }
}

/* ---- numbers ---- */

bool dlcore_json_uint64(const dlcore_json_t *value, uint64_t *number)
{
    uint64_t sum = 0;

    if (value->kind != DLCORE_JSON_NUMBER)
        return false;
    for (const char *next = value->begin; next < value->end; next++) {
        uint64_t digit;

        if (!dlcore_is_digit(*next))
            return false;
        digit = (uint64_t)(*next - '0');
        if (sum > (UINT64_MAX - digit) / 10)
            return false;
        sum = sum * 10 + digit;
    }
    *number = sum;
    return true;
}

bool dlcore_json_size(const dlcore_json_t *value, size_t *number)
{
    uint64_t wide;

    if (!dlcore_json_uint64(value, &wide) || wide > SIZE_MAX)
        return false;
    *number = (size_t)wide;
    return true;
}

/* Of a checked number; what is larger than EXPONENT_MAX makes 0 or infinity all the same. Not by
 * strtol: nothing need end the text behind the number. */
static long exponent_of(const char *next, const char *end)
{
    bool negative = *next == '-';
    long exponent = 0;

    for (next += *next == '-' || *next == '+'; next < end; next++) {
        if (exponent < JSON_EXPONENT_MAX)
            exponent = exponent * 10 + (*next - '0');
    }
    return negative ? -exponent : exponent;
}

/* strtod expects the locale's decimal point. 12.5e3 is written as 125e2, which has none. */
bool dlcore_json_double(const dlcore_json_t *value, double *number)
{
    char text[NUMBER_LENGTH_MAX + 32];
    size_t length = 0;
    long exponent = 0, decimals = 0;
    const char *next = value->begin;
    bool fraction = false;
    char *end;

    if (value->kind != DLCORE_JSON_NUMBER || value->end - value->begin > NUMBER_LENGTH_MAX)
        return false;
    for (; next < value->end && *next != 'e' && *next != 'E'; next++) {
        if (*next == '.') {
            fraction = true;
        } else {
            text[length++] = *next;
            decimals += fraction;
        }
    }
    text[length] = '\0';
    if (next < value->end)
        exponent = exponent_of(next + 1, value->end);
    snprintf(text + length, sizeof text - length, "e%ld", exponent - decimals);
    *number = strtod(text, &end);
    return *end == '\0' && isfinite(*number);
}
