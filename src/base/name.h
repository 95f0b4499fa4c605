/* Names as users write them: compared without regard to ASCII case, underscores or the host's
 * locale.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_BASE_NAME_H
#define DLCORE_BASE_NAME_H

#include "system/compiler.h"

#include <stdbool.h>
#include <stddef.h>

static inline char dlcore_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Past underscores, which do not count: Keras's "mean_squared_error" is its "MeanSquaredError". */
static inline const char *dlcore_name_next(const char *name)
{
    while (*name == '_')
        name++;
    return name;
}

/* Whether `name` (may be NULL) is `wanted`. */
static inline bool dlcore_name_is(const char *name, const char *wanted)
{
    if (name == NULL)
        return false;
    name = dlcore_name_next(name);
    wanted = dlcore_name_next(wanted);
    while (*name != '\0' && dlcore_lower(*name) == dlcore_lower(*wanted)) {
        name = dlcore_name_next(name + 1);
        wanted = dlcore_name_next(wanted + 1);
    }
    return *name == '\0' && *wanted == '\0';
}

/* Whether it begins with `prefix`; here underscores count. */
static inline bool dlcore_name_begins(const char *name, const char *prefix)
{
    for (; *prefix != '\0'; name++, prefix++) {
        if (dlcore_lower(*name) != dlcore_lower(*prefix))
            return false;
    }
    return true;
}

#endif
