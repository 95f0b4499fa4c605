/* printf of small C libraries: newlib as it is often built knows nothing of %zu and %jd, and takes
 * what follows for other arguments. There the library's calls go through a translation.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_SYSTEM_PRINTF_NONE_H
#define DLCORE_SYSTEM_PRINTF_NONE_H

#include "system/compiler.h"

#include <stdarg.h>
#include <stdio.h>

#if defined(__NEWLIB__) && !defined(_WANT_IO_C99_FORMATS)

DLCORE_HIDDEN_BEGIN

int dlcore_vsnprintf(char *to, size_t size, const char *format, va_list arguments);
int dlcore_snprintf(char *to, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int dlcore_fprintf(FILE *stream, const char *format, ...) __attribute__((format(printf, 2, 3)));

DLCORE_HIDDEN_END

#    define vsnprintf dlcore_vsnprintf
#    define snprintf dlcore_snprintf
#    define fprintf dlcore_fprintf

#endif

#endif
