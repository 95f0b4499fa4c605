/* Characters of ASCII, whatever the host's locale says.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_BASE_ASCII_H
#define DLCORE_BASE_ASCII_H

#include "system/compiler.h"

#include <stdbool.h>

static inline bool dlcore_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline bool dlcore_is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

#endif
