/* Texts of errors on POSIX.
 *
 * SPDX-License-Identifier: MIT */
#include "system/features.h"

#include "system/error_text.h"

#include <stdio.h>
#include <string.h>

/* strerror_r comes in two kinds: POSIX's fills the text and answers 0, GNU's answers a text, which
 * need not be the one that it was given. */
static void take_code(int result, int number, char *text, size_t size)
{
    if (result != 0)
        snprintf(text, size, "errno %d", number);
}

static void take_text(const char *result, int number, char *text, size_t size)
{
    (void)number;
    if (result != text)
        snprintf(text, size, "%s", result);
}

void dlcore_error_text(int number, char *text, size_t size)
{
    /* Only one of them is ever called. */
    (void)take_code;
    (void)take_text;
    _Generic(strerror_r(number, text, size), int
             : take_code, default
             : take_text)(strerror_r(number, text, size), number, text, size);
}
