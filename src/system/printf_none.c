/* Formats in the words of a C library of 1990 with long long. See printf_none.h.
 *
 * SPDX-License-Identifier: MIT */
#include "system/features.h"

#include "system/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(vsnprintf)
/* until the end of this file the C library's own */
#    pragma push_macro("vsnprintf")
#    pragma push_macro("snprintf")
#    pragma push_macro("fprintf")
#    undef vsnprintf
#    undef snprintf
#    undef fprintf

enum { FORMAT_ROOM = 768 }; /* the longest message has 400 */

/* The length of a type of that size. */
static const char *c_length_of(size_t size)
{
    return size == sizeof(int) ? "" : size == sizeof(long) ? "l" : "ll";
}

/* "%5zu" becomes "%5u", "%jd" "%lld"; cut where there is no room. */
static const char *translated(const char *format, char *to)
{
    size_t used = 0;
    bool inside = false;

    for (; *format != '\0' && used + 3 < FORMAT_ROOM; format++) {
        if (inside && strchr("zjt", *format) != NULL) {
            const char *length = c_length_of(*format == 'j' ? sizeof(intmax_t) : sizeof(size_t));

            memcpy(to + used, length, strlen(length));
            used += strlen(length);
            continue;
        }
        if (*format == '%')
            inside = !inside;
        else if (inside && strchr("0123456789.*+-# hl", *format) == NULL)
            inside = false; /* the conversion */
        to[used++] = *format;
    }
    to[used] = '\0';
    return to;
}

int dlcore_vsnprintf(char *to, size_t size, const char *format, va_list arguments)
{
    char text[FORMAT_ROOM];

    return vsnprintf(to, size, translated(format, text), arguments);
}

int dlcore_snprintf(char *to, size_t size, const char *format, ...)
{
    va_list arguments;
    int result;

    va_start(arguments, format);
    result = dlcore_vsnprintf(to, size, format, arguments);
    va_end(arguments);
    return result;
}

int dlcore_fprintf(FILE *stream, const char *format, ...)
{
    char text[FORMAT_ROOM];
    va_list arguments;
    int result;

    va_start(arguments, format);
    result = vfprintf(stream, translated(format, text), arguments);
    va_end(arguments);
    return result;
}

#    pragma pop_macro("vsnprintf")
#    pragma pop_macro("snprintf")
#    pragma pop_macro("fprintf")

#else
typedef int dlcore_printf_is_whole; /* a source has something in it */
#endif
