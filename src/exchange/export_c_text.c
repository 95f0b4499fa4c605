/* The text of a C file on its way out, with the caller's prefix put in.
 *
 * SPDX-License-Identifier: MIT */
#include "exchange/export_c_text.h"

#include <float.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"

void dlcore_export_text_begin(dlcore_export_text_t *text, const char *prefix,
                              dlcore_export_write_t *write, void *to, dlcore_error_record_t *error)
{
    size_t length = strlen(prefix);

    text->write = write;
    text->to = to;
    text->prefix = prefix;
    for (size_t i = 0; i <= length; i++) {
        bool small = prefix[i] >= 'a' && prefix[i] <= 'z';

        text->capitals[i] = small ? (char)(prefix[i] - 'a' + 'A') : prefix[i];
    }
    text->written = text->used = 0;
    text->status = DLCORE_OK;
    text->error = error;
}

static void hand_on(dlcore_export_text_t *text)
{
    if (text->status == DLCORE_OK && text->used > 0)
        text->status = text->write(text->to, text->buffer, text->used, text->error);
    text->written += text->used;
    text->used = 0;
}

dlcore_status dlcore_export_text_end(dlcore_export_text_t *text)
{
    hand_on(text);
    return text->status;
}

static void hold_bytes(dlcore_export_text_t *text, const char *from, size_t size)
{
    if (text->used + size > sizeof text->buffer)
        hand_on(text);
    memcpy(text->buffer + text->used, from, size);
    text->used += size;
}

void dlcore_export_puts(dlcore_export_text_t *text, const char *what)
{
    for (; *what != '\0'; what++) {
        if (*what == '@')
            hold_bytes(text, text->prefix, strlen(text->prefix));
        else if (*what == '$')
            hold_bytes(text, text->capitals, strlen(text->capitals));
        else
            hold_bytes(text, what, 1);
    }
}

void dlcore_export_put(dlcore_export_text_t *text, const char *format, ...)
{
    char line[500];
    va_list list;

    va_start(list, format);
    vsnprintf(line, sizeof line, format, list);
    va_end(list);
    dlcore_export_puts(text, line);
}

/* ---- numbers ---- */

void dlcore_export_put_float(dlcore_export_text_t *text, double value)
{
    float number = fabs(value) < (double)FLT_MIN ? 0.0f : (float)value;
    char digits[DLCORE_NUMBER_SIZE], *exponent, *end;

    (void)dlcore_number(digits, (double)number, 8, 1);
    exponent = strchr(digits, 'e');
    if (exponent == NULL) /* which a finite number has */
        return;
    for (end = exponent; end[-1] == '0' && end[-2] != '.'; end--) {
    }
    hold_bytes(text, digits, (size_t)(end - digits));
    if (strcmp(exponent, "e+00") != 0)
        dlcore_export_puts(text, exponent);
    dlcore_export_puts(text, "f");
}

void dlcore_export_put_floats(dlcore_export_text_t *text, const char *name, size_t index,
                              size_t count, double (*number)(const void *from, size_t i),
                              const void *from)
{
    enum { A_LINE = 6 };

    dlcore_export_put(text, "static const float @_%s%zu[%zu] $_FLASH = {", name, index, count);
    for (size_t i = 0; i < count; i++) {
        dlcore_export_puts(text, i == 0 ? "\n    " : i % A_LINE == 0 ? ",\n    " : ", ");
        dlcore_export_put_float(text, number(from, i));
    }
    dlcore_export_puts(text, "\n};\n");
}

void dlcore_export_put_wholes(dlcore_export_text_t *text, const char *type, const char *name,
                              size_t index, size_t count,
                              long (*number)(const void *from, size_t i), const void *from)
{
    enum { A_LINE = 16 };

    dlcore_export_put(text, "static const %s @_%s%zu[%zu] $_FLASH = {", type, name, index, count);
    for (size_t i = 0; i < count; i++) {
        dlcore_export_puts(text, i == 0 ? "\n    " : i % A_LINE == 0 ? ",\n    " : ", ");
        dlcore_export_put(text, "%ld", number(from, i));
    }
    dlcore_export_puts(text, "\n};\n");
}

/* ---- the prefix ---- */

/* Of C and C++, as far as they are lower-case words. */
static const char *const c_keywords[] = {
    "alignas",
    "alignof",
    "and",
    "and_eq",
    "asm",
    "auto",
    "bitand",
    "bitor",
    "bool",
    "break",
    "case",
    "catch",
    "char",
    "char8_t",
    "char16_t",
    "char32_t",
    "class",
    "co_await",
    "co_return",
    "co_yield",
    "compl",
    "concept",
    "const",
    "const_cast",
    "consteval",
    "constexpr",
    "constinit",
    "continue",
    "decltype",
    "default",
    "delete",
    "do",
    "double",
    "dynamic_cast",
    "else",
    "enum",
    "explicit",
    "export",
    "extern",
    "false",
    "float",
    "for",
    "friend",
    "goto",
    "if",
    "inline",
    "int",
    "long",
    "mutable",
    "namespace",
    "new",
    "noexcept",
    "not",
    "not_eq",
    "nullptr",
    "operator",
    "or",
    "or_eq",
    "private",
    "protected",
    "public",
    "register",
    "reinterpret_cast",
    "requires",
    "restrict",
    "return",
    "short",
    "signed",
    "sizeof",
    "static",
    "static_assert",
    "static_cast",
    "struct",
    "switch",
    "template",
    "this",
    "thread_local",
    "throw",
    "true",
    "try",
    "typedef",
    "typeid",
    "typename",
    "typeof",
    "typeof_unqual",
    "union",
    "unsigned",
    "using",
    "virtual",
    "void",
    "volatile",
    "wchar_t",
    "while",
    "xor",
    "xor_eq",
};

static bool is_identifier(const char *name)
{
    for (const char *c = name; *c != '\0'; c++) {
        bool letter = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z');

        if (!letter && (c == name || !((*c >= '0' && *c <= '9') || *c == '_')))
            return false;
    }
    return name[0] != '\0';
}

dlcore_status dlcore_export_check_prefix(const char *prefix, dlcore_error_record_t *error)
{
    if (prefix == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "export: the prefix is NULL");
    if (strlen(prefix) > DLCORE_EXPORT_PREFIX_MAX)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "export: the prefix \"%.20s...\" has %zu bytes, at most %d fit", prefix,
                           strlen(prefix), DLCORE_EXPORT_PREFIX_MAX);
    if (!is_identifier(prefix))
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "export: the prefix \"%s\" is no C identifier that begins with a letter",
                           prefix);
    for (size_t i = 0; i < sizeof c_keywords / sizeof c_keywords[0]; i++) {
        if (strcmp(prefix, c_keywords[i]) == 0)
            return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                               "export: the prefix \"%s\" is a keyword of C or C++", prefix);
    }
    return DLCORE_OK;
}
