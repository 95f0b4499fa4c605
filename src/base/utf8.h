/* Bytes of UTF-8, as RFC 3629 has it: no overlong forms, no surrogates, nothing beyond U+10FFFF.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_BASE_UTF8_H
#define DLCORE_BASE_UTF8_H

#include "system/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Bytes of the character at `at`, which is before `end`; 0 where it is none. */
static inline size_t dlcore_utf8_length(const char *at, const char *end)
{
    unsigned char lead = (unsigned char)*at;
    unsigned char low = 0x80, high = 0xBF; /* bounds of the second byte */
    size_t more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;

    if (lead < 0x80)
        return 1;
    if (lead < 0xC2 || lead > 0xF4 || (size_t)(end - at) <= more)
        return 0;
    if (lead == 0xE0)
        low = 0xA0;
    if (lead == 0xED)
        high = 0x9F;
    if (lead == 0xF0)
        low = 0x90;
    if (lead == 0xF4)
        high = 0x8F;
    for (size_t i = 1; i <= more; i++, low = 0x80, high = 0xBF) {
        unsigned char byte = (unsigned char)at[i];

        if (byte < low || byte > high)
            return 0;
    }
    return more + 1;
}

/* Whether a text is UTF-8; unlike a name, it may have lines. */
static inline bool dlcore_utf8_is_text(const char *text)
{
    const char *end = text + strlen(text);

    for (size_t length; text < end; text += length) {
        length = dlcore_utf8_length(text, end);
        if (length == 0)
            return false;
    }
    return true;
}

/* What is wrong with a name, to be written to files: "is not UTF-8"; NULL: nothing. */
static inline const char *dlcore_utf8_problem(const char *name)
{
    const char *end = name + strlen(name);

    for (size_t length; name < end; name += length) {
        length = dlcore_utf8_length(name, end);
        if (length == 0)
            return "is not UTF-8";
        if ((unsigned char)*name < 0x20 || *name == 0x7F)
            return "has a control character";
    }
    return NULL;
}

#endif
