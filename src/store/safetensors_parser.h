/* Checking the header of a safetensors file: what its parts share.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_STORE_SAFETENSORS_PARSER_H
#define DLCORE_STORE_SAFETENSORS_PARSER_H

#include "system/compiler.h"

#include "store/safetensors_entries.h"

DLCORE_HIDDEN_BEGIN

/* What parsing carries along. */
typedef struct dlcore_safetensors_parser {
    dlcore_safetensors_t *file;
    const char *name; /* of the file */
    dlcore_error_record_t *error;
} dlcore_safetensors_parser_t;

/* An error about the tensor of that name. */
dlcore_status dlcore_safetensors_refuse(const dlcore_safetensors_parser_t *parser,
                                        const dlcore_json_t *name, const char *what);

/* What the header says of one tensor: dtype, rank and place, which fit each other. */
dlcore_status dlcore_safetensors_parse_entry(const dlcore_safetensors_parser_t *parser,
                                             const dlcore_json_t *name, const dlcore_json_t *value,
                                             dlcore_safetensors_entry_t *entry);

DLCORE_HIDDEN_END

#endif
