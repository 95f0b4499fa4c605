/* A schema as JSON: what a model's file keeps of it.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TABLE_SCHEMA_JSON_H
#define DLCORE_TABLE_SCHEMA_JSON_H

#include "system/compiler.h"

#include "table/schema.h"

DLCORE_HIDDEN_BEGIN

#define DLCORE_SCHEMA_VERSION "1"

/* Writes it, with the end of a string; answers the bytes that are needed, whether they fit or not.
 */
size_t dlcore_schema_put(const dlcore_schema_t *schema, char *to, size_t room);

/* Reads one, which may be hostile: memory stays within some ten times the text. DLCORE_ERROR_FORMAT
 * for what is no schema, DLCORE_ERROR_UNSUPPORTED for another version and for members that are not
 * known here, each by name; DLCORE_ERROR_MEMORY. */
dlcore_status dlcore_schema_read(const char *text, const dlcore_allocator_t *allocator,
                                 dlcore_schema_t **out, dlcore_error_record_t *error);

/* Words for settings: that of 0 is "", which no file has. */
extern const char *const dlcore_schema_fill_words[5];
extern const char *const dlcore_schema_scale_words[4];
extern const char *const dlcore_schema_encode_words[3];
extern const char *const dlcore_schema_form_words[4];
extern const char *const dlcore_schema_kind_words[4];

DLCORE_HIDDEN_END

#endif
