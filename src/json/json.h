/* JSON (RFC 8259) for headers of files: a strict reader without allocation, over bytes.
 *
 * dlcore_json_check reads a whole text once. Only what it has found right may then be looked at: a
 * value is a range of the checked text, and the functions below step through ranges, so that no
 * tree is ever built. Looking for a member reads the object it is in; for large objects, step.
 *
 * Strict means: no comments, no trailing commas, no leading zeros, strings of valid UTF-8 without
 * bare control characters and with valid escapes (a lone surrogate is none), and at most
 * DLCORE_JSON_DEPTH_MAX values within each other.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_JSON_JSON_H
#define DLCORE_JSON_JSON_H

#include "system/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

DLCORE_HIDDEN_BEGIN

#define DLCORE_JSON_DEPTH_MAX 32

typedef enum dlcore_json_kind {
    DLCORE_JSON_NONE = 0, /* no value: an absent member */
    DLCORE_JSON_NULL,
    DLCORE_JSON_FALSE,
    DLCORE_JSON_TRUE,
    DLCORE_JSON_NUMBER,
    DLCORE_JSON_STRING,
    DLCORE_JSON_ARRAY,
    DLCORE_JSON_OBJECT
} dlcore_json_kind_t;

/* A value as it stands in the text: a string with its quotes, an object with its braces. */
typedef struct dlcore_json {
    dlcore_json_kind_t kind;
    const char *begin, *end;
} dlcore_json_t;

/* Where and why a text is not JSON. */
typedef struct dlcore_json_problem {
    size_t at;        /* byte of the text */
    const char *what; /* static text: "a string has no end" */
} dlcore_json_problem_t;

/* Reads a whole text: one value, with white space around it. False: *problem says why not. */
bool dlcore_json_check(const char *text, size_t size, dlcore_json_t *value,
                       dlcore_json_problem_t *problem);

/* What a checked value is, by the byte that it begins with. */
static inline dlcore_json_kind_t dlcore_json_kind_of(char first)
{
    switch (first) {
    case '{':
        return DLCORE_JSON_OBJECT;
    case '[':
        return DLCORE_JSON_ARRAY;
    case '"':
        return DLCORE_JSON_STRING;
    case 't':
        return DLCORE_JSON_TRUE;
    case 'f':
        return DLCORE_JSON_FALSE;
    case 'n':
        return DLCORE_JSON_NULL;
    default:
        return DLCORE_JSON_NUMBER;
    }
}

static inline bool dlcore_json_is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* ---- stepping: over checked text only ---- */

typedef struct dlcore_json_steps {
    const char *next, *end;
} dlcore_json_steps_t;

/* Steps over the elements of an array or the members of an object; over anything else, over
 * nothing. */
dlcore_json_steps_t dlcore_json_steps(const dlcore_json_t *value);
/* The next element, or member with its name (`name` NULL for an array); false at the end. */
bool dlcore_json_step(dlcore_json_steps_t *steps, dlcore_json_t *name, dlcore_json_t *value);

/* The value that begins there, of a text that ends at `end`. */
dlcore_json_t dlcore_json_at(const char *begin, const char *end);

/* The member of that name (ASCII); kind DLCORE_JSON_NONE where there is none, and where `object` is
 * no object. False when the name stands there twice. */
bool dlcore_json_member(const dlcore_json_t *object, const char *name, dlcore_json_t *value);

/* ---- values ---- */

/* Decodes a string into `to`, terminated, or cut at a whole character where it does not fit.
 * Answers its full length in bytes, without terminator; `to` may be NULL with room 0. For what is
 * no string 0, and "". Strings may contain zero bytes. */
size_t dlcore_json_string(const dlcore_json_t *value, char *to, size_t room);
/* Whether it is a string and its decoded bytes are these. */
bool dlcore_json_is(const dlcore_json_t *value, const char *text);
/* Decoded bytes compared as memcmp does, a string before those that it begins. */
int dlcore_json_compare(const dlcore_json_t *a, const dlcore_json_t *b);

/* A number without fraction or exponent that fits; else false. */
bool dlcore_json_size(const dlcore_json_t *value, size_t *number);
bool dlcore_json_uint64(const dlcore_json_t *value, uint64_t *number);
/* Any number, correctly rounded, whatever the host's locale; false for what is none, has more than
 * 300 characters, or is beyond the range of double. */
bool dlcore_json_double(const dlcore_json_t *value, double *number);

DLCORE_HIDDEN_END

#endif
