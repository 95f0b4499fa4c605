/* Numbers as text, with a point whatever the host's locale says.
 *
 * SPDX-License-Identifier: MIT */
#include "base/number.h"
#include "base/ascii.h"

#include <stdbool.h>
#include <stdio.h>

static bool belongs(char c)
{
    return dlcore_is_digit(c) || (c >= 'a' && c <= 'z') || c == '-' || c == '+';
}

const char *dlcore_number(char text[DLCORE_NUMBER_SIZE], double value, int decimals, int exponent)
{
    char *to = text;

    snprintf(text, DLCORE_NUMBER_SIZE, exponent ? "%.*e" : "%.*f", decimals, value);
    /* printf writes the locale's decimal point, of one byte or more: make it a point */
    for (const char *from = text; *from != '\0'; from++) {
        if (belongs(*from))
            *to++ = *from;
        else if (to == text || to[-1] != '.')
            *to++ = '.';
    }
    *to = '\0';
    return text;
}
