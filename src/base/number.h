/* Numbers as text, with a point whatever the host's locale says.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_BASE_NUMBER_H
#define DLCORE_BASE_NUMBER_H

#include "system/compiler.h"

#include <stddef.h>

DLCORE_HIDDEN_BEGIN

#define DLCORE_NUMBER_SIZE 64

/* `value` with that many decimals, in fixed notation or, with `exponent`, as 1.5e-03. Cut to
 * DLCORE_NUMBER_SIZE bytes; "nan", "inf" and "-inf" as such. Answers `text`. */
const char *dlcore_number(char text[DLCORE_NUMBER_SIZE], double value, int decimals, int exponent);

DLCORE_HIDDEN_END

#endif
