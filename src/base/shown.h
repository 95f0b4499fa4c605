/* Foreign text in messages: short, and with nothing that would move a terminal's cursor.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_BASE_SHOWN_H
#define DLCORE_BASE_SHOWN_H

#include "system/compiler.h"

#include <stdbool.h>
#include <stddef.h>

DLCORE_HIDDEN_BEGIN

#define DLCORE_SHOWN_MAX 30 /* bytes of a text that are shown */
#define DLCORE_SHOWN_SIZE (DLCORE_SHOWN_MAX + 4)
#define DLCORE_SHOWN_LONG 80 /* of a name in a list */
#define DLCORE_SHOWN_NAMES_SIZE 104
#define DLCORE_SHOWN_PATH_SIZE 120 /* leaves room for a message */

/* A copy for a message, which is also the answer: a long text is cut, at a character of UTF-8, and
 * ends in "...". A tab is shown as \t, another control character as a question mark. */
const char *dlcore_show(char to[DLCORE_SHOWN_SIZE], const char *text, size_t length);

/* The same into `size` bytes, the end of the string included: 8 or more. */
const char *dlcore_show_in(char *to, size_t size, const char *text, size_t length);

/* A path for a message, which is also the answer: of a long one the end, after "...". `size` as
 * above. */
const char *dlcore_show_path(char *to, size_t size, const char *path);

/* "a", "b", "c": as many names as there is room for; where some were left out, ", ..." ends it. */
typedef struct dlcore_shown_names {
    char text[DLCORE_SHOWN_NAMES_SIZE];
    size_t used;
    bool cut;           /* no more are taken */
} dlcore_shown_names_t; /* begins as all 0 */

void dlcore_shown_add(dlcore_shown_names_t *names, const char *name);

DLCORE_HIDDEN_END

#endif
