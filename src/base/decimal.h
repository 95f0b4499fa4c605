/* Numbers from text, with a point whatever the host's locale says.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_BASE_DECIMAL_H
#define DLCORE_BASE_DECIMAL_H

#include "system/compiler.h"

DLCORE_HIDDEN_BEGIN

/* Reads the longest number at `text`, which ends before `end`: a sign, digits with or without a
 * point, an exponent ("-1.5e-3", ".5", "5."; no spaces, no "inf" or "nan", no hexadecimal). *value
 * is the float nearest to it, ties to even, in any rounding mode of the host; infinity when it is
 * too large. Answers where it ended, or NULL when there is no number. */
const char *dlcore_decimal_float(const char *text, const char *end, float *value);

/* The same to the nearest double, in the host's mode of rounding, which is to be to nearest. */
const char *dlcore_decimal_double(const char *text, const char *end, double *value);

DLCORE_HIDDEN_END

#endif
