/* Names as users write them: compared without regard to ASCII case or the host's locale.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_BASE_NAME_H
#define DLCORE_BASE_NAME_H

#include <stdbool.h>
#include <stddef.h>

static inline char dlcore_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Whether `name` (may be NULL) is `wanted`. */
static inline bool dlcore_name_is(const char *name, const char *wanted)
{
    if (name == NULL)
        return false;
    for (; *name != '\0' && dlcore_lower(*name) == dlcore_lower(*wanted); name++)
        wanted++;
    return *name == '\0' && *wanted == '\0';
}

#endif
