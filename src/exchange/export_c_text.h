/* The text of a C file on its way out, with the caller's prefix put in.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_EXCHANGE_EXPORT_C_TEXT_H
#define DLCORE_EXCHANGE_EXPORT_C_TEXT_H

#include "system/compiler.h"

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "dlcore/export.h"

DLCORE_HIDDEN_BEGIN

/* Takes the next bytes; an error, also in `error` (may be NULL), ends the writing. */
typedef dlcore_status dlcore_export_write_t(void *to, const void *bytes, size_t size,
                                            dlcore_error_record_t *error);

typedef struct dlcore_export_text {
    dlcore_export_write_t *write;
    void *to;
    const char *prefix;
    char capitals[DLCORE_EXPORT_PREFIX_MAX + 1]; /* of the prefix */
    size_t written;                              /* bytes handed to `write` */
    size_t used;
    char buffer[2048];
    dlcore_status status; /* the first error of `write`; nothing is written after it */
    dlcore_error_record_t *error;
} dlcore_export_text_t;

/* `prefix` is one that dlcore_export_check_prefix took. */
void dlcore_export_text_begin(dlcore_export_text_t *text, const char *prefix,
                              dlcore_export_write_t *write, void *to, dlcore_error_record_t *error);
/* Hands the rest on, and answers how all of it went. */
dlcore_status dlcore_export_text_end(dlcore_export_text_t *text);

/* Text in which "@" stands for the prefix and "$" for its capitals. */
void dlcore_export_puts(dlcore_export_text_t *text, const char *what);
/* The same, made as printf does, of at most 500 bytes. No floating-point numbers: they would follow
 * the locale. */
void dlcore_export_put(dlcore_export_text_t *text, const char *format, ...) DLCORE_PRINTF(2, 3);

/* A float with 9 digits, "1.50000000e-01f" shortened where its digits end in zeros. It has to be
 * finite; what is below FLT_MIN is 0. */
void dlcore_export_put_float(dlcore_export_text_t *text, double value);
/* "static const float <prefix>_<name>[count] = {...};", in flash; with `index`, name and number. */
void dlcore_export_put_floats(dlcore_export_text_t *text, const char *name, size_t index,
                              size_t count, double (*number)(const void *from, size_t i),
                              const void *from);

/* The same of whole numbers of that type: "int8_t". */
void dlcore_export_put_wholes(dlcore_export_text_t *text, const char *type, const char *name,
                              size_t index, size_t count,
                              long (*number)(const void *from, size_t i), const void *from);

/* DLCORE_ERROR_ARGUMENT for a prefix that names cannot begin with. */
dlcore_status dlcore_export_check_prefix(const char *prefix, dlcore_error_record_t *error);

DLCORE_HIDDEN_END

#endif
